"""Pairs on the grid as the published script makes them, with MONAI's transforms."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from CraNeXtLib.anatomy.categorization.categorize import categorize
from CraNeXtLib.datasets.manifest import SkullPair


def official_pair(pair: SkullPair, shape: tuple[int, int, int], *, labels: bool = False) -> dict[str, Tensor]:
    """Orient to RAS, crop to the defective skull with 25 voxels, resize: the input by area, the label by nearest.

    Args:
        pair: The case.
        shape: Voxels of the grid.
        labels: Categorize the defective skull too, as published.

    Returns:
        ``defective`` and ``complete``, uint8 of the shape; 255 is bone. With labels also ``labels``, float16: the
        regions' numbers averaged by area, as the published script's resizing does.
    """
    from monai.data import MetaTensor
    from monai.transforms import Compose, CropForegroundd, Orientationd, Resized

    modes = {"image": "area", "label": "nearest"} | ({"regions": "area"} if labels else {})
    keys = tuple(modes)
    transform = Compose(
        [
            Orientationd(keys, axcodes="RAS", labels=(("L", "R"), ("P", "A"), ("I", "S"))),
            CropForegroundd(keys, source_key="image", margin=25, allow_smaller=False),
            Resized(keys, shape, mode=tuple(modes.values())),
        ]
    )
    affine = torch.from_numpy(pair.complete.affine.copy())
    masks = {"image": pair.defective, "label": pair.complete}
    if labels:
        masks["regions"] = categorize(pair.defective, method="official").labels
    data = {
        key: MetaTensor(torch.from_numpy(mask.voxels.astype(np.float32))[None], affine=affine)
        for key, mask in masks.items()
    }
    transformed = transform(data)
    moved = {key: transformed[key].as_tensor()[0] for key in keys}
    result = {"defective": _bytes(moved["image"]), "complete": _bytes(moved["label"])}
    return result | ({"labels": moved["regions"].half()} if labels else {})


def _bytes(share: Tensor) -> Tensor:
    return (share.clamp(0, 1) * 255).round().to(torch.uint8)
