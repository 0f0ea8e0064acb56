"""Pairs on the grid as the published script makes them, with MONAI's transforms."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from CraNeXtLib.datasets import SkullPair


def official_pair(pair: SkullPair, shape: tuple[int, int, int]) -> dict[str, Tensor]:
    """Orient to RAS, crop to the defective skull with 25 voxels, resize: the input by area, the label by nearest.

    Args:
        pair: The case.
        shape: Voxels of the grid.

    Returns:
        ``defective`` and ``complete``, uint8 of the shape; 255 is bone.
    """
    from monai.data import MetaTensor
    from monai.transforms import Compose, CropForegroundd, Orientationd, Resized

    keys = ("image", "label")
    transform = Compose(
        [
            Orientationd(keys, axcodes="RAS", labels=(("L", "R"), ("P", "A"), ("I", "S"))),
            CropForegroundd(keys, source_key="image", margin=25, allow_smaller=False),
            Resized(keys, shape, mode=("area", "nearest")),
        ]
    )
    affine = torch.from_numpy(pair.complete.affine.copy())
    masks = {"image": pair.defective, "label": pair.complete}
    data = {
        key: MetaTensor(torch.from_numpy(mask.voxels.astype(np.float32))[None], affine=affine)
        for key, mask in masks.items()
    }
    image, label = (transform(data)[key].as_tensor()[0] for key in keys)
    return {"defective": _bytes(image), "complete": _bytes(label)}


def _bytes(share: Tensor) -> Tensor:
    return (share.clamp(0, 1) * 255).round().to(torch.uint8)
