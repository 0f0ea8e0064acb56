"""The location and size of a defect."""

import numpy as np
import pytest
from template_skull import bone_around, template_skull

from CraNeXtLib.anatomy.categorization.defect_location import analyze_defect
from CraNeXtLib.core.errors import InputError


@pytest.fixture(scope="module")
def skull():
    return template_skull()


@pytest.mark.slow
def test_percentages_are_those_of_the_labels(skull):
    implant = bone_around(skull, (-55, 10, 50))
    analysis = analyze_defect(implant, skull.pose)
    taken = skull.labels.voxels[implant.voxels]
    assert analysis.percent["Middle Parietal"] == pytest.approx(100 * (taken == 5).mean(), abs=0.01)
    assert sum(analysis.percent.values()) == pytest.approx(100, abs=0.05)
    assert analysis.volume_ml == pytest.approx(implant.voxels.sum() * 1.331 / 1000, abs=0.01)
    assert 55 < analysis.extent_mm < 67


@pytest.mark.slow
@pytest.mark.parametrize(
    ("center", "side"), [((-55, 10, 50), "left"), ((55, 10, 50), "right"), ((0, 10, 97), "bilateral")]
)
def test_the_side_is_the_patients(skull, center, side):
    assert analyze_defect(bone_around(skull, center), skull.pose).side == side


@pytest.mark.slow
def test_area_is_that_of_the_outer_side(skull):
    implant = bone_around(skull, (0, 0, 97), radius=25)
    assert analyze_defect(implant, skull.pose).area_cm2 == pytest.approx(np.pi * 2.75**2, rel=0.25)


def test_an_empty_implant_is_refused(skull):
    with pytest.raises(InputError, match="empty"):
        analyze_defect(skull.labels.with_voxels(np.zeros(skull.labels.shape, bool)), skull.pose)
