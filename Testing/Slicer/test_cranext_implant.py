"""The module CraNeXtImplant inside Slicer: from the bundled skull and model to an implant and its measures."""

import subprocess
import unittest
from pathlib import Path

import slicer

NEEDED = "torch, monai, nibabel, nrrd, safetensors, skimage, trimesh"


class CraNeXtImplantTest(unittest.TestCase):
    """Needs the worker's packages in Slicer's Python, and says so where they are missing."""

    def setUp(self):
        slicer.mrmlScene.Clear(False)

    def test_makes_an_implant_for_the_bundled_skull(self):
        import CraNeXtLib
        from CraNeXtImplant import CraNeXtImplantLogic
        from CraNeXtLib import models
        from CraNeXtLib.slicer_ui.interpreters import worker_python
        from CraNeXtLib.slicer_ui.scene_volumes import labelmap_volume, segment_volume

        if not models.available():
            self.skipTest("no model is bundled")
        python, environment = worker_python()
        command = [python, "-c", f"import {NEEDED}"]
        found = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        if found.returncode:
            self.skipTest(f"{python} lacks a package: {found.stderr.strip().splitlines()[-1]}")

        demo = Path(CraNeXtLib.__file__).parent / "Resources" / "Demo"
        skull = load_labelmap(demo / "defective_skull.nrrd")
        reference = load_labelmap(demo / "reference_implant.nrrd")
        truth = labelmap_volume(reference)
        stages = []
        logic = CraNeXtImplantLogic()
        run = logic.process(skull, device="cpu", progress=lambda stage, _fraction: stages.append(stage))

        implant = segment_volume(run.segmentation, "CraNeXt_Implant")
        assert implant.has_geometry_of(truth, tolerance_mm=1e-6)
        both = (implant.voxels.astype(bool) & truth.voxels.astype(bool)).sum()
        assert 2 * both / (implant.voxels.astype(bool).sum() + truth.voxels.astype(bool).sum()) > 0.5
        left, right = run.model.GetPolyData().GetBounds()[:2]
        assert left < right < 0  # the bundled defect is on the left side
        assert len(set(stages)) > 3
        assert run.description["watertight"]

        measured = logic.evaluate(run.segmentation, reference, skull)
        assert measured.description["metrics"]["dsc"] > 0.5
        assert measured.table.GetNumberOfRows() == 21
        assert measured.models["distance_map"].GetDisplayNode().GetScalarVisibility()


def load_labelmap(path):
    """Load a file as labelmap volume without Slicer's dialogs."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", path.stem)
    storage = slicer.vtkMRMLNRRDStorageNode()
    storage.SetFileName(str(path))
    storage.ReadData(node)
    return node
