"""``cranext template build``: a label map becomes an upright, symmetrical template of the skulls' size."""

import numpy as np
from phantoms import every_second_voxel

from CraNeXtLib.core.resources import TEMPLATE
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_volume, write_volume


def test_a_template_gets_the_size_of_the_skulls(run, tmp_path):
    template = every_second_voxel(read_volume(TEMPLATE))
    source, out = tmp_path / "source.nrrd", tmp_path / "template.nrrd"
    write_volume(template, source)
    larger = Volume(template.voxels > 0, np.diag([1.1, 1.1, 1.1, 1.0]) @ template.affine)
    (tmp_path / "skulls").mkdir()
    write_volume(larger, tmp_path / "skulls" / "larger.nrrd")
    status, printed, _ = run("template", "build", source, "--skulls", tmp_path / "skulls", "--out", out)
    assert status == 0
    assert "size from 1 skulls" in printed
    built = read_volume(out)
    extent = np.ptp(np.argwhere(built.voxels > 0), axis=0) * built.spacing
    expected = np.ptp(np.argwhere(template.voxels > 0), axis=0) * template.spacing * 1.1
    np.testing.assert_allclose(extent, expected, atol=4)
    np.testing.assert_array_equal(built.voxels, built.voxels[::-1])


def test_a_source_that_is_no_label_map_is_refused(run, tmp_path):
    write_volume(Volume(np.ones((4, 4, 4), np.uint8), np.eye(4)), tmp_path / "ones.nrrd")
    status, _, error = run("template", "build", tmp_path / "ones.nrrd", "--out", tmp_path / "template.nrrd")
    assert status == 2
    assert "ones.nrrd" in error
    assert not (tmp_path / "template.nrrd").exists()
