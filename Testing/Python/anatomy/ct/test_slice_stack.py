"""Slices from a tilted gantry, or at uneven distances, become a rectangular and even grid."""

import numpy as np
import pytest
from ct_phantoms import blob, write_series
from pydicom import dcmread
from scipy.ndimage import map_coordinates

from CraNeXtLib.anatomy.ct.reading import read_ct
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
