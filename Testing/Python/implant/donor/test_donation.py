"""A result with a donor's bone warns of the model's error only where bone of the model is left."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from expected_error_cases import LEFT_HOLE, errors, pose
from phantoms import head

from CraNeXtLib.anatomy.categorization.defect_location import DefectAnalysis
from CraNeXtLib.completion.model_library import Model
from CraNeXtLib.implant.defect_choice import FoundDefect
from CraNeXtLib.implant.donor import placement
from CraNeXtLib.implant.donor.donation import with_donor
from CraNeXtLib.implant.expected_error import summarize
from CraNeXtLib.implant.reconstruct import Reconstruction

AXES = {"half_axes_mm": (70.0, 95.0, 80.0), "spacing": (4.0, 4.0, 4.0), "holes": LEFT_HOLE}


@pytest.mark.parametrize("whole", [True, False])
def test_the_model_is_doubted_only_where_its_bone_is_left(whole, monkeypatch):
    here = SimpleNamespace(matrix=np.eye(4))
    monkeypatch.setattr(placement, "align_surfaces", lambda *_surfaces, **_kind: here)
    case = head(**AXES)
    expected = summarize(errors(case, front=3.0), case.implant, pose())
    assert len(expected.warnings) == 1
    place = DefectAnalysis({}, "Temporal", "left", 100.0, 1.0, 2.0, 10.0)
    result = Reconstruction(
        defective_skull=case.defective,
        implant=case.implant,
        pose=pose(),
        model=Model(Path(), {"name": "doubtful", "sha256": "0" * 64}),
        postprocessing="default",
        device="cpu",
        seconds={},
        warnings=("A note.", *expected.warnings),
        expected_error=expected,
        found_defects=(FoundDefect(1, (-60.0, 20.0, 40.0), place, None, made=True),),
    )
    bone = case.complete.voxels.copy()
    if not whole:
        front = case.complete.to_ras(np.indices(bone.shape).reshape(3, -1).T)[:, 1].reshape(bone.shape) > 20
        bone &= ~front | case.defective.voxels
    changed, donation = with_donor(result, case.complete.with_voxels(bone))
    assert (donation.percent > 99) == whole
    assert changed.warnings[0] == "A note."
    assert (expected.warnings[0] in changed.warnings) != whole
    assert len(changed.warnings) == (1 if whole else 3)
