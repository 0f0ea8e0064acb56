"""Problems of a CT's values, slices and artifacts are reported, and a good scan has none."""

import numpy as np
import pytest
from phantoms import head
from synthetic_ct import synthetic_ct

from CraNeXtLib.anatomy.ct.quality import check_hounsfield, noise_hu, scan_warnings
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume import Volume

SKULL = head(spacing=(1.2, 1.2, 1.2)).defective
CT = synthetic_ct(SKULL, noise_hu=15)


def noisy(ct: Volume, noise: float) -> Volume:
    added = np.random.default_rng(0).normal(0, noise, ct.shape)
    return ct.with_voxels(np.rint(ct.voxels + added).astype(np.int16))


def test_a_good_scan_gives_no_warning():
    assert check_hounsfield(CT) == []
    assert scan_warnings(CT, SKULL) == []


@pytest.mark.slow
def test_noise_is_measured():
    clean = synthetic_ct(SKULL)
    for noise in (0, 15, 60):
        assert noise_hu(noisy(clean, noise)) == pytest.approx(noise, abs=0.1 * noise + 1)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (SKULL.voxels.astype(np.uint8), "leave out --ct"),
        (np.clip((CT.voxels + 200) / 5, 0, 255).astype(np.uint8), "gray levels"),
        ((CT.voxels + 1024).clip(0).astype(np.uint16), "Subtract 1024"),
        (np.where(np.indices(CT.shape)[0] < 9, -1024, CT.voxels + 1024), "Subtract 1024"),  # with negative padding
    ],
)
def test_what_is_not_in_hounsfield_units_is_refused(values, words):
    with pytest.raises(InputError, match=words):
        check_hounsfield(CT.with_voxels(values))


def test_values_cut_off_at_zero_are_warned_about():
    assert "No value is below 0" in check_hounsfield(CT.with_voxels(CT.voxels.clip(0)))[0]


@pytest.mark.slow
def test_thick_slices_are_warned_about():
    assert "The slices are 3 mm thick" in scan_warnings(CT, SKULL, thickness_mm=3.0)[0]
    thick = head(spacing=(1.0, 1.0, 2.5)).defective
    assert "2.5 mm thick" in scan_warnings(synthetic_ct(thick), thick)[0]


def test_metal_is_reported_with_its_location():
    for height, location in ((40, "the brain case"), (-65, "the face")):
        values = CT.voxels.copy()
        at = np.rint(CT.to_indices(np.array([[0, 60.0, height]]))[0]).astype(int)
        values[tuple(slice(p - 2, p + 3) for p in at)] = 3071
        (warning,) = scan_warnings(CT.with_voxels(values), SKULL)
        assert f"metal in {location} (0.2 mL above 3000 HU, of which 0.0 mL count as bone)" in warning
    bone = SKULL.voxels.copy()
    bone[tuple(slice(p - 2, p + 3) for p in at)] = True
    (warning,) = scan_warnings(CT.with_voxels(values), SKULL.with_voxels(bone))
    assert "(0.2 mL above 3000 HU, of which 0.2 mL count as bone)" in warning


def test_noise_and_streaks_are_warned_about():
    warnings = scan_warnings(noisy(CT, 100), SKULL)
    assert "noisy (" in warnings[0]
    i, j, _ = np.indices(CT.shape)
    streaks = CT.voxels + 400 * (np.sin((i + 2 * j) / 6) > 0.95)
    (warning,) = scan_warnings(CT.with_voxels(streaks.astype(np.int16)), SKULL)
    assert "of the brain does not look like brain" in warning
