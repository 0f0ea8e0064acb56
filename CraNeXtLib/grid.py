"""The way from a skull's voxels to the network's grid, and back."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, Protocol

import numpy as np

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.resampling import resample, share_of_voxels
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.head.skull_frame import skull_frame

NETWORK_SHAPE = (176, 224, 144)
"""Voxels from left to right, posterior to anterior, inferior to superior (paper, section V)."""

Box = tuple[slice, slice, slice]

_VAULT_FIELD_MM = (180.0, 216.0, 144.0)
_VAULT_SIDE_MARGIN_MM = 8.0
_VAULT_VERTEX_MARGIN_MM = 25.0


class Grid(Protocol):
    """What both ways offer. A grid belongs to one defective skull; it never changes."""

    shape: tuple[int, int, int]

    def sample(self, volume: Volume) -> np.ndarray:
        """Bring a mask with the skull's geometry to the grid: float32 of the grid's shape, share of bone, 0 to 1."""

    def restore(self, values: np.ndarray, box: Box | None = None) -> np.ndarray:
        """Bring values on the grid back to the skull's voxels, or to a box of them: float32."""

    def box(self, mask: np.ndarray) -> Box:
        """Return the box of the skull's voxels that holds a mask on the grid."""


@dataclass(frozen=True, eq=False)
class DefaultGrid:
    """A box of RAS directions around the skull, in millimetres.

    It mends what the published preprocessing gets wrong (:class:`OfficialGrid`): the axes are the patient's also where
    the scanner's are tilted; the margin is in mm, whatever the spacing, and wider above, since the top of a skull whose
    vertex is missing lies above its highest remaining bone; values come back by linear interpolation, not in blocks.

    Args:
        skull: The defective skull, a mask of shape (I, J, K).
        shape: Voxels of the grid along R, A and S.
        margin_mm: Free space on every side.
        vertex_margin_mm: Free space above. A defect of 120 mm across a vault of 80 mm radius lowers the top by 27 mm.

    Raises:
        InputError: If the mask is empty.
    """

    skull: Volume
    shape: tuple[int, int, int] = NETWORK_SHAPE
    margin_mm: float = 10.0
    vertex_margin_mm: float = 25.0
    affine: np.ndarray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        low, high = _ras_extent(self.skull)
        low = low - self.margin_mm
        high = high + np.array((self.margin_mm, self.margin_mm, self.vertex_margin_mm))
        spacing = (high - low) / self.shape
        affine = np.diag([*spacing, 1.0])
        affine[:3, 3] = low + spacing / 2
        affine.flags.writeable = False
        object.__setattr__(self, "affine", affine)

    @property
    def spacing(self) -> np.ndarray:
        """Distance between the grid's voxel centres along R, A and S, in mm."""
        return np.diag(self.affine)[:3].copy()

    def sample(self, volume: Volume) -> np.ndarray:
        """Bring a mask to the grid as the share of each grid voxel that it fills."""
        return share_of_voxels(volume, self.affine, self.shape)

    def restore(self, values: np.ndarray, box: Box | None = None) -> np.ndarray:
        """Interpolate values on the grid at the centres of the skull's voxels; 0 outside the grid."""
        target = self.skull if box is None else self.skull.crop(box)
        return resample(values, np.linalg.inv(self.affine) @ target.affine, target.shape)

    def box(self, mask: np.ndarray) -> Box:
        """Return the box of the skull's voxels that holds the true voxels of a mask on the grid.

        Raises:
            InputError: If the mask is empty.
        """
        sides = foreground_box(mask, margin=1)
        corners = np.stack(np.meshgrid(*[(s.start, s.stop - 1) for s in sides]), axis=-1).reshape(-1, 3)
        indices = self.skull.to_indices(corners @ self.affine[:3, :3].T + self.affine[:3, 3])
        low = np.clip(np.floor(indices.min(axis=0)), 0, None).astype(int)
        high = np.minimum(np.ceil(indices.max(axis=0)).astype(int) + 1, self.skull.shape)
        return tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))


@dataclass(frozen=True, eq=False)
class VaultGrid(DefaultGrid):
    """A box of 180 × 216 × 144 mm around the vault, so that a millimetre is as many voxels in every skull.

    Cranial defects lie in the vault, and scans end at any level of the face or neck below it: a box that is placed from
    the vertex downwards spends its voxels where the implant is, and looks alike for every field of view. It grows, in
    proportion, around a skull that is wider or longer. The room above is for a missing vertex, as in ``DefaultGrid``.

    Args:
        skull: The defective skull, a mask of shape (I, J, K).
        shape: Voxels of the grid along R, A and S; (80, 96, 64) makes them 2.25 mm.

    Raises:
        InputError: If the mask is empty or nearly so.
    """

    def __post_init__(self) -> None:
        frame = skull_frame(self.skull)
        field = np.array(_VAULT_FIELD_MM)
        needed = np.array((frame.width, frame.length)) + 2 * _VAULT_SIDE_MARGIN_MM
        field *= max(1.0, *(needed / field[:2]))
        spacing = field / self.shape
        low = np.array((*frame.centre[:2], frame.vertex + _VAULT_VERTEX_MARGIN_MM - field[2] / 2)) - field / 2
        affine = np.diag([*spacing, 1.0])
        affine[:3, 3] = low + spacing / 2
        affine.flags.writeable = False
        object.__setattr__(self, "affine", affine)


