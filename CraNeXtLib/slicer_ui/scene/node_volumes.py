"""Conversion between nodes in the scene and ``Volume``."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.slicer_ui.translation import _


def mask_of(node: Any, segment_id: str | None = None) -> Volume:
    """Return the skull or implant in a node as a Boolean mask, in the node's own coordinates (without its transform).

    Args:
        node: A segmentation, of which one segment is taken in the reference geometry; or a mask, loaded as a labelmap
            or as an image.
        segment_id: ID of the segment; not needed if there is only one.

    Raises:
        InputError: If the node is of another kind, is empty, or holds several masks.
    """
    if node is None:
        raise InputError(_("Choose a segmentation or a labelmap volume."))
    if node.IsA("vtkMRMLSegmentationNode"):
        labels = segment_volume(node, segment_id or _only_segment(node))
    elif node.IsA("vtkMRMLScalarVolumeNode") and not is_ct(node):
        labels = labelmap_volume(node)
        if ((labels.voxels != 0) & (labels.voxels != labels.voxels.max())).any():
            raise InputError(
                _("{name} holds several labels. Convert it to a segmentation and choose a segment.").format(
                    name=node.GetName()
                )
            )
    else:
        raise InputError(
            _("{name} is neither a segmentation nor a mask. Segment its bone first.").format(name=node.GetName())
        )
    mask = labels.with_voxels(labels.voxels != 0)
    if not mask.voxels.any():
        raise InputError(_("{name} is empty. Choose another node.").format(name=node.GetName()))
    return mask


def chosen_segment(node: Any, segment_id: str | None, default: str | None) -> str | None:
    """Return the ID of the chosen segment; if none was chosen, the default one, provided that the node has it."""
    if segment_id or not default or not node.IsA("vtkMRMLSegmentationNode"):
        return segment_id
    return default if node.GetSegmentation().GetSegment(default) else segment_id


def labelmap_volume(node: Any) -> Volume:
    """Return the voxels of a labelmap volume node.

    Raises:
        InputError: If it holds no image.
    """
    image = node.GetImageData()
    if image is None or image.GetPointData().GetScalars() is None:
        raise InputError(_("{name} is empty. Choose another node.").format(name=node.GetName()))
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return _volume(image, matrix)


def segment_volume(node: Any, segment_id: str) -> Volume:
    """Return a segment as a mask in the reference geometry of its segmentation, or in its own if there is none.

    Raises:
        InputError: If there is no such segment, or it is empty.
    """
    segment = node.GetSegmentation().GetSegment(segment_id)
    if segment is None:
        raise InputError(
            _("{node} has no segment '{segment}'. Choose another segment.").format(
                node=node.GetName(), segment=segment_id
            )
        )
    image, converter = slicer.vtkOrientedImageData(), slicer.vtkSegmentationConverter
    if segment.GetRepresentation(converter.GetBinaryLabelmapRepresentationName()) is not None:
        # The logic's function would also return the other segments that share the image.
        found = node.GetBinaryLabelmapRepresentation(segment_id, image)
    else:
        logic = slicer.vtkSlicerSegmentationsModuleLogic
        found = logic.GetSegmentBinaryLabelmapRepresentation(node, segment_id, image, False)
    if not found or image.IsEmpty():
        raise InputError(_("Segment {name} is empty. Choose another segment.").format(name=segment.GetName()))
    geometry = node.GetSegmentation().GetConversionParameter(converter.GetReferenceImageGeometryParameterName())
    reference = slicer.vtkOrientedImageData()
    if geometry and converter.DeserializeImageGeometry(geometry, reference, False):
        resample = slicer.vtkOrientedImageDataResample.ResampleOrientedImageToReferenceOrientedImage
        resample(image, reference, image)
    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    return _volume(image, matrix)


def oriented_image(labels: Volume) -> Any:
    """Return labels (0 to 255) as a ``vtkOrientedImageData`` with the volume's geometry, cropped to the foreground."""
    box = foreground_box(labels.voxels)
    image = slicer.vtkOrientedImageData()
    image.SetExtent([edge for side in box for edge in (side.start, side.stop - 1)])
    voxels = np.ascontiguousarray(labels.voxels[box].T, dtype=np.uint8).ravel()
    image.GetPointData().SetScalars(numpy_to_vtk(voxels, deep=True))
    image.SetGeometryFromImageToWorldMatrix(matrix_of(labels.affine))
    return image


def serialized_geometry(volume: Volume) -> str:
    """Return a volume's geometry in the form in which Slicer's segmentations store it, without loss of precision."""
    extent = [edge for size in volume.shape for edge in (0, size - 1)]
    return slicer.vtkSegmentationConverter.SerializeImageGeometry(matrix_of(volume.affine), extent)


def is_ct(node: Any) -> bool:
    """Return whether a node is a volume of intensities, presumably a CT, and not a mask loaded as an image."""
    if not node.IsA("vtkMRMLScalarVolumeNode") or node.IsA("vtkMRMLLabelMapVolumeNode"):
        return False
    image = node.GetImageData()
    if image is None or image.GetPointData().GetScalars() is None:
        return False
    low, high = image.GetScalarRange()
    if low < 0:
        return True
    voxels = vtk_to_numpy(image.GetPointData().GetScalars())
    return bool(((voxels != 0) & (voxels != high)).any())


def fill_labelmap(node: Any, labels: Volume) -> None:
    """Put labels (0 to 255) into a labelmap volume node."""
    image = vtk.vtkImageData()
    image.SetDimensions(labels.shape)
    voxels = labels.voxels.astype(np.uint8, copy=False).ravel(order="F")
    image.GetPointData().SetScalars(numpy_to_vtk(voxels, deep=True))
    node.SetAndObserveImageData(image)
    node.SetIJKToRASMatrix(matrix_of(labels.affine))


def _only_segment(node: Any) -> str:
    segmentation = node.GetSegmentation()
    ids = [segmentation.GetNthSegmentID(i) for i in range(segmentation.GetNumberOfSegments())]
    if len(ids) != 1:
        names = ", ".join(segmentation.GetSegment(i).GetName() for i in ids) or _("none")
        raise InputError(
            _("Choose which segment of {name} to use. It has: {segments}.").format(name=node.GetName(), segments=names)
        )
    return ids[0]


def _volume(image: Any, image_to_ras: Any) -> Volume:
    """Return an image as a volume whose first voxel is the first one of the image's extent."""
    voxels = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions()[::-1]).T
    affine = np.array([[image_to_ras.GetElement(row, column) for column in range(4)] for row in range(4)])
    affine[:3, 3] += affine[:3, :3] @ image.GetExtent()[::2]
    return Volume(voxels.copy(order="F"), affine)


def matrix_of(affine: np.ndarray) -> Any:
    """Return an affine as a VTK matrix."""
    matrix = vtk.vtkMatrix4x4()
    matrix.DeepCopy(affine.ravel())
    return matrix
