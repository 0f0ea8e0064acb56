"""A voxel array and its position in the patient: the one value that the whole library passes around."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.affine import apply_affine, axis_codes
from CraNeXtLib.geometry.box import Box, corners_between


def memory_order(voxels: np.ndarray) -> Literal["C", "F"]:
    """Return "F" if neighbors along the first axis of an array lie nearer in memory than along the last, else "C"."""
    return "F" if abs(voxels.strides[0]) < abs(voxels.strides[-1]) else "C"


@dataclass(frozen=True, eq=False)
class Volume:
    """Voxels, and the affine from their indices to RAS coordinates.

    Immutable, without header or file, and usable inside 3D Slicer, whose Python has neither nibabel (for its
    ``SpatialImage``) nor torch (for TorchIO's ``Image``).

    Args:
        voxels: Array of shape (I, J, K) and any type; the volume holds a read-only view.
        affine: 4×4 matrix from voxel indices (i, j, k) to the RAS coordinates of voxel centers, in mm.

    Raises:
        InputError: If the array is not three-dimensional or the affine is not an invertible affine matrix.
    """

    voxels: np.ndarray
    affine: np.ndarray

    def __post_init__(self) -> None:
        voxels = np.asarray(self.voxels).view()
        affine = np.array(self.affine, dtype=float)
        if voxels.ndim != 3:
            raise InputError(f"The volume has {voxels.ndim} dimensions; give a single 3D volume.")
        if 0 in voxels.shape:
            raise InputError("The volume has no voxels.")
        if affine.shape != (4, 4) or not np.isfinite(affine).all() or not np.array_equal(affine[3], [0, 0, 0, 1]):
            raise InputError("The affine must be a finite 4x4 matrix whose last row is 0 0 0 1.")
        lengths = np.linalg.norm(affine[:3, :3], axis=0)
        if not (lengths > 0).all() or abs(np.linalg.det(affine[:3, :3] / lengths)) < 1e-6:
            raise InputError("The affine is singular; the file's spacing or directions are damaged.")
        voxels.flags.writeable = False
        affine.flags.writeable = False
        object.__setattr__(self, "voxels", voxels)
        object.__setattr__(self, "affine", affine)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of voxels along each array axis."""
        return self.voxels.shape

    @property
    def spacing(self) -> np.ndarray:
        """Distance between voxel centers along each array axis, in mm."""
        return np.linalg.norm(self.affine[:3, :3], axis=0)

    @property
    def corners(self) -> np.ndarray:
        """RAS coordinates of the centers of the eight corner voxels, in mm, shape (8, 3)."""
        return self.to_ras(corners_between((0, 0, 0), np.array(self.shape) - 1))

    @property
    def voxel_volume_mm3(self) -> float:
        """Volume of one voxel, in mm³."""
        return float(abs(np.linalg.det(self.affine[:3, :3])))

    @property
    def axis_codes(self) -> str:
        """Direction of each array axis, as three of the letters R, L, A, P, S and I, such as ``"LPS"``."""
        return axis_codes(self.affine)

    @property
    def order(self) -> Literal["C", "F"]:
        """Order of the voxels in memory: "F" if neighbors along the first axis lie nearest, as in files, else "C"."""
        return memory_order(self.voxels)

    def with_voxels(self, voxels: np.ndarray) -> Volume:
        """Return a volume of the same geometry with these voxels.

        Raises:
            InputError: If the shape differs.
        """
        if np.shape(voxels) != self.shape:
            raise InputError(f"Voxels of shape {np.shape(voxels)} do not fit a volume of shape {self.shape}.")
        return Volume(voxels, self.affine)

    def zeros(self, dtype: type) -> np.ndarray:
        """Return zeros of the volume's shape, in its order of memory: operations on two orders take ten times as long.

        Unlike those of ``np.zeros_like``, they take no memory where nothing is written.
        """
        return np.zeros(self.shape, dtype, order=self.order)

    def crop(self, box: Box) -> Volume:
        """Return the part of the volume in a box, with its own affine.

        >>> volume = Volume(np.zeros((4, 4, 4)), np.diag([2.0, 2.0, 2.0, 1.0]))
        >>> part = volume.crop((slice(1, 3), slice(2, 4), slice(0, 4)))
        >>> part.shape, part.affine[:3, 3].tolist()
        ((2, 2, 4), [2.0, 4.0, 0.0])
        """
        origin = [side.indices(size)[0] for side, size in zip(box, self.shape, strict=True)]
        affine = self.affine.copy()
        affine[:3, 3] = self.to_ras(np.array([origin]))[0]
        return Volume(self.voxels[box], affine)

    def to_ras(self, indices: np.ndarray) -> np.ndarray:
        """Map voxel indices of shape (N, 3), which may be fractions, to RAS coordinates in mm."""
        return apply_affine(self.affine, indices)

    def to_indices(self, points: np.ndarray) -> np.ndarray:
        """Map RAS coordinates of shape (N, 3), in mm, to fractional voxel indices."""
        return np.linalg.solve(self.affine[:3, :3], (np.asarray(points) - self.affine[:3, 3]).T).T

    def has_geometry_of(self, other: Volume, *, tolerance_mm: float = 1e-3) -> bool:
        """Return whether both volumes have the same shape, and corners no farther apart than the tolerance."""
        if self.shape != other.shape:
            return False
        return bool(np.abs(self.corners - other.corners).max() <= tolerance_mm)
