"""Looking at what became of nodes in the scene."""

from pathlib import Path


def segment_image(node, segment_id):
    """Return the affine and the extent of a segment's own image, not resampled."""
    import slicer
    import vtk

    image = slicer.vtkOrientedImageData()
    assert node.GetBinaryLabelmapRepresentation(segment_id, image)
    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    return slicer.util.arrayFromVTKMatrix(matrix), image.GetExtent()


def reference_geometry(node):
    import slicer
    import vtk

    converter, image, matrix = slicer.vtkSegmentationConverter, slicer.vtkOrientedImageData(), vtk.vtkMatrix4x4()
    text = node.GetSegmentation().GetConversionParameter(converter.GetReferenceImageGeometryParameterName())
    assert converter.DeserializeImageGeometry(text, image, False)
    image.GetImageToWorldMatrix(matrix)
    return slicer.util.arrayFromVTKMatrix(matrix), image.GetDimensions()


def terminology(segment):
    import slicer
    import vtk

    text, entry = vtk.reference(""), slicer.vtkSlicerTerminologyEntry()
    assert segment.GetTag(slicer.vtkSegment.GetTerminologyEntryTagName(), text)
    assert slicer.vtkSlicerTerminologiesModuleLogic().DeserializeTerminologyEntry(str(text), entry)
    return entry.GetCategoryObject().GetCodeMeaning(), entry.GetTypeObject().GetCodeMeaning()


def nodes(scene):
    return sorted((n.GetClassName(), n.GetName()) for n in map(scene.GetNthNode, range(scene.GetNumberOfNodes())))


def leftovers():
    import slicer

    return list(Path(slicer.app.temporaryPath).iterdir())
