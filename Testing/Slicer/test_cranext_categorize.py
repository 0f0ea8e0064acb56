"""The module CraNeXtCategorize inside Slicer: from the bundled skull to coloured regions and their sizes."""

import subprocess
import unittest
from pathlib import Path

import slicer
from test_cranext_implant import load_labelmap

NEEDED = "nrrd, scipy, skimage"


class CraNeXtCategorizeTest(unittest.TestCase):
    """Needs the worker's packages in Slicer's Python, and says so where they are missing."""

    def setUp(self):
        slicer.mrmlScene.Clear(False)

    def test_divides_the_bundled_skull(self):
        import CraNeXtLib
        from CraNeXtCategorize import CraNeXtCategorizeLogic
        from CraNeXtLib.slicer_ui.interpreters import worker_python
        from CraNeXtLib.slicer_ui.scene_volumes import labelmap_volume, segment_volume

        python, environment = worker_python()
        command = [python, "-c", f"import {NEEDED}"]
        found = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        if found.returncode:
            self.skipTest(f"{python} lacks a package: {found.stderr.strip().splitlines()[-1]}")

        demo = Path(CraNeXtLib.__file__).parent / "Resources" / "Demo"
        skull = load_labelmap(demo / "defective_skull.nrrd")
        implant = load_labelmap(demo / "reference_implant.nrrd")
        bone = labelmap_volume(skull)
        stages = []
        run = CraNeXtCategorizeLogic().process(
            skull, implantNode=implant, progress=lambda stage, _fraction: stages.append(stage)
        )

        ids = run.segmentation.GetSegmentation().GetSegmentIDs()
        assert len(ids) == 8  # nothing is undefined
        covered = sum((segment_volume(run.segmentation, segment).voxels != 0).astype(int) for segment in ids)
        assert ((bone.voxels != 0) == covered).all()
        assert segment_volume(run.segmentation, ids[0]).has_geometry_of(bone, tolerance_mm=1e-6)
        assert run.table.GetNumberOfRows() == 10
        defect = run.description["implant"]
        assert defect["side"] == "left"  # as the bundled defect is
        assert "Frontal" in defect["main_region"] or "Parietal" in defect["main_region"]
        assert run.description["warnings"] == []
        assert len(set(stages)) > 3
