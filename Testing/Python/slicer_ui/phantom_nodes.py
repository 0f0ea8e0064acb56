"""Nodes of phantoms in the scene, and the geometries that they come in."""

import unittest

import numpy as np
import pytest
from phantoms import OBLIQUE
from repository import TESTS
from slicer_stand_ins.events import wait_until

from CraNeXtLib.geometry.surface_extraction import surface_of

FLIPPED = np.diag([-1.0, -1.0, 1.0])
LEFT_HANDED = np.diag([-1.0, 1.0, 1.0])
GEOMETRIES = {
    "upright": {"spacing": (3.0, 3.0, 3.0)},
    "oblique": {"spacing": (3.0, 3.0, 3.0), "directions": OBLIQUE},
    "flipped": {"spacing": (3.0, 3.0, 3.0), "directions": FLIPPED},
    "left-handed": {"spacing": (3.0, 3.0, 3.0), "directions": LEFT_HANDED},
    "anisotropic": {"spacing": (2.1, 2.7, 4.3), "directions": OBLIQUE @ FLIPPED},
}
# Voxel step along each array axis, negative if counted from the end, and rotation of the head.
REGION_GEOMETRIES = {
    "upright": ((3, 3, 3), np.eye(3)),
    "flipped": ((-3, -3, 3), np.eye(3)),
    "left-handed": ((-3, 3, 3), np.eye(3)),
    "oblique": ((3, 3, 3), OBLIQUE),
    "oblique, left-handed, anisotropic": ((3, -4, 2), OBLIQUE),
}
SEGMENTS = {
    "CraNeXt_DefectiveSkull": "Defective skull",
    "CraNeXt_CompleteSkull": "Complete skull",
    "CraNeXt_Implant": "Implant",
}


def add_labelmap(volume, name="Patient"):
    import slicer

    return slicer.util.addVolumeFromArray(
        volume.voxels.T.astype(np.uint8), ijkToRAS=volume.affine, name=name, nodeClassName="vtkMRMLLabelMapVolumeNode"
    )


def add_model(volume, name="Patient"):
    """Add the surface of a mask."""
    import slicer

    from CraNeXtLib.geometry.poly_data import poly_data

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLModelNode", name)
    node.SetAndObservePolyData(poly_data(surface_of(volume)))
    node.CreateDefaultDisplayNodes()
    return node


def add_segmentation(volume, name="Patient", segments=("Bone",)):
    """Add a segmentation as the Segment Editor creates it: drawn on an image, with segments that share one array."""
    import slicer

    image = slicer.util.addVolumeFromArray(volume.voxels.T.astype(np.int16), ijkToRAS=volume.affine, name="CT")
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(image)
    for number, segment in enumerate(segments):
        node.GetSegmentation().AddEmptySegment(segment, segment)
        voxels = volume.voxels if number == len(segments) - 1 else np.indices(volume.shape).sum(axis=0) < 9
        slicer.util.updateSegmentBinaryLabelmapFromArray(voxels.T.astype(np.uint8), node, segment, image)
    node.GetSegmentation().CollapseBinaryLabelmaps(False)
    return node, image


def voxels_of(node, segment_id, volume):
    """Return a segment's voxels resampled to the geometry of a volume."""
    import slicer

    reference = add_labelmap(volume, "reference")
    voxels = slicer.util.arrayFromSegmentBinaryLabelmap(node, segment_id, reference).T
    slicer.mrmlScene.RemoveNode(reference)
    return voxels != 0


def run_until(condition, run):
    """Process events until a condition holds; fails if the run ends first."""
    wait_until(lambda: condition() or run.finished)
    assert condition(), run.log


def run_test_for_slicer(name):
    """Run a file of Testing/Slicer here; skip if it skips."""
    result = unittest.TestResult()
    unittest.TestLoader().discover(str(TESTS.parent / "Slicer"), pattern=name).run(result)
    if result.skipped:
        pytest.skip(result.skipped[0][1])
    assert result.testsRun == 1
    assert result.wasSuccessful(), result.errors + result.failures
