"""The expected error of an implant as files: a volume, a surface and a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy import ndimage

from CraNeXtLib.evaluation.distance_map_files import write_vtp
from CraNeXtLib.evaluation.distance_maps import DistanceMap
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import write_volume
from CraNeXtLib.implant.expected_error import ExpectedError

NAME = "expected_error"
PICTURE = f"{NAME}.png"
CAPTION = "Expected error of the outer surface; gray where it cannot be estimated."


def write_expected_error(
    expected: ExpectedError,
    implant: Volume,
    mesh: Mesh,
    skull: Volume,
    folder: Path,
    *,
    picture: bool,
    case_id: str = "",
) -> DistanceMap:
    """Write a map into a folder: ``expected_error.nrrd``, ``.vtp`` and, with a picture, ``.png``; return it painted.

    Args:
        expected: The map.
        implant: Mask of the implant, of the same geometry.
        mesh: Its surface.
        skull: Mask of the defective skull.
        folder: Folder to write into.
        picture: Whether to draw the map, too.
        case_id: Name of the case, for the picture.
    """
    write_volume(expected.volume, folder / f"{NAME}.nrrd")
    painted = error_map(expected.volume.crop(foreground_box(implant.voxels)), mesh)
    write_vtp(painted, folder / f"{NAME}.vtp")
    if picture:
        draw_expected_error(painted, skull, folder, case_id=case_id)
    return painted


def draw_expected_error(painted: DistanceMap, skull: Volume, folder: Path, *, case_id: str = "") -> None:
    """Draw the expected error as ``expected_error.png`` into a folder.

    Args:
        painted: What :func:`error_map` returned.
        skull: Mask of the defective skull.
        folder: Folder to write into.
        case_id: Name of the case, if there is one.
    """
    from CraNeXtLib.anatomy.head.landmarks import skull_frame
    from CraNeXtLib.pictures.distance_pictures import views_from, write_distance_picture

    views = views_from(painted.mesh.vertices.mean(axis=0) - skull_frame(skull).center)
    write_distance_picture(
        painted, folder / PICTURE, views=views, title="Expected error", legend="Expected error in mm", case_id=case_id
    )


def error_map(volume: Volume, mesh: Mesh) -> DistanceMap:
    """Map the expected error onto the implant's surface; NaN where the voxels beneath have no value.

    Args:
        volume: Expected error in mm, 0 where unknown.
        mesh: Surface of the implant.
    """
    indices = volume.to_indices(mesh.vertices).T
    values, weights = (
        ndimage.map_coordinates(voxels.astype(np.float32), indices, order=1, mode="nearest")
        for voxels in (volume.voxels, volume.voxels > 0)
    )
    return DistanceMap(mesh, np.where(weights > 0, values / np.maximum(weights, 1e-6), np.nan), f"{NAME}_mm")
