"""What a refiner learns from: defects, and what a shape model that has not seen the skull fills into them.

A shape model fits the skulls that it was made from better than others, and a refiner that saw only such proposals would
learn to trust them too much. So the training skulls are divided into three folds, and the proposals of each come from
the mean and the components of the other two (cross-fitting). The mean surface, which all skulls are aligned to, is that
of the bundled model.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.data.utils import pickle_hashing
from monai.transforms import Transform
from torch import Tensor

from CraNeXtLib.anatomy.head.model_space_grid import ModelSpaceGrid
from CraNeXtLib.completion import model_library
from CraNeXtLib.completion.shape_model.completer import PCACompleter
from CraNeXtLib.completion.shape_model.model import PCASkull
from CraNeXtLib.completion.shape_model.shape_prior import ShapePrior
from CraNeXtLib.datasets.synthetic_defects.cutting import make_defect
from CraNeXtLib.training.augmentation import sample_kind
from CraNeXtLib.training.config import AugmentationConfig
from CraNeXtLib.training.samples.kept_on_disk import KeptOnDisk
from CraNeXtLib.training.samples.numbered_samples import Cases
from CraNeXtLib.training.samples.placed_case import PlacedCase, bundled_shape_model, disc_of
from CraNeXtLib.training.shape_model.fit import components_of

FOLDS = 3
FINE_SHAPE = (120, 144, 96)
"""Voxels of the grid that samples are drawn from: 1.5 mm."""

_COMPONENTS = 100
_FORMAT = 2
"""Version of the proposals in the cache. It goes up when they change, which makes older caches invalid."""


class _CoarsePrior(ShapePrior):
    """A prior that looks at fewer positions: nearly the same prediction in a fifth of the time."""

    def subsample(self, seen: np.ndarray, unseen: np.ndarray, **_: float) -> np.ndarray:
        return super().subsample(seen, unseen, near_mm=14)


def refitted(model: PCASkull, radial_maps: Sequence[np.ndarray]) -> PCASkull:
    """Return a shape model with the mean and the components of other skulls.

    Args:
        model: The model whose surface, kernels and noise are kept.
        radial_maps: Outer radius and thickness of the skulls on the whole disc, see :class:`PlacedCase`.
    """
    disc = disc_of(model)[0]
    domain, mean, modes = components_of(np.array(radial_maps, np.float32), disc, _COMPONENTS)
    prior, positions = model.prior, model.grid.directions[domain] * mean[0][:, None]
    return replace(
        model,
        domain=domain,
        prior=_CoarsePrior(mean, modes, positions, prior.kernels, prior.noise_mm, prior.reach_mm, (5.0, 14.0)),
    )


def propose(
    case: PlacedCase, model: PCASkull, config: AugmentationConfig, rng: np.random.Generator
) -> dict[str, Tensor]:
    """Cut a defect, or take the case's own, and let a shape model fill it.

    Returns:
        Occupancies in 255ths, uint8 of ``FINE_SHAPE``: the ``complete`` skull, the ``implant`` and the ``proposal``.
    """
    implant = case.implant
    if not implant.any() or rng.random() >= config.own_defect:
        implant = make_defect(case.complete, sample_kind(config, rng), seed=rng, frame=case.frame()).voxels
    grid = ModelSpaceGrid(model.surface, FINE_SHAPE)
    complete, missing = (grid.sample(case.occupancy(mask), case.alignment) for mask in (case.complete.voxels, implant))
    defective = case.complete.with_voxels(case.complete.voxels & ~implant)
    fill = PCACompleter(model).fill(defective, case.occupancy(defective.voxels), case.alignment, lambda _: None)
    values = {"complete": complete, "implant": np.minimum(missing, complete), "proposal": fill.on_grid(grid)}
    return {name: torch.from_numpy(np.round(255 * value).astype(np.uint8)) for name, value in values.items()}


class Proposals:
    """Defects and proposals by case and number, made on first use and kept on disk.

    Args:
        cases: The prepared cases, see :class:`PlacedCase`; a sequence that reads them from disk.
        config: The kinds of defects.
        cache: Folder that they are kept in.
        seed: Seed of the defects.
        cross_fitted: Whether shape models that have not seen the skull propose; otherwise the bundled one does.
    """

    def __init__(
        self,
        cases: Cases,
        config: AugmentationConfig,
        cache: Path,
        seed: int,
        *,
        cross_fitted: bool,
    ) -> None:
        self._cases, self._config, self._seed = cases, config, seed
        self._cross_fitted = cross_fitted
        self._kept = KeptOnDisk([], _Propose(self), cache, hash_func=pickle_hashing)

    @cached_property
    def models(self) -> list[PCASkull]:
        """The shape model of each fold, or only the bundled one."""
        model = bundled_shape_model()
        if not self._cross_fitted:
            return [model]
        radial_maps = [PlacedCase.unpacked(tensors).radial_maps for tensors in self._cases]
        return [
            refitted(model, [maps for number, maps in enumerate(radial_maps) if number % FOLDS != fold])
            for fold in range(FOLDS)
        ]

    @cached_property
    def _key(self) -> str:
        """Everything that a proposal depends on but its case and number."""
        maps = hashlib.sha256(b"".join(tensors["shells"].numpy().tobytes() for tensors in self._cases)).hexdigest()
        shape_model = model_library.find("pca_skull").sha256
        return f"{_FORMAT} {shape_model} {self._config} {self._seed} {self._cross_fitted} {maps}"

    def get(self, case: int, number: int, *, keep: bool) -> dict[str, Tensor]:
        """Return a defect of a case with its proposal; see :func:`propose`.

        Args:
            case: Index of the case.
            number: Number of the defect.
            keep: Whether to keep it on disk.
        """
        item = {"proposals": self._key, "skull": case, "number": number}
        if not keep:
            return self.make(item)
        self._kept.data = [item]
        kept: dict[str, Tensor] = self._kept[0]
        return kept

    def make(self, item: dict[str, Any]) -> dict[str, Tensor]:
        """Cut and fill the defect that an item of the cache describes."""
        case, number = item["skull"], item["number"]
        rng = np.random.default_rng([self._seed, 2, case, number])
        model = self.models[case % len(self.models)]
        return propose(PlacedCase.unpacked(self._cases[case]), model, self._config, rng)


class _Propose(Transform):
    """Makes the proposals that the cache lacks."""

    def __init__(self, proposals: Proposals) -> None:
        self._proposals = proposals

    def __call__(self, item: dict[str, Any]) -> dict[str, Tensor]:
        return self._proposals.make(item)
