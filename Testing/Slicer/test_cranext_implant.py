"""The module CraNeXtImplant inside Slicer: from the bundled skull and model to an implant and its measurements."""

import unittest

import slicer
from bundled import load_bundled, skip_without

NEEDED = "nibabel, nrrd, safetensors, scipy, skimage, trimesh, vtk"


class CraNeXtImplantTest(unittest.TestCase):
    """Skipped without the worker's packages in Slicer's Python."""

    def setUp(self):
        slicer.mrmlScene.Clear(False)

    def test_makes_an_implant_for_the_bundled_skull(self):
        from CraNeXtImplant import CraNeXtImplantLogic
        from CraNeXtLib.completion import model_library
        from CraNeXtLib.core import resources
        from CraNeXtLib.slicer_ui.scene.node_volumes import labelmap_volume, segment_volume

        if not model_library.available():
            self.skipTest("no model is bundled")
        skip_without(NEEDED, self)
        skull = load_bundled(resources.DEFECTIVE_SKULL)
        reference = load_bundled(resources.REFERENCE_IMPLANT)
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
