import numpy as np
import pytest
from molded_parts import AXES, cap, turned

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.mold.columns import Columns, PlaneGrid
from CraNeXtLib.implant.mold.settings import MoldSettings
from CraNeXtLib.implant.mold.spring_form import _rim, check_spring_form, make_spring_form

SETTINGS = MoldSettings(wall_mm=3, ring_mm=6)


def shell_around_cap() -> Volume:
    """A spherical shell of 4 mm with a hole of 25 mm, in which the turned cap lies with a gap of 0.5 mm."""
    center = turned(Mesh(np.zeros((1, 3)), np.zeros((0, 3), int))).vertices[0]
    affine = np.eye(4)
    affine[:3, 3] = center - 27
    volume = Volume(np.zeros((55, 55, 55), bool), affine)
    local = (volume.to_ras(np.indices(volume.shape).reshape(3, -1).T) - center) @ AXES
    radius, beside = np.linalg.norm(local, axis=1), np.linalg.norm(local[:, :2], axis=1)
    bone = (radius <= 25) & (radius >= 21) & ~((beside < 12.5) & (local[:, 2] > 0))
    return volume.with_voxels(bone.reshape(volume.shape))


def test_the_ring_closes_around_the_part_and_all_comes_apart():
    part = turned(cap())
    form = make_spring_form(part, shell_around_cap(), AXES[:, 2], SETTINGS)
    check = check_spring_form(form)
    assert check.passed
    assert check.outer_mm < 0.01
    assert form.ring.genus() == 1  # a ring
    low, high = np.array(form.ring.bounding_box()).reshape(2, 3)
    assert np.ptp([low[:2], high[:2]], axis=0) == pytest.approx([36, 36], abs=2)  # 24 mm and a ring of 6 mm
    half_shell = 2 / 3 * np.pi * (25**3 - 21**3)
    assert 0.15 * half_shell < form.ring.volume() < 0.5 * half_shell


def test_a_ring_of_rough_bone_has_neither_dents_nor_notches():
    grid = PlaneGrid(np.zeros(2), 0.8, (60, 60))
    beside = np.linalg.norm(grid.places - 23.6, axis=-1)
    inside = beside < 12
    columns = Columns(inside, np.where(inside, 0.0, np.nan), np.where(inside, 4.0, np.nan), np.zeros(grid.shape))
    random = np.random.default_rng(0)
    lowest = random.uniform(-1, 1, grid.shape)
    lowest[random.random(grid.shape) < 0.1] = np.nan
    bone = np.where(np.isnan(lowest), np.nan, 4.0), lowest
    _, inner, ring_at = _rim(columns, bone, grid, SETTINGS)
    ring = (beside > 13) & (beside < 17)
    assert ring_at[ring].all()
    assert np.abs(inner[ring]).max() < 0.4
    assert not ring_at[beside > 20].any()


def test_without_bone_around_the_part_there_is_no_ring():
    air = shell_around_cap()
    with pytest.raises(InputError, match="no bone within 6 mm"):
        make_spring_form(turned(cap()), air.with_voxels(np.zeros(air.shape, bool)), AXES[:, 2], SETTINGS)
