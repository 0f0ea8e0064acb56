"""Slices from a tilted gantry, or at uneven distances, become a rectangular and even grid."""

import numpy as np
import pytest
from ct_phantoms import blob, write_series
from pydicom import dcmread
from scipy.ndimage import map_coordinates

from CraNeXtLib.anatomy.ct.reading import read_ct
from CraNeXtLib.anatomy.ct.slice_stack import SliceStack, volume_of
from CraNeXtLib.core.errors import InputError


def test_a_tilted_gantry_is_straightened(tmp_path):
    """The grid changes, but not the value at a position in the patient."""
    ct = blob()
    positions = ct.to_ras(np.array([(0, 0, k) for k in range(14)]))
    tilt = np.deg2rad(15)
    positions[:, 1] += np.arange(14) * 1.2 * np.tan(tilt)
    write_series(ct, tmp_path, positions=positions)
    scan = read_ct(tmp_path)
    axes = scan.volume.affine[:3, :3] / scan.volume.spacing
    assert np.allclose(axes.T @ axes, np.eye(3), atol=1e-6)
    assert scan.details["gantry_tilt_deg"] == pytest.approx(15, abs=0.1)
    assert "tilted by 15.0°" in scan.warnings[0]
    inner = np.stack(np.meshgrid(np.arange(5, 35), np.arange(5, 31), np.arange(14), indexing="ij"), -1).reshape(-1, 3)
    points = ct.to_ras(inner)
    points[:, 1] += inner[:, 2] * 1.2 * np.tan(tilt)
    indices = scan.volume.to_indices(points)
    values = map_coordinates(scan.volume.voxels.astype(float), indices.T, order=1)
    assert np.abs(values - ct.voxels[tuple(inner.T)]).max() < 8  # of 700 HU, after interpolating twice


def test_uneven_slices_are_interpolated_and_missing_ones_refused(tmp_path):
    ct = blob(shape=(20, 20, 24))
    values = np.broadcast_to(np.arange(24) * 1.2 * 20, (20, 20, 24)).astype(np.int16)  # 20 HU per millimeter
    ct = ct.with_voxels(values)
    heights = np.cumsum(np.r_[0, np.repeat([1.0, 1.4], [12, 11])])
    positions = ct.to_ras(np.zeros((1, 3))) + heights[:, None] * [0, 0, 1]
    uneven = ct.with_voxels(np.broadcast_to(20 * heights, ct.shape).astype(np.int16))
    write_series(uneven, tmp_path / "uneven", positions=positions)
    scan = read_ct(tmp_path / "uneven")
    assert "1 to 1.4 mm apart" in scan.warnings[0]
    assert scan.volume.spacing[2] == pytest.approx(1.0)
    z = scan.volume.to_ras(np.argwhere(scan.volume.voxels > -5000))[:, 2] - 55
    assert np.abs(scan.volume.voxels.ravel() - 20 * z).max() <= 1

    paths = write_series(ct, tmp_path / "missing")
    gone = next(p for p in paths if abs(float(dcmread(p).ImagePositionPatient[2]) - (55 + 5 * 1.2)) < 0.1)
    gone.unlink()
    with pytest.raises(InputError, match=r"missing: slices 5 and 6 of 23 are 2.4 mm apart"):
        read_ct(tmp_path / "missing")


def stack_of(heights, shifts=None, values=None, thickness=1.0):
    """Return slices of 6 × 5 pixels of 2 mm whose value is 10 HU per millimeter of height, unless others are given."""
    heights = np.asarray(heights, float)
    positions = np.zeros((len(heights), 3))
    positions[:, 2] = heights
    if shifts is not None:
        positions[:, 1] = shifts
    slices = values or [np.full((6, 5), round(10 * min(h, 3000)), np.int16) for h in heights]
    return SliceStack(slices, positions, np.eye(3)[:2], (2.0, 2.0), thickness)


def test_two_blocks_that_overlap_a_little_keep_their_distance():
    """The first slice of the vault may lie 0.1 mm above the last one of the base; the grid must not become as fine."""
    heights = np.r_[np.arange(10) * 1.5, 13.6 + np.arange(10) * 1.5]
    volume, warnings = volume_of(stack_of(heights))
    assert volume.spacing[2] == pytest.approx(1.5)
    assert "0.1 to 1.5 mm apart" in warnings[0]
    z = volume.to_ras(np.argwhere(volume.voxels > -5000))[:, 2]
    assert np.abs(volume.voxels.ravel() - 10 * z).max() <= 1


def test_slices_of_two_types_are_interpolated_in_the_finer_one():
    values = [np.full((6, 5), 0.5 + k, np.float32) if k else np.full((6, 5), 0, np.int16) for k in range(12)]
    volume, _ = volume_of(stack_of(np.r_[0, 1.2 + np.arange(11)], values=values))
    assert volume.voxels.dtype == np.float32
    assert volume.voxels[0, 0, 3] % 1 not in (0, 0.5)


@pytest.mark.parametrize(
    ("heights", "shifts", "message"),
    [
        (np.arange(12) * 100.0, None, "100 mm apart"),
        (np.arange(12) * 1e7, None, "mm apart"),
        (np.arange(12) * 1e-3, None, "the same position"),
        (np.sort(np.r_[np.arange(12), np.arange(12) + 0.04]), None, "the same position, or almost"),
        (np.arange(12), np.arange(12) * 1e6, "tilted by 90°"),
        (np.arange(12), np.where(np.arange(12) == 5, 1e5, 0), "Slice 6 of 12 lies 100000 mm beside"),
    ],
)
def test_positions_that_no_scan_has_are_refused_before_memory_is_taken(heights, shifts, message):
    with pytest.raises(InputError, match=message):
        volume_of(stack_of(heights, shifts))
