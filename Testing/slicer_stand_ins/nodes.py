"""Inspection of nodes in the scene."""

from pathlib import Path


def segment_image(node, segment_id):
    """Return the affine and the extent of a segment's own image, without resampling."""
    import slicer
    import vtk

    image = slicer.vtkOrientedImageData()
    assert node.GetBinaryLabelmapRepresentation(segment_id, image)
    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    return slicer.util.arrayFromVTKMatrix(matrix), image.GetExtent()


def reference_geometry(node):
    """Return the affine and the dimensions of a segmentation's reference geometry."""
    import slicer
    import vtk

    converter, image, matrix = slicer.vtkSegmentationConverter, slicer.vtkOrientedImageData(), vtk.vtkMatrix4x4()
    text = node.GetSegmentation().GetConversionParameter(converter.GetReferenceImageGeometryParameterName())
    assert converter.DeserializeImageGeometry(text, image, False)
    image.GetImageToWorldMatrix(matrix)
    return slicer.util.arrayFromVTKMatrix(matrix), image.GetDimensions()


def terminology(segment):
    """Return the meanings of a segment's category and type."""
    import slicer
    import vtk

    text, entry = vtk.reference(""), slicer.vtkSlicerTerminologyEntry()
    assert segment.GetTag(slicer.vtkSegment.GetTerminologyEntryTagName(), text)
    assert slicer.vtkSlicerTerminologiesModuleLogic().DeserializeTerminologyEntry(str(text), entry)
    return entry.GetCategoryObject().GetCodeMeaning(), entry.GetTypeObject().GetCodeMeaning()


def nodes(scene):
    """Return class and name of every node in the scene, sorted."""
    return sorted((n.GetClassName(), n.GetName()) for n in map(scene.GetNthNode, range(scene.GetNumberOfNodes())))


def leftovers():
    """Return the files in Slicer's temporary folder."""
    import slicer

    return list(Path(slicer.app.temporaryPath).iterdir())
