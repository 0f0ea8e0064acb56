"""The paper's grid: the whole volume resized to 176 × 224 × 144 voxels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from CraNeXtLib.geometry.box import Box, foreground_box
from CraNeXtLib.geometry.volume import Volume


@dataclass(frozen=True, eq=False)
class OfficialGrid:
    """The published preprocessing, with MONAI's own transforms.

    Array axes are flipped and permuted to the nearest of R, A and S, cropped to the defective skull with a margin of 25
    voxels whatever their size, and resized by area. The way back uses the same modes, so values come back in blocks.

    Args:
        skull: The defective skull, a mask of shape (I, J, K).
        shape: Number of voxels along R, A and S.
    """

    skull: Volume
    shape: tuple[int, int, int]

    def sample(self, volume: Volume) -> np.ndarray:
        """Resample a mask of the skull's geometry to the grid by area averaging, float32."""
        return self._forward(_meta_tensor(volume)).numpy()[0]

    def sample_labels(self, labels: Volume) -> np.ndarray:
        """Resample a label map of the skull's geometry by area averaging, which mixes labels, as published."""
        return self._forward(_meta_tensor(labels, mask=False)).numpy()[0]

    def restore(self, values: np.ndarray, box: Box | None = None) -> np.ndarray:
        """Invert the transforms, each in the mode it was made with; 0 outside the crop."""
        import torch

        sampled = self._forward(_meta_tensor(self.skull))
        sampled.data = torch.as_tensor(np.ascontiguousarray(values, dtype=np.float32))[None]
        orient, crop, resize = self._transforms
        restored = orient.inverse(crop.inverse(resize.inverse(sampled))).numpy()[0]
        return restored if box is None else restored[box]

    def box(self, mask: np.ndarray) -> Box:
        """Return the box of the skull's voxels that contains the true voxels of a mask on the grid.

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
        """The three transforms, kept because MONAI inverts a step only with the object that did it."""
        from monai.transforms import CropForeground, Orientation, Resize

        ras_labels = (("L", "R"), ("P", "A"), ("I", "S"))
        return (
            Orientation("RAS", labels=ras_labels),
            CropForeground(margin=25, allow_smaller=False),
            Resize(self.shape, mode="area"),
        )


def _meta_tensor(volume: Volume, *, mask: bool = True) -> Any:
    """Return a volume, or whether it is nonzero, as MONAI's float tensor of shape (1, I, J, K) with its affine."""
    import torch
    from monai.data import MetaTensor

    values = torch.as_tensor((volume.voxels != 0 if mask else volume.voxels).astype(np.float32))
    return MetaTensor(values[None], affine=torch.as_tensor(volume.affine.copy()))
