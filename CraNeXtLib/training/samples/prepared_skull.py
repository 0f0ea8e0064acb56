"""Skulls in RAS directions at one spacing, ready for cutting defects into them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from CraNeXtLib.anatomy.categorization.categorize import categorize
from CraNeXtLib.anatomy.head.landmarks import skull_frame
from CraNeXtLib.anatomy.head.pose import upright_frame
from CraNeXtLib.datasets.skull_pair import SkullPair
from CraNeXtLib.geometry.resampling import resampled_occupancy
from CraNeXtLib.geometry.volume import Volume

_VAULT_MM = 125.0
"""The vault grid contains nothing that lies further below the vertex."""
_MARGIN_MM = 4.0
"""Free space around the bone."""


@dataclass(frozen=True, eq=False)
class PreparedSkull:
    """A complete skull in RAS directions at one spacing, and its own implant.

    Args:
        complete: Mask, bool.
        implant: Mask of the same shape, or None if the case has no defect of its own.
        rotation: Rotation that brings the head upright, shape (3, 3), see ``SkullFrame``.
        regions: Labels 1 to 9 of the bone, uint8 of the same shape, or None if the input does not need them.
    """

    complete: Volume
    implant: np.ndarray | None
    rotation: np.ndarray
    regions: np.ndarray | None = None

    def packed(self) -> dict[str, Tensor]:
        """Return the skull as tensors for the cache, with masks as packed bits."""
        result = {
            "affine": torch.from_numpy(self.complete.affine.copy()),
            "shape": torch.tensor(self.complete.shape),
            "turn": torch.from_numpy(self.rotation),
            "complete": torch.from_numpy(np.packbits(self.complete.voxels)),
        }
        if self.implant is not None:
            result["implant"] = torch.from_numpy(np.packbits(self.implant))
        if self.regions is not None:
            result["regions"] = torch.from_numpy(self.regions[self.complete.voxels])
        return result

    @classmethod
    def unpacked(cls, tensors: dict[str, Tensor]) -> PreparedSkull:
        """Undo ``packed``."""
        shape = tuple(tensors["shape"].tolist())

        def mask(name: str) -> np.ndarray:
            return np.unpackbits(tensors[name].numpy(), count=int(np.prod(shape))).reshape(shape).view(bool)

        complete, regions = mask("complete"), None
        if "regions" in tensors:
            regions = np.zeros(shape, np.uint8)
            regions[complete] = tensors["regions"].numpy()
        implant = mask("implant") if "implant" in tensors else None
        return cls(Volume(complete, tensors["affine"].numpy()), implant, tensors["turn"].numpy(), regions)


def prepare_skull(pair: SkullPair, *, spacing_mm: float, vault_only: bool, categorized: bool = False) -> PreparedSkull:
    """Resample a case to RAS directions and one spacing.

    Args:
        pair: The case.
        spacing_mm: The spacing.
        vault_only: Whether to leave out whatever lies more than 125 mm below the vertex.
        categorized: Whether to find the regions of the bone too.

    Raises:
        InputError: If the complete skull is empty, or its regions cannot be found.
    """
    frame = skull_frame(pair.complete)
    low, high = frame.points.min(axis=0) - _MARGIN_MM, frame.points.max(axis=0) + _MARGIN_MM
    if vault_only:
        low[2] = frame.vertex - _VAULT_MM
        vault = frame.points[frame.points[:, 2] > low[2]]
        low[:2], high[:2] = vault.min(axis=0)[:2] - _MARGIN_MM, vault.max(axis=0)[:2] + _MARGIN_MM
    i, j, k = np.ceil((high - low) / spacing_mm).astype(int).tolist()
    affine = np.diag([spacing_mm] * 3 + [1.0])
    affine[:3, 3] = low + spacing_mm / 2
    complete, implant = (resampled_occupancy(mask, affine, (i, j, k)) for mask in (pair.complete, pair.implant))
    bone = complete >= 0.5
    skull = Volume(bone, affine)
    regions = None
    if categorized:
        regions = np.zeros(bone.shape, np.uint8)
        regions[bone] = categorize(pair.complete).pose.label_points(skull.to_ras(np.argwhere(bone)))
    own = bone & (implant >= complete / 2) if pair.implant.voxels.any() else None
    return PreparedSkull(skull, own, upright_frame(pair.complete).rotation, regions)
