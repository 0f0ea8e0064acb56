"""What is written again later is the same, bit by bit; that of DICOM is in ``archive/test_export.py``."""

import time

import numpy as np
from PIL import Image

from CraNeXtLib.cases.report import Figure
from CraNeXtLib.cases.report.contents import Head, Section
from CraNeXtLib.cases.report.pdf_document import write_pdf
from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.mesh_formats.mesh_files import write_3mf, write_stl
from CraNeXtLib.geometry.poly_data import poly_data, write_poly_data
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import write_volume

VOLUME = Volume(np.arange(24, dtype=np.int16).reshape(2, 3, 4), np.diag([1.0, 2, 3, 1]))
MESH = Mesh(np.eye(3), np.array([[0, 1, 2]]))


def written(folder, picture):
    """Write a file of each kind, and return their content."""
    folder.mkdir()
    for suffix in ("nrrd", "nii", "nii.gz", "mha"):
        write_volume(VOLUME, folder / f"volume.{suffix}")
    write_stl(MESH, folder / "mesh.stl")
    write_3mf({"Implant": MESH}, folder / "mesh.3mf")
    write_poly_data(poly_data(MESH), folder / "mesh.vtp")
    head = Head(title="Title", verdict="It fits.", fits=True, notices=["For research use."])
    write_pdf(folder / "report.pdf", head, [Section("Section", [("a", "b")], figures=[Figure(picture, "It.")])])
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_two_runs_write_the_same_files(tmp_path):
    Image.new("RGB", (4, 4)).save(tmp_path / "picture.png")
    first = written(tmp_path / "a", tmp_path / "picture.png")
    time.sleep(2.1)  # zip files, as 3MF is, count even seconds
    second = written(tmp_path / "b", tmp_path / "picture.png")
    assert len(first) == 8
    assert {name for name in first if first[name] != second[name]} == set()
