"""The surface of a result's skull for Slicer's 3D view, made in the worker because it would block Slicer."""

from __future__ import annotations

from pathlib import Path

from CraNeXtLib.geometry.mesh import averaged_normals
from CraNeXtLib.geometry.poly_data import poly_data, write_poly_data
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume_files import read_volume

SKULL_SURFACE = "defective_skull.vtp"
_ITERATIONS = 5  # of smoothing; what is left of the voxels' stairs, the normals hide in a tenth of the time
_ROUNDS = 4  # of averaging the normals


def write_skull_surface(folder: str | Path) -> None:
    """Write the surface of the defective skull into the output folder of ``reconstruct_case``.

    Raises:
        InputError: If a file cannot be read or written.
    """
    complete, implant = (read_volume(Path(folder) / f"{name}.nrrd") for name in ("complete_skull", "implant"))
    mesh = surface_of(complete.with_voxels((complete.voxels != 0) & (implant.voxels == 0)), iterations=_ITERATIONS)
    data = poly_data(mesh, {"Normals": averaged_normals(mesh, rounds=_ROUNDS)})
    data.GetPointData().SetActiveNormals("Normals")
    write_poly_data(data, Path(folder) / SKULL_SURFACE)
