"""Fixture: every second voxel of the demo skull in place of the whole, to save time."""

import pytest
from phantoms import every_second_voxel

from CraNeXtLib.core import resources
from CraNeXtLib.geometry.volume_files import read_volume, write_volume


@pytest.fixture
def coarse_demo(monkeypatch, tmp_path):
    for name in ("DEFECTIVE_SKULL", "REFERENCE_IMPLANT"):
        path = getattr(resources, name)
        write_volume(every_second_voxel(read_volume(path)), tmp_path / path.name)
        monkeypatch.setattr(resources, name, tmp_path / path.name)
