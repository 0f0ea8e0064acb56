"""Preparing a skull keeps its volume, and packing it loses nothing."""

import numpy as np
import pytest
from phantoms import OBLIQUE, head

from CraNeXtLib.datasets.skull_pair import SkullPair
from CraNeXtLib.training.samples.prepared_skull import PreparedSkull, prepare_skull


def prepared(**options) -> tuple[SkullPair, PreparedSkull]:
    case = head(**options)
    pair = SkullPair(complete=case.complete, defective=case.defective, implant=case.implant)
    return pair, prepare_skull(pair, spacing_mm=2.0, vault_only=False)


def test_preparing_keeps_the_volumes_of_a_tilted_scan():
    pair, skull = prepared(spacing=(0.9, 1.3, 1.7), directions=OBLIQUE)
    for before, after in ((pair.complete.voxels, skull.complete.voxels), (pair.implant.voxels, skull.implant)):
        assert after.sum() * 8.0 == pytest.approx(before.sum() * pair.complete.voxel_volume_mm3, rel=0.03)
    assert not (skull.implant & ~skull.complete.voxels).any()


def test_packing_loses_nothing():
    _, skull = prepared()
    again = PreparedSkull.unpacked(skull.packed())
    assert again.complete.has_geometry_of(skull.complete)
    np.testing.assert_array_equal(again.complete.voxels, skull.complete.voxels)
    np.testing.assert_array_equal(again.implant, skull.implant)
