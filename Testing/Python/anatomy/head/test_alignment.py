"""Alignment finds known motions of skulls despite holes, crops and tilts."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from CraNeXtLib.anatomy.head.alignment import Alignment, align_surfaces
from CraNeXtLib.anatomy.head.bone_surface import bone_surface
from CraNeXtLib.anatomy.head.template import load_template
from CraNeXtLib.completion import model_library
from CraNeXtLib.completion.model_loading import load_model
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.resources import DEFECTIVE_SKULL
from CraNeXtLib.geometry.resampling import shrink
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_volume


@pytest.fixture(scope="module")
def skull() -> Volume:
    template = load_template()
    return shrink(template.with_voxels(template.voxels > 0), 2.0)


def motion(angles_deg=(0, 0, 0), shift_mm=(0, 0, 0), stretch=(1, 1, 1)) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", angles_deg, degrees=True).as_matrix() @ np.diag(stretch)
    matrix[:3, 3] = shift_mm
    return matrix


def moved(volume: Volume, matrix: np.ndarray) -> Volume:
    return Volume(volume.voxels, matrix @ volume.affine)


def align(moving: Volume, fixed: Volume, *, kind: str) -> Alignment:
    return align_surfaces(bone_surface(moving), bone_surface(fixed), kind=kind)


def error_mm(skull: Volume, found: np.ndarray, true: np.ndarray) -> float:
    points = np.c_[bone_surface(skull).points, np.ones(len(bone_surface(skull).points))]
    return float(np.linalg.norm((points @ (found - true).T)[:, :3], axis=1).max())


@pytest.mark.parametrize(
    ("kind", "matrix"),
    [
        ("rigid", motion((5, -4, 10), (30, -20, 200))),
        ("similarity", motion((40, 5, 0), (0, 10, -50), (1.07,) * 3)),
        ("affine", motion((-10, 5, 0), (5, 5, 5), (1.06, 0.95, 1.03))),
    ],
)
def test_finds_a_known_motion(skull, kind, matrix):
    alignment = align(skull, moved(skull, matrix), kind=kind)
    assert error_mm(skull, alignment.matrix, matrix) < 0.5
    assert alignment.distance_mm < 0.5


@pytest.mark.slow
def test_holes_and_cropped_base_do_not_pull(skull):
    voxels = skull.voxels.copy()
    points = skull.to_ras(np.indices(skull.shape).reshape(3, -1).T)
    surface = bone_surface(skull).points
    side = surface[np.argmax(surface @ (0.6, 0, 0.8))]
    away = (np.linalg.norm(points - side, axis=1) < 45) | (points[:, 2] < surface[:, 2].max() - 110)
    voxels[away.reshape(skull.shape)] = 0
    matrix = motion((15, 0, -8), (4, 60, 9))
    alignment = align(skull, moved(Volume(voxels, skull.affine), matrix), kind="similarity")
    assert error_mm(skull, alignment.matrix, matrix) < 1.5


@pytest.mark.slow
@pytest.mark.parametrize("size", [0.75, 1.2])
def test_a_head_of_another_size_is_found_despite_its_hole(size):
    mean = load_model(model_library.find("pca_skull")).model.surface
    defective = read_volume(DEFECTIVE_SKULL)
    defective = Volume(defective.voxels[::3, ::3, ::3] > 0, defective.affine @ np.diag([3, 3, 3, 1.0]))
    scale = np.diag([size, size, size, 1.0])
    whole, scaled = (align_surfaces(mean, bone_surface(moved(defective, matrix))) for matrix in (np.eye(4), scale))
    assert np.abs(scaled.apply(mean.points) - size * whole.apply(mean.points)).max() < 4


def test_inverse_maps_back(skull):
    alignment = align(skull, moved(skull, motion((5, 0, 0), (10, 0, 0))), kind="rigid")
    points = bone_surface(skull).points
    np.testing.assert_allclose(alignment.inverse().apply(alignment.apply(points)), points, atol=1e-6)


def test_an_unknown_kind_is_refused(skull):
    with pytest.raises(InputError, match="rigid, similarity, affine"):
        align(skull, skull, kind="elastic")
