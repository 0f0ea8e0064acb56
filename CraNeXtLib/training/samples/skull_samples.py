"""Samples drawn from whole skulls: a defect is cut, the head is moved and deformed, and brought to the grid."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from CraNeXtLib.anatomy.head.landmarks import SkullFrame, skull_frame
from CraNeXtLib.anatomy.head.network_grid import make_grid
from CraNeXtLib.anatomy.head.ras_box_grid import RasBoxGrid
from CraNeXtLib.anatomy.head.regions import ALL_REGIONS
from CraNeXtLib.datasets.synthetic_defects.cutting import make_defect
from CraNeXtLib.geometry.affine import apply_affine
from CraNeXtLib.training.augmentation import elastic_displacement, random_affine, sample_kind, segmentation_noise
from CraNeXtLib.training.config import AugmentationConfig, TrainingConfig
from CraNeXtLib.training.samples.interpolation import block_means, interpolate
from CraNeXtLib.training.samples.numbered_samples import Batch, Cases
from CraNeXtLib.training.samples.prepared_skull import PreparedSkull

_NO_AUGMENTATION = AugmentationConfig(
    own_defect=1, flip_left_right=0, rotation_deg=0, scaling=0, translation_mm=0, elastic_mm=0, segmentation_noise=0
)


class SkullSamples:
    """Samples of prepared skulls.

    Args:
        cases: The skulls, see :meth:`PreparedSkull.packed`.
        config: The run's configuration.
        training: Whether to move and change the head at random. Otherwise it stays as it is, with its own defect; one
            without gets a synthetic defect.
    """

    def __init__(self, cases: Cases, config: TrainingConfig, *, training: bool) -> None:
        augmentation = config.augmentation
        self._cases, self._grid, self._shape = cases, config.data.grid, config.data.shape
        self._augmentation = augmentation if training else replace(_NO_AUGMENTATION, defects=augmentation.defects)
        self._frames: dict[int, SkullFrame] = {}

    def __len__(self) -> int:
        return len(self._cases)

    def make(self, case: int, repeat: int, rng: np.random.Generator) -> Batch:
        """Return a sample of a skull; see :class:`CraNeXtLib.training.samples.numbered_samples.SampleMaker`."""
        del repeat
        skull = PreparedSkull.unpacked(self._cases[case])
        if case not in self._frames:
            self._frames[case] = skull_frame(skull.complete, skull.rotation)
        return draw_sample(skull, self._frames[case], self._augmentation, rng, grid=self._grid, shape=self._shape)


def draw_sample(
    skull: PreparedSkull,
    frame: SkullFrame,
    config: AugmentationConfig,
    rng: np.random.Generator,
    *,
    grid: Literal["default", "official", "vault"],
    shape: tuple[int, int, int],
) -> Batch:
    """Choose a defect, move and deform the head at random, and bring it to the network's grid.

    Args:
        skull: The skull.
        frame: Landmarks of the upright head.
        config: Which defects, and how much change.
        rng: Source of all that is random.
        grid: Name of the grid.
        shape: Voxels of the grid.

    Returns:
        Occupancies, float32: ``defective`` and ``complete`` skull, (1, X, Y, Z), and ``input``, which is the defective
        skull, or (10, X, Y, Z) of no bone and the regions 1 to 9 of the defective skull.
    """
    implant = skull.implant
    if implant is None or rng.random() >= config.own_defect:
        implant = make_defect(skull.complete, sample_kind(config, rng), seed=rng, frame=frame).voxels
    defective = skull.complete.with_voxels(skull.complete.voxels & ~implant)
    box = make_grid(grid, defective, shape)
    assert isinstance(box, RasBoxGrid)  # the official grid takes published pairs instead
    movement = random_affine(config, rng, apply_affine(box.affine, np.array(shape) / 2))
    masks = [defective.voxels, skull.complete.voxels]
    if skull.regions is not None:
        masks += [defective.voxels & (skull.regions == region.label) for region in ALL_REGIONS]
    values, affine = block_means(masks, box.spacing.mean(), skull.complete)
    displacement = None
    if config.elastic_mm and rng.random() < config.elastic:
        displacement = elastic_displacement(rng, shape, box.spacing, sd_mm=config.elastic_mm)
        displacement /= torch.from_numpy(box.spacing).float().view(3, 1, 1, 1)
    bone, complete, *regions = interpolate(values, np.linalg.inv(affine) @ movement @ box.affine, shape, displacement)
    if rng.random() < config.segmentation_noise:
        bone, lost = segmentation_noise(torch.stack([bone, complete - bone]), rng, box.spacing)
        complete = bone + lost
    inputs = _with_background(torch.stack(regions), bone) if regions else bone[None]
    return {"input": inputs, "defective": bone[None], "complete": complete[None]}


def _with_background(regions: Tensor, bone: Tensor) -> Tensor:
    """Return no bone and the regions as occupancies that sum to 1.

    Args:
        regions: Occupancy of the regions before noise, shape (9, X, Y, Z).
        bone: Occupancy of the bone after noise, shape (X, Y, Z).
    """
    regions = regions / regions.sum(dim=0).clamp(min=1e-6) * bone
    return torch.cat([(1 - regions.sum(dim=0, keepdim=True)).clamp(min=0), regions])