@dataclass(frozen=True, eq=False)
class OfficialGrid:
    """The published preprocessing, with MONAI's own transforms.

    Array axes turned to the nearest of R, A, S; cropped to the defective skull with a margin of 25 voxels, whatever
    their size; resized by area; and back by the same modes, which gives blocks.

    Args:
        skull: The defective skull, a mask of shape (I, J, K).
        shape: Voxels of the grid along R, A and S.
    """

    skull: Volume
    shape: tuple[int, int, int] = NETWORK_SHAPE

    def sample(self, volume: Volume) -> np.ndarray:
        """Bring a mask of the skull's geometry to the grid by area averaging."""
        return self._forward(_meta_tensor(volume)).numpy()[0]

    def sample_labels(self, labels: Volume) -> np.ndarray:
        """Bring a label map of the skull's geometry to the grid by area averaging, which mixes labels, as published."""
        return self._forward(_meta_tensor(labels, mask=False)).numpy()[0]

    def restore(self, values: np.ndarray, box: Box | None = None) -> np.ndarray:
        """Undo the transforms with the modes they were made with; 0 outside the crop."""
        import torch

        sampled = self._forward(_meta_tensor(self.skull))
        sampled.data = torch.as_tensor(np.ascontiguousarray(values, dtype=np.float32))[None]
        orient, crop, resize = self._transforms
        restored = orient.inverse(crop.inverse(resize.inverse(sampled))).numpy()[0]
        return restored if box is None else restored[box]

    def box(self, mask: np.ndarray) -> Box:
        """Return the box of the skull's voxels that holds the true voxels of a mask on the grid.

        Raises:
            InputError: If the mask is empty.
        """
        return foreground_box(self.restore(mask) > 0)

    def _forward(self, tensor: Any) -> Any:
        """Return the MetaTensor on the grid, (1, X, Y, Z), with the history that inverts it."""
        orient, crop, resize = self._transforms
        return resize(crop.crop_pad(orient(tensor), *self._crop_box))

    @cached_property
    def _crop_box(self) -> tuple[Any, Any]:
        orient, crop, _ = self._transforms
        return crop.compute_bounding_box(orient(_meta_tensor(self.skull)))

    @cached_property
    def _transforms(self) -> tuple[Any, Any, Any]:
        """The three transforms, made once: MONAI inverts a step only with the object that did it."""
        from monai.transforms import CropForeground, Orientation, Resize

        ras_labels = (("L", "R"), ("P", "A"), ("I", "S"))
        return (
            Orientation("RAS", labels=ras_labels),
            CropForeground(margin=25, allow_smaller=False),
            Resize(self.shape, mode="area"),
        )


def make_grid(
    name: Literal["default", "official", "vault"], skull: Volume, shape: tuple[int, int, int] = NETWORK_SHAPE
) -> DefaultGrid | OfficialGrid:
    """Return the grid of that name around a defective skull.

    Raises:
        InputError: If the name is unknown or the skull empty.
    """
    grids = {"default": DefaultGrid, "official": OfficialGrid, "vault": VaultGrid}
    if name not in grids:
        raise InputError(f"There is no grid '{name}'; choose one of: {', '.join(grids)}.")
    return grids[name](skull, tuple(shape))


def _meta_tensor(volume: Volume, *, mask: bool = True) -> Any:
    """Return a volume, or whether it is not 0, as MONAI's float tensor of shape (1, I, J, K) with its affine."""
    import torch
    from monai.data import MetaTensor

    values = torch.as_tensor((volume.voxels != 0 if mask else volume.voxels).astype(np.float32))
    return MetaTensor(values[None], affine=torch.as_tensor(volume.affine.copy()))


def _ras_extent(volume: Volume) -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and highest R, A, S in mm of a mask's voxels, their own size included."""
    box = foreground_box(volume.voxels != 0)
    part = volume.crop(box)
    mask = part.voxels != 0
    # R, A and S change linearly along a column of voxels, so that their extremes lie at its first and last true voxel.
    i, j = np.nonzero(mask.any(axis=2))
    columns = mask[i, j]
    first, last = columns.argmax(axis=1), mask.shape[2] - 1 - columns[:, ::-1].argmax(axis=1)
    points = np.concatenate([part.to_ras(np.stack([i, j, k], axis=1)) for k in (first, last)])
    half_voxel = np.abs(volume.affine[:3, :3]).sum(axis=1) / 2
    return points.min(axis=0) - half_voxel, points.max(axis=0) + half_voxel
