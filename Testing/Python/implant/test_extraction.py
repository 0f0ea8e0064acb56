"""The implant is what is missing, whole, and nothing else."""

import numpy as np
import pytest
from phantoms import OBLIQUE, head, model_output

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.morphology import dilated_mm
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.extraction import Cleaning, extract_implant, official_postprocessing


def dice(one: Volume, other: Volume) -> float:
    return 2 * (one.voxels & other.voxels).sum() / (one.voxels.sum() + other.voxels.sum())


@pytest.mark.parametrize(
    ("spacing", "directions"),
    [
        ((2.0, 2.0, 2.0), None),
        ((1.0, 1.2, 2.5), OBLIQUE),
        ((3.0, 1.0, 1.0), np.array([[0, -1, 0], [0, 0, 1], [-1, 0, 0]])),
    ],
)
def test_clean_model_output_gives_the_true_implant(spacing, directions):
    case = head(spacing=spacing, directions=directions)
    implant = extract_implant(case.defective, model_output(case))
    assert dice(implant, case.implant) > 0.9
    assert implant.has_geometry_of(case.defective)
    assert not (implant.voxels & case.defective.voxels).any()


def test_perfect_model_gives_exactly_the_implant():
    case = head(spacing=(2.0, 2.0, 2.0))
    assert dice(extract_implant(case.defective, case.complete), case.implant) == 1


def test_thin_plate_stays_where_the_official_way_deletes_it():
    case = head(spacing=(1.0, 1.0, 1.0), thickness_mm=2.5)
    assert dice(extract_implant(case.defective, case.complete), case.implant) == 1
    assert not extract_implant(case.defective, case.complete, postprocessing="official").voxels.any()


@pytest.mark.parametrize("postprocessing", ["default", "official"])
def test_intact_skull_has_no_implant(postprocessing):
    case = head(holes=(), spacing=(2.0, 2.0, 2.0))
    assert not extract_implant(case.defective, case.complete, postprocessing=postprocessing).voxels.any()
    assert not extract_implant(case.defective, model_output(case), postprocessing=postprocessing).voxels.any()


def test_two_defects_give_two_pieces():
    from scipy import ndimage

    case = head(spacing=(2.0, 2.0, 2.0), holes=(((60, 20, 30), 25), ((-60, 0, 30), 12)))
    implant = extract_implant(case.defective, model_output(case, error_mm=0.4))
    assert ndimage.label(implant.voxels, structure=np.ones((3, 3, 3)))[1] == 2
    assert dice(implant, case.implant) > 0.9


def test_lump_in_the_air_and_small_hole_are_dropped():
    case = head(spacing=(2.0, 2.0, 2.0), holes=(((40, 20, 60), 25), ((-60, 0, 30), 2.5)))
    complete = case.complete.voxels.copy()
    complete[38:44, 48:54, 38:44] = True  # in the middle of the head
    implant = extract_implant(case.defective, case.complete.with_voxels(complete))
    expected = head(spacing=(2.0, 2.0, 2.0)).implant
    assert dice(implant, expected) == 1


def test_skin_on_the_bone_is_no_implant_and_no_spur():
    case = head(spacing=(1.0, 1.0, 1.0))
    swollen = dilated_mm(case.complete.voxels, case.complete.spacing, 1.0)
    implant = extract_implant(case.defective, case.complete.with_voxels(swollen)).voxels
    assert not (implant & ~dilated_mm(case.implant.voxels, case.complete.spacing, 3.0)).any()


def test_cavity_in_the_implant_is_filled():
    case = head(spacing=(2.0, 2.0, 2.0), thickness_mm=14.0)
    complete = case.complete.voxels.copy()
    inside = np.argwhere(case.implant.voxels)
    i, j, k = inside[np.argmin(np.linalg.norm(inside - inside.mean(axis=0), axis=1))]
    complete[i - 1 : i + 2, j - 1 : j + 2, k - 1 : k + 2] = False
    assert dice(extract_implant(case.defective, case.complete.with_voxels(complete)), case.implant) == 1


def test_implant_at_the_edge_of_the_volume_is_kept():
    case = head(spacing=(2.0, 2.0, 2.0), holes=(((0, 0, 75), 40),))
    box = (slice(None), slice(None), slice(0, 78))  # ends in the hole
    implant = extract_implant(case.defective.crop(box), case.complete.crop(box))
    assert dice(implant, case.implant.crop(box)) == 1


def test_official_is_the_published_script_on_any_box():
    """Against scikit-image's erosion and dilation of the whole volume, as the script calls them."""
    morphology = pytest.importorskip("skimage.morphology")
    from scipy import ndimage

    for seed in range(4):
        field = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal((40, 36, 30)), 2.5)
        missing = field > np.quantile(field, 0.6)
        expected = morphology.erosion(morphology.erosion(missing, ball()), ball())
        labels, _ = ndimage.label(expected, structure=np.ones((3, 3, 3)))
        expected = labels == np.argmax(np.bincount(labels.ravel(), weights=expected.ravel()))
        expected = morphology.dilation(morphology.dilation(expected, ball()), ball())
        assert expected.any()
        np.testing.assert_array_equal(official_postprocessing(missing), expected)


def ball() -> np.ndarray:
    from scipy import ndimage

    return ndimage.generate_binary_structure(3, 1)


def test_official_returns_nothing_when_nothing_is_left():
    missing = np.zeros((9, 9, 9), dtype=bool)
    missing[4, :, :] = True
    assert not official_postprocessing(missing).any()


@pytest.mark.parametrize("radius", [0.0, 1.0, 2.4, 5.0])
def test_dilation_in_mm_agrees_with_distances(radius):
    from scipy import ndimage

    mask = np.random.default_rng(0).random((21, 17, 25)) > 0.995
    spacing = np.array([0.5, 1.0, 2.4])
    distances = ndimage.distance_transform_edt(~mask, sampling=spacing)
    np.testing.assert_array_equal(dilated_mm(mask, spacing, radius), distances <= radius + 1e-6)


def test_bad_input_is_refused():
    case = head(spacing=(4.0, 4.0, 4.0))
    moved = Volume(case.complete.voxels, case.complete.affine + np.diag([0, 0, 1.0], 1)[:4, :4])
    with pytest.raises(InputError, match="geometry"):
        extract_implant(case.defective, moved)
    with pytest.raises(InputError, match="unknown"):
        extract_implant(case.defective, case.complete, postprocessing="best")
    with pytest.raises(InputError, match="skin_mm"):
        Cleaning(skin_mm=4.0)
