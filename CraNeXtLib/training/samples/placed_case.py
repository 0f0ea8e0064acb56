"""Cases that are aligned to the bundled shape model, for the networks that work in its space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy import ndimage
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
from CraNeXtLib.datasets.skull_pair import SkullPair
from CraNeXtLib.geometry.affine import apply_affine
from CraNeXtLib.geometry.resampling import shrink
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.training.augmentation import elastic_displacement, random_affine
from CraNeXtLib.training.config import AugmentationConfig
from CraNeXtLib.training.samples.interpolation import interpolate
from CraNeXtLib.training.samples.numbered_samples import Cases


@dataclass(frozen=True, eq=False)
class PlacedCase:
    """A case aligned to the shape model.

    Args:
        complete: Mask of the complete skull at about 1 mm.
        implant: Mask of its own implant, of the same shape; empty if there is none.
        alignment: From the model's space to the skull.
        radial_maps: Outer radius and thickness of the complete skull on the whole disc, shape (2, pixels of the disc).
    """

    complete: Volume
    implant: np.ndarray
    alignment: Alignment
    radial_maps: np.ndarray

    def packed(self) -> dict[str, Tensor]:
        """Return the case as tensors for the cache, with masks as packed bits."""
        arrays = {
            "complete": np.packbits(self.complete.voxels),
            "implant": np.packbits(self.implant),
            "shape": np.array(self.complete.shape),
            "affine": self.complete.affine.copy(),
            "matrix": self.alignment.matrix,
            "shells": self.radial_maps.astype(np.float32),
        }
        return {name: torch.from_numpy(array) for name, array in arrays.items()}

    @classmethod
    def unpacked(cls, tensors: dict[str, Tensor]) -> PlacedCase:
        """Undo ``packed``."""
        arrays = {name: tensor.numpy() for name, tensor in tensors.items()}
        shape = tuple(arrays["shape"].tolist())
        complete, implant = (
            np.unpackbits(arrays[name], count=int(np.prod(shape))).reshape(shape).view(bool)
            for name in ("complete", "implant")
        )
        skull = Volume(complete, arrays["affine"])
        return cls(skull, implant, Alignment(arrays["matrix"], 0.0), arrays["shells"])

    def frame(self) -> SkullFrame:
        """Return the landmarks of the upright head."""
        return skull_frame(self.complete, polar(self.alignment.matrix[:3, :3])[0].T)

    def occupancy(self, mask: np.ndarray) -> Volume:
        """Return a mask of the skull's shape as occupancy, float32."""
        return self.complete.with_voxels(mask.astype(np.float32))


def bundled_shape_model() -> PCASkull:
    """Return the shape model that cases are aligned to."""
    completer = load_model(model_library.find("pca_skull"))
    assert isinstance(completer, PCACompleter)  # the kind of the bundled model
    return completer.model


def place_case(pair: SkullPair, model: PCASkull) -> PlacedCase:
    """Align a case to the shape model and measure its radial maps."""
    complete, implant = shrink(pair.complete, SAMPLING_MM), _implant_occupancy(pair)
    bone = complete.voxels >= 0.5
    alignment = align_surfaces(model.surface, bone_surface(complete), kind="similarity")
    radial_maps = observe(pair.complete, complete, alignment, *disc_of(model)[1:])
    return PlacedCase(complete.with_voxels(bone), bone & (implant >= complete.voxels / 2), alignment, radial_maps)


def _implant_occupancy(pair: SkullPair) -> np.ndarray:
    """Return the occupancy of the implant in the blocks of the shrunken complete skull."""
    # Shrinking crops to the foreground. That of the implant is another one, so it is shrunk together with the skull.
    both = pair.complete.voxels.astype(np.uint8) + pair.implant.voxels
    return 2 * shrink(pair.complete.with_voxels(both / np.float32(2)), SAMPLING_MM).voxels - (
        shrink(pair.complete, SAMPLING_MM).voxels
    )


def disc_of(model: PCASkull) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return all pixels of the radial maps that have a direction, of which the model covers a part.

    Returns:
        The pixels as an image; their unit vectors, shape (N, 3); and the radius of the mean skull along them in mm,
        shape (N,), extrapolated beyond the model.
    """
    disc = np.isfinite(model.grid.directions[..., 0])
    mean = model.image(model.prior.mean[0])
    nearest = ndimage.distance_transform_edt(mean == 0, return_distances=False, return_indices=True)
    return disc, model.grid.directions[disc], mean[tuple(nearest)][disc]


def mean_skull(cases: Cases, shape: tuple[int, int, int]) -> np.ndarray:
    """Return the mean of all skulls and their mirror images on the grid of the head: occupancy, float32."""
    grid = ModelSpaceGrid(bundled_shape_model().surface, shape)
    total = np.zeros(shape, np.float32)
    for tensors in cases:
        case = PlacedCase.unpacked(tensors)
        total += grid.sample(case.occupancy(case.complete.voxels), case.alignment)
    return (total + total[::-1]) / (2 * len(cases))


def resample_at_random(
    values: Tensor, to_indices: np.ndarray, grid: ModelSpaceGrid, config: AugmentationConfig, rng: np.random.Generator
) -> Tensor:
    """Resample to a grid in the model's space, with the head moved and sometimes deformed.

    Args:
        values: Occupancies, shape (N, X, Y, Z).
        to_indices: 4×4 matrix from the model's space to the indices of the values.
        grid: The grid.
        config: How much the head is moved and deformed.
        rng: Source of all that is random.

    Returns:
        Shape (N, *grid.shape).
    """
    movement = random_affine(config, rng, apply_affine(grid.affine, np.array(grid.shape) / 2))
    displacement = None
    if config.elastic_mm and rng.random() < config.elastic:
        displacement = elastic_displacement(rng, grid.shape, grid.spacing, sd_mm=config.elastic_mm)
        displacement = displacement / torch.tensor(grid.spacing).float().view(3, 1, 1, 1)
    return interpolate(values, to_indices @ movement @ grid.affine, grid.shape, displacement)


def resample(values: Tensor, to_indices: np.ndarray, grid: ModelSpaceGrid) -> Tensor:
    """Resample to a grid in the model's space; see :func:`resample_at_random`."""
    return interpolate(values, to_indices @ grid.affine, grid.shape, None)
