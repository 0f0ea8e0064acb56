"""All metrics of one implant."""

import json

import numpy as np
import pytest
from plain_metrics import capped_shell, volumes

from CraNeXtLib import evaluate
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.evaluation import metrics, surface_hausdorff


def test_agrees_with_the_single_metrics():
    implant, reference, skull = capped_shell(2)
    found = evaluate(implant, reference, skull)
    assert found.dsc == metrics.dice(implant, reference)
    assert found.bdsc == metrics.border_dice(implant, reference, skull)
    assert found.dh95_mm == metrics.surface_distances(implant, reference).percentile(95)
    assert found.sdh_mm == surface_hausdorff.projected_distances(implant, reference, skull).hausdorff
    assert found.reference_ml - found.false_negative_ml == pytest.approx(found.implant_ml - found.false_positive_ml)
    assert found.field_of_view_ml == pytest.approx(32**3 * 1.5**3 / 1000)
    assert found.diagonal_mm == pytest.approx(32 * 1.5 * 3**0.5)
    assert list(found.main_metrics()) == ["dsc", "bdsc", "dh95_mm", "sdh_mm", "fnr", "fpr"]
    assert found.flags == ()


def test_the_reference_itself_is_perfect():
    _, reference, skull = capped_shell()
    found = evaluate(reference, reference, skull)
    assert (found.dsc, found.bdsc, found.dh_mm, found.sdh_mm, found.fnr, found.fpr) == (1, 1, 0, 0, 0, 0)


def test_an_empty_implant_is_a_failure_that_json_can_hold():
    implant, reference, skull = capped_shell()
    found = evaluate(implant.with_voxels(np.zeros(implant.shape)), reference, skull)
    assert found.flags == ("implant_empty",)
    assert (found.dsc, found.fnr, found.dh95_mm, found.sdh_mm) == (0, 1, np.inf, np.inf)
    assert json.loads(json.dumps(found.main_metrics(), allow_nan=False))["dh95_mm"] is None


def test_refuses_other_geometry():
    implant, reference, _ = capped_shell()
    with pytest.raises(InputError, match="one grid"):
        evaluate(implant, reference, volumes(np.ones((4, 4, 4)))[0])
