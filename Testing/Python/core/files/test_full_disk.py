"""Every kind of writer tells that the disk is full, and leaves nothing under the file's name.

A limit on the size of files stands in for a full disk: both make a write fail after some bytes.
"""

import sys

import numpy as np
import pytest
from full_disk import full_disk

from CraNeXtLib.cases.report.contents import Head, Section
from CraNeXtLib.cases.report.pdf_document import write_pdf
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.filling import filling
from CraNeXtLib.core.files.text import write_text
from CraNeXtLib.evaluation.distance_map_files import write_vtp
from CraNeXtLib.evaluation.distance_maps import DistanceMap
from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.mesh_formats.glb_files import write_glb
from CraNeXtLib.geometry.mesh_formats.mesh_files import write_3mf, write_stl
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import write_volume
from CraNeXtLib.pictures.distance_pictures import views_from, write_distance_picture

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")

RANDOM = np.random.default_rng(0)
VOLUME = Volume(RANDOM.integers(0, 255, (16, 16, 16)).astype(np.uint8), np.eye(4))
MESH = Mesh(RANDOM.random((3000, 3)) * 50, RANDOM.integers(0, 3000, (3000, 3)))
MAP = DistanceMap(MESH, RANDOM.random(3000), "distance_mm")
SECTIONS = [Section("Implant", [(f"{number:08x}", f"{number:032x}") for number in RANDOM.integers(0, 1 << 60, 300)])]
WRITERS = {
    "a.nrrd": lambda path: write_volume(VOLUME, path),
    "a.nii.gz": lambda path: write_volume(VOLUME, path),
    "a.mha": lambda path: write_volume(VOLUME, path),
    "a.nii": lambda path: write_volume(VOLUME, path),
    "a.stl": lambda path: write_stl(MESH, path),
    "a.3mf": lambda path: write_3mf({"Implant": MESH}, path),
    "a.glb": lambda path: write_glb({"Implant": MESH}, path),
    "a.vtp": lambda path: write_vtp(MAP, path),
    "a.png": lambda path: write_distance_picture(MAP, path, views=views_from(np.ones(3)), title="", legend=""),
    "a.pdf": lambda path: write_pdf(path, Head("Case", "It fits.", True, ["A notice."]), SECTIONS),
    "a.json": lambda path: write_text(path, "x" * 10000),
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_writer_tells_that_the_disk_is_full(tmp_path, name):
    with filling(tmp_path / "whole") as folder:
        WRITERS[name](folder / name)
    size = (tmp_path / "whole" / name).stat().st_size
    message = r"Cannot write to .*: (File too large|No space left on device); choose another folder"
    for full in (1000, size - 1):
        with full_disk(full), pytest.raises(InputError, match=message) as refused, filling(tmp_path / "full") as folder:
            WRITERS[name](folder / name)
        assert ".cranext" not in str(refused.value)
        assert not (tmp_path / "full").exists()
