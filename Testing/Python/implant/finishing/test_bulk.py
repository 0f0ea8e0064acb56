"""Bulk over the temple on a plate of known size, where every height is known."""

from types import SimpleNamespace

import numpy as np
import pytest

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.finishing import FinishSettings, SegmentSettings
from CraNeXtLib.implant.finishing.bulk import HIGHEST_MM, with_bulk
from CraNeXtLib.implant.finishing.cleaning import volume_ml

HALF_MM, THICK_MM = 30.0, 6.0
MUSCLE = SimpleNamespace(label_points=lambda points: np.where(points[:, 1] < 0, 2, 6))  # on the half behind the middle


def plate() -> tuple[Volume, np.ndarray]:
    """A plate of 60 × 60 × 6 mm, its upper side at 0, and the depth below it in bone and plate, which is level."""
    x, y, z = np.meshgrid(np.arange(-35, 36.0), np.arange(-35, 36.0), np.arange(-10, 19.0), indexing="ij")
    affine = np.eye(4)
    affine[:3, 3] = (-35, -35, -10)
    field = np.max([np.abs(x) - HALF_MM, np.abs(y) - HALF_MM, z, -THICK_MM - z], axis=0)
    return Volume(field.astype(np.float32), affine), -z.astype(np.float32)


def test_the_bulk_has_its_volume_and_is_level_at_the_rim_and_off_the_muscle():
    piece, depth = plate()
    bulk = with_bulk(piece, depth, MUSCLE, 5.0)
    assert bulk.volume_ml == pytest.approx(5.0, abs=0.02)
    assert volume_ml(bulk.field, piece) - volume_ml(piece.voxels, piece) == pytest.approx(5.0, abs=0.02)
    added = piece.to_ras(np.argwhere((bulk.field < 0) & (piece.voxels >= 0)))
    assert added[:, 2].min() >= 0  # on the outer side only
    assert added[:, 2].max() == pytest.approx(bulk.height_mm, abs=1)
    rim = HALF_MM - np.abs(added[:, :2]).max(axis=1)
    assert added[rim < 2, 2].max(initial=0) <= 0.15 * bulk.height_mm + 0.5
    assert added[added[:, 1] > 12, 2].max(initial=0) == 0
    assert (bulk.field[..., :5] == piece.voxels[..., :5]).all()


def test_more_than_finds_room_is_refused_with_how_much_does():
    piece, depth = plate()
    with pytest.raises(InputError, match=r"regions and flush at the rim there is room for 1\d\.\d mL") as refused:
        with_bulk(piece, depth, MUSCLE, 50.0)
    most = float(str(refused.value).split("room for ")[1].split(" mL")[0])
    assert with_bulk(piece, depth, MUSCLE, most - 0.1).height_mm == pytest.approx(HIGHEST_MM, rel=0.03)
    elsewhere = SimpleNamespace(label_points=lambda points: np.full(len(points), 3))
    with pytest.raises(InputError, match="there is room for none; set temporal_bulk_ml lower, or to 0"):
        with_bulk(piece, depth, elsewhere, 1.0)


def test_segments_get_no_bulk():
    with pytest.raises(InputError, match="set temporal_bulk_ml to 0, or leave out --segments"):
        FinishSettings(temporal_bulk_ml=2, segments=SegmentSettings())
