"""A reconstructed case and the CT that it was made from, both tiny, for tests that write DICOM files of a case."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from ct_phantoms import blob

from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.mesh_formats.mesh_files import write_stl
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import write_volume

_TRIANGLE = Mesh(np.array([[10.0, -20, 60], [11, -20, 60], [10, -19, 61]]), np.array([[0, 1, 2]]))
FINISHED_MESH = Mesh(_TRIANGLE.vertices + 1, _TRIANGLE.faces)
"""Surface of the finished implant of :func:`write_case`."""


def scanned_head(directions: np.ndarray | None = None) -> tuple[Volume, Volume, Volume]:
    """Return a CT of a box of bone with a hole, that bone, and what is missing."""
    grid = blob(shape=(12, 14, 16), directions=directions)
    whole = np.zeros(grid.shape, bool)
    whole[2:10, 2:12, 2:14] = True
    whole[4:8, 4:10, 4:12] = False
    implant = np.zeros(grid.shape, bool)
    implant[8:10, 5:9, [5, 6, 9]] = True
    bone = whole & ~implant
    ct = np.where(bone, 900, np.where(np.indices(grid.shape)[0] < 3, -900, 40)).astype(np.int16)
    return tuple(grid.with_voxels(voxels) for voxels in (ct, bone, implant))


def write_case(folder: Path, bone: Volume, implant: Volume, *, finished: bool = True, **result: Any) -> Path:
    """Write the files of a case that an export reads.

    Args:
        folder: Folder to write into.
        bone: The defective skull.
        implant: The implant.
        finished: Whether there is a finished implant, which lacks the implant's last slice.
        result: Entries of ``result.json`` that differ.
    """
    folder.mkdir(parents=True)
    write_volume(implant, folder / "implant.nrrd")
    write_volume(bone.with_voxels(bone.voxels | implant.voxels), folder / "complete_skull.nrrd")
    write_stl(_TRIANGLE, folder / "implant.stl")
    if finished:
        write_volume(finished_part(implant), folder / "finished_implant.nrrd")
        write_stl(FINISHED_MESH, folder / "finished_implant.stl")
    (folder / "report.pdf").write_bytes(b"%PDF-1.4 of an odd length")
    description = {
        "format": "cranext-result",
        "outcome": "implant",
        "preview": False,
        "case_id": "case-7",
        "warnings": [],
    }
    files = {"files": [path.name for path in folder.iterdir()]}
    (folder / "result.json").write_text(json.dumps(description | files | result))
    return folder


def finished_part(implant: Volume) -> Volume:
    """Return the finished implant of :func:`write_case`."""
    voxels = implant.voxels.copy()
    voxels[:, :, 9] = False
    return implant.with_voxels(voxels)
