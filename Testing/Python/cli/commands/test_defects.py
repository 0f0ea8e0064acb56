"""``cranext defects``."""

from pathlib import Path

import numpy as np

from CraNeXtLib.core.resources import DEFECTIVE_SKULL as SKULL
from CraNeXtLib.core.resources import REFERENCE_IMPLANT
from CraNeXtLib.geometry.volume_files import read_volume, write_volume


def test_defects_writes_pairs(run, tmp_path):
    skull, implant = read_volume(SKULL), read_volume(REFERENCE_IMPLANT)
    complete = (skull.voxels > 0) | (implant.voxels > 0)
    write_volume(skull.with_voxels(complete), tmp_path / "complete.nrrd")
    options = ["--kind", "random-1", "--count", 2, "--seed", 5]
    status, printed, _ = run("defects", tmp_path / "complete.nrrd", "--out", tmp_path / "out", *options)
    assert status == 0
    names = [Path(line).name for line in printed.split()]
    assert sorted(names) == sorted(p.name for p in (tmp_path / "out").iterdir())
    for seed in ("0005", "0006"):
        defective, cut = (
            read_volume(tmp_path / f"out/random-1-{seed}_{role}.nrrd") for role in ("defective", "implant")
        )
        assert cut.voxels.any()
        np.testing.assert_array_equal((defective.voxels > 0) ^ (cut.voxels > 0), complete)
