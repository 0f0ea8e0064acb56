"""The module CraNeXtCategorize inside Slicer: from the bundled skull to colored regions and their sizes."""

import unittest

import slicer
from bundled import load_bundled, skip_without

NEEDED = "nrrd, scipy, skimage"


class CraNeXtCategorizeTest(unittest.TestCase):
    """Skipped without the worker's packages in Slicer's Python."""

    def setUp(self):
        slicer.mrmlScene.Clear(False)

    def test_divides_the_bundled_skull(self):
        from CraNeXtCategorize import CraNeXtCategorizeLogic
        from CraNeXtLib.core import resources
        from CraNeXtLib.slicer_ui.scene.node_volumes import labelmap_volume, segment_volume

        skip_without(NEEDED, self)
        skull = load_bundled(resources.DEFECTIVE_SKULL)
        implant = load_bundled(resources.REFERENCE_IMPLANT)
        bone = labelmap_volume(skull)
        stages = []
        run = CraNeXtCategorizeLogic().process(
            skull, implantNode=implant, progress=lambda stage, _fraction: stages.append(stage)
        )

        ids = run.segmentation.GetSegmentation().GetSegmentIDs()
        assert len(ids) == 8  # no bone is undefined
        covered = sum((segment_volume(run.segmentation, segment).voxels != 0).astype(int) for segment in ids)
        assert ((bone.voxels != 0) == covered).all()
        assert segment_volume(run.segmentation, ids[0]).has_geometry_of(bone, tolerance_mm=1e-6)
        assert run.table.GetNumberOfRows() == 10
        defect = run.description["implant"]
        assert defect["side"] == "left"  # the side of the bundled defect
        assert "Frontal" in defect["main_region"] or "Parietal" in defect["main_region"]
        assert run.description["warnings"] == []
        assert len(set(stages)) > 3
