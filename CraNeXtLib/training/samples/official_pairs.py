"""Pairs on the network's grid as the published script makes them, with MONAI's transforms."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from CraNeXtLib.anatomy.categorization.categorize import categorize
from CraNeXtLib.datasets.skull_pair import SkullPair
from CraNeXtLib.training.config import TrainingConfig
from CraNeXtLib.training.samples.numbered_samples import Batch, Cases


def official_pair(pair: SkullPair, shape: tuple[int, int, int], *, labels: bool = False) -> dict[str, Tensor]:
    """Orient to RAS, crop to the defective skull with 25 voxels, and resize: the input by area, the label by nearest.

    PyTorch's "nearest" takes the first voxel of each block, not the middle one, so that the complete skull lies half a
    voxel of the grid toward right, front and top of the defective one. That is how the published networks were trained,
    and why only ``data.grid`` "official" does it: the other grids sample both masks alike.

    Args:
        pair: The case.
        shape: Voxels of the grid.
        labels: Whether to categorize the defective skull too, as published.

    Returns:
        ``defective`` and ``complete``, uint8 of the shape; 255 is bone. With ``labels`` also ``labels``, float16: the
        numbers of the regions averaged by area, as the published script's resizing does.
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
    resized = {key: transformed[key].as_tensor()[0] for key in keys}
    result = {"defective": _bytes(resized["image"]), "complete": _bytes(resized["label"])}
    return result | ({"labels": resized["regions"].half()} if labels else {})


def _bytes(occupancy: Tensor) -> Tensor:
    return (occupancy.clamp(0, 1) * 255).round().to(torch.uint8)


class OfficialPairSamples:
    """Samples of published pairs, which differ from the pairs by flips only.

    Args:
        cases: The pairs, see :func:`official_pair`.
        config: The run's configuration.
        training: Whether to flip at random.
    """

    def __init__(self, cases: Cases, config: TrainingConfig, *, training: bool) -> None:
        augmentation = config.augmentation
        self._cases = cases
        self._flips = (augmentation.flip_left_right, augmentation.flip_front_back) if training else (0.0, 0.0)

    def __len__(self) -> int:
        return len(self._cases)

    def make(self, case: int, repeat: int, rng: np.random.Generator) -> Batch:
        """Return a pair, flipped at random; see :class:`CraNeXtLib.training.samples.numbered_samples.SampleMaker`."""
        del repeat
        pair = self._cases[case]
        axes = [axis for axis, flip in enumerate(rng.random(2) < self._flips, start=1) if flip]
        defective, complete = (pair[name][None].float().div(255).flip(axes) for name in ("defective", "complete"))
        inputs = pair["labels"][None].float().flip(axes) if "labels" in pair else defective
        return {"input": inputs, "defective": defective, "complete": complete}
