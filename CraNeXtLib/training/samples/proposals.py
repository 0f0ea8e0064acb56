"""What a refiner learns from: defects, and what a shape model that has not seen the skull would fill into them.

A shape model fits the skulls that it was made from better than others, and a refiner that saw only such proposals would
learn to trust them too much. So the training skulls are parted into three, and each part's proposals come from the mean
and the components of the other two (cross-fitting). The mean surface, which all are aligned to, is the bundled one's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.data import PersistentDataset
from monai.data.utils import pickle_hashing
from monai.transforms import Transform
from scipy.linalg import polar
from torch import Tensor

from CraNeXtLib.anatomy.head.alignment import Alignment, align_surfaces
from CraNeXtLib.anatomy.head.bone_surface import bone_surface
from CraNeXtLib.anatomy.head.landmarks import SkullFrame, skull_frame
from CraNeXtLib.anatomy.head.model_space_grid import ModelSpaceGrid
from CraNeXtLib.completion import model_library
from CraNeXtLib.completion.model_loading import load_model
from CraNeXtLib.completion.shape_model.completer import PCACompleter
from CraNeXtLib.completion.shape_model.model import PCASkull
from CraNeXtLib.completion.shape_model.observation import SAMPLING_MM, observe
from CraNeXtLib.completion.shape_model.shape_prior import ShapePrior
from CraNeXtLib.datasets.manifest import SkullPair
from CraNeXtLib.datasets.synthetic_defects.cutting import make_defect
from CraNeXtLib.geometry.resampling import shrink
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.training.config import AugmentationConfig
from CraNeXtLib.training.samples.prepared_skull import drawn_kind
from CraNeXtLib.training.shape_model.fit import components_of

FOLDS = 3
FINE_SHAPE = (120, 144, 96)  # 1.5 mm: what samples are drawn from
_FORMAT = 2


@dataclass(frozen=True, eq=False)
class PlacedSkull:
    """A complete skull at about 1 mm, its own implant, where it lies, and its radial maps on the whole disc."""

    complete: Volume
    implant: np.ndarray
    alignment: Alignment
    shells: np.ndarray

    def packed(self) -> dict[str, Tensor]:
        """Return it as tensors for a cache."""
        arrays = {
            "complete": np.packbits(self.complete.voxels),
            "implant": np.packbits(self.implant),
            "shape": np.array(self.complete.shape),
            "affine": self.complete.affine.copy(),
            "matrix": self.alignment.matrix,
            "shells": self.shells.astype(np.float32),
        }
        return {name: torch.from_numpy(array) for name, array in arrays.items()}

    def frame(self) -> SkullFrame:
        """Return the landmarks of the upright head."""
        return skull_frame(self.complete, polar(self.alignment.matrix[:3, :3])[0].T)

    @classmethod
    def unpacked(cls, tensors: dict[str, Tensor]) -> PlacedSkull:
        """Undo ``packed``."""
        arrays = {name: tensor.numpy() for name, tensor in tensors.items()}
        shape = tuple(arrays["shape"].tolist())
        complete, implant = (
            np.unpackbits(arrays[name], count=int(np.prod(shape))).reshape(shape).view(bool)
            for name in ("complete", "implant")
        )
        skull = Volume(complete, arrays["affine"])
        return cls(skull, implant, Alignment(arrays["matrix"], 0.0), arrays["shells"])


def place_skull(pair: SkullPair, model: PCASkull) -> PlacedSkull:
    """Align a case to the shape model and measure its radial maps."""
    complete, implant = shrink(pair.complete, SAMPLING_MM), _reduced_like(pair)
    bone = complete.voxels >= 0.5
    alignment = align_surfaces(model.surface, bone_surface(complete), kind="similarity")
    shells = observe(pair.complete, complete, alignment, *disc_of(model)[1:])
    return PlacedSkull(complete.with_voxels(bone), bone & (implant >= complete.voxels / 2), alignment, shells)


def _reduced_like(pair: SkullPair) -> np.ndarray:
    """Return the implant's share of the voxels of the reduced complete skull."""
    # Blocks are those of the complete skull's box: shrink the implant inside it.
    whole = pair.complete.voxels.astype(np.uint8) + pair.implant.voxels
    return 2 * shrink(pair.complete.with_voxels(whole / np.float32(2)), SAMPLING_MM).voxels - (
        shrink(pair.complete, SAMPLING_MM).voxels
    )


def disc_of(model: PCASkull) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the image of all pixels with a direction, the directions, and where bone is expected along them, in mm."""
    from scipy import ndimage

    disc = np.isfinite(model.grid.directions[..., 0])
    mean = model.image(model.prior.mean[0])
    nearest = ndimage.distance_transform_edt(mean == 0, return_distances=False, return_indices=True)
    return disc, model.grid.directions[disc], mean[tuple(nearest)][disc]


class _CoarsePrior(ShapePrior):
    """A prior that looks at fewer places: nearly the same prediction in a fifth of the time."""

    def subsample(self, seen: np.ndarray, unseen: np.ndarray, **_: float) -> np.ndarray:
        return super().subsample(seen, unseen, near_mm=14, fine_mm=5, coarse_mm=14)


def fitted_without(model: PCASkull, shells: Sequence[np.ndarray]) -> PCASkull:
    """Return the model with the mean and the components of some skulls' radial maps."""
    disc = disc_of(model)[0]
    domain, mean, modes = components_of(np.array(shells, np.float32), disc, 100)
    prior, places = model.prior, model.grid.directions[domain] * mean[0][:, None]
    return replace(
        model,
        domain=domain,
        prior=_CoarsePrior(mean, modes, places, prior.kernels, prior.noise_mm, prior.reach_mm),
    )


def propose(
    skull: PlacedSkull, model: PCASkull, config: AugmentationConfig, rng: np.random.Generator
) -> dict[str, Tensor]:
    """Cut a defect and let a model fill it.

    Returns:
        In 255ths, uint8 of ``FINE_SHAPE``: the complete skull, the implant, and the proposal.
    """
    implant = skull.implant
    if not implant.any() or rng.random() >= config.own_defect:
        implant = make_defect(skull.complete, drawn_kind(config, rng), seed=rng, frame=skull.frame()).voxels
    grid = ModelSpaceGrid(model.surface, FINE_SHAPE)
    shares = [skull.complete.with_voxels(m.astype(np.float32)) for m in (skull.complete.voxels, implant)]
    complete, missing = (grid.sample(share, skull.alignment) for share in shares)
    defective = skull.complete.with_voxels(skull.complete.voxels & ~implant)
    occupancy = defective.with_voxels(defective.voxels.astype(np.float32))
    fill = PCACompleter(model).fill(defective, occupancy, skull.alignment, lambda _: None)
    values = {"complete": complete, "implant": np.minimum(missing, complete), "proposal": fill.on_grid(grid)}
    return {name: torch.from_numpy(np.round(255 * value).astype(np.uint8)) for name, value in values.items()}


class Proposals:
    """Defects by skull and number, made when first asked for and kept on disk.

    Args:
        skulls: ``PlacedSkull`` of every case as tensors; a sequence that reads them from disk.
        config: Which defects.
        cache: Folder for them.
        seed: Of the defects.
        fitted: Whether to fit shape models without the skull; else the bundled one proposes.
    """

    def __init__(
        self, skulls: Sequence[dict[str, Tensor]], config: AugmentationConfig, cache: Path, seed: int, *, fitted: bool
    ) -> None:
        self._skulls, self._config, self._seed = skulls, config, seed
        self._bundled = model_library.find("pca_skull")
        self._fitted = fitted
        self._kept = PersistentDataset([], _Propose(self), cache, hash_func=pickle_hashing)

    @cached_property
    def models(self) -> list[PCASkull]:
        """The shape model of each fold."""
        model = load_model(self._bundled).model
        if not self._fitted:
            return [model]
        shells = [PlacedSkull.unpacked(tensors).shells for tensors in self._skulls]
        return [
            fitted_without(model, [maps for number, maps in enumerate(shells) if number % FOLDS != fold])
            for fold in range(FOLDS)
        ]

    @cached_property
    def _key(self) -> str:
        shells = hashlib.sha256(b"".join(tensors["shells"].numpy().tobytes() for tensors in self._skulls)).hexdigest()
        return f"{_FORMAT} {self._bundled.sha256} {self._config} {self._seed} {self._fitted} {shells}"

    def get(self, skull: int, number: int, *, keep: bool) -> dict[str, Tensor]:
        """Return a defect of a skull, see ``propose``."""
        item = {"proposals": self._key, "skull": skull, "number": number}
        if not keep:
            return self.make(item)
        self._kept.data = [item]
        return self._kept[0]

    def make(self, item: dict[str, Any]) -> dict[str, Tensor]:
        """Cut and fill the defect that an item names."""
        skull, number = item["skull"], item["number"]
        rng = np.random.default_rng([self._seed, 2, skull, number])
        model = self.models[skull % len(self.models)]
        return propose(PlacedSkull.unpacked(self._skulls[skull]), model, self._config, rng)

    def mean_skull(self, shape: tuple[int, int, int]) -> np.ndarray:
        """Return the mean of all skulls and their mirror images on a grid, shares of bone, float32."""
        grid = ModelSpaceGrid(load_model(self._bundled).model.surface, shape)
        total = np.zeros(shape, np.float32)
        for tensors in self._skulls:
            skull = PlacedSkull.unpacked(tensors)
            total += grid.sample(skull.complete.with_voxels(skull.complete.voxels.astype(np.float32)), skull.alignment)
        return (total + total[::-1]) / (2 * len(self._skulls))


class _Propose(Transform):
    def __init__(self, proposals: Proposals) -> None:
        self._proposals = proposals

    def __call__(self, item: dict[str, Any]) -> dict[str, Tensor]:
        return self._proposals.make(item)
