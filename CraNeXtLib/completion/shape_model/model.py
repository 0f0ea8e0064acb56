"""PCA-skull: the contents of a statistical shape model of the brain case, and its files.

The paper's baseline (Yu, Li and Egger 2021) projects a defective skull onto principal components of voxels and has a
DSC of 0.09 in the paper. This model describes the skull by radial maps
(:mod:`CraNeXtLib.anatomy.head.radial_maps`) in the space of the mean skull, and predicts the missing part as the most
probable continuation of what is seen (:mod:`CraNeXtLib.completion.shape_model.shape_prior`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from CraNeXtLib.anatomy.head.bone_surface import Surface
from CraNeXtLib.anatomy.head.radial_maps import RadialGrid
from CraNeXtLib.completion.shape_model.shape_prior import Kernel, ShapePrior
from CraNeXtLib.core.errors import InputError


@dataclass(frozen=True, eq=False)
class PCASkull:
    """A fitted shape model.

    Args:
        surface: Surface of the mean skull. It defines the model's space: upright, with R = 0 as its plane of symmetry
            and the origin in the middle of the brain case.
        grid: Pixels of the radial maps.
        domain: The P pixels that the model covers, bool image of ``grid.shape``.
        prior: Outer radius and thickness at these pixels.
    """

    surface: Surface
    grid: RadialGrid
    domain: np.ndarray
    prior: ShapePrior

    @property
    def directions(self) -> np.ndarray:
        """Unit vectors of the model's pixels, shape (P, 3)."""
        return self.grid.directions[self.domain]

    def image(self, values: np.ndarray) -> np.ndarray:
        """Return values of the P pixels as an image of ``grid.shape``, float32; 0 elsewhere."""
        image = np.zeros(self.grid.shape, np.float32)
        image[self.domain] = values
        return image


def save_pca_skull(model: PCASkull, file: Path) -> dict[str, Any]:
    """Write the weights of a model: 8-bit modes with a scale for each, and the rest in half precision.

    Args:
        model: The fitted model.
        file: Safetensors file to write.

    Returns:
        The options that :func:`load_pca_skull` needs in addition to the file.
    """
    from safetensors.numpy import save

    prior = model.prior
    scales = np.maximum(np.abs(prior.modes).max(axis=2, keepdims=True) / 127, 1e-6).astype(np.float16)
    tensors = {
        "surface_points": model.surface.points.astype(np.float16),
        "surface_normals": model.surface.normals.astype(np.float16),
        "domain": model.domain.astype(np.uint8),
        "mean": prior.mean.astype(np.float16),
        "places": prior.positions.astype(np.float16),
        "modes": np.round(prior.modes / scales.astype(np.float32)).clip(-127, 127).astype(np.int8),
        "mode_scales": scales,
    }
    file.write_bytes(save({name: np.ascontiguousarray(value) for name, value in tensors.items()}))
    return {
        "grid": asdict(model.grid),
        "kernels": [[asdict(kernel) for kernel in channel] for channel in prior.kernels],
        "noise_mm": list(prior.noise_mm),
        "reach_mm": prior.reach_mm if np.isfinite(prior.reach_mm) else None,
    }


def load_pca_skull(weights: Path, options: Mapping[str, Any]) -> PCASkull:
    """Read the weights of a model.

    Args:
        weights: Safetensors file.
        options: ``options`` in the model's description.

    Raises:
        InputError: If the file is missing, damaged or of another kind of model.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return _unpacked(load_file(weights), options)
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise InputError(
            f"{weights.parent.name} does not hold a PCA-skull model; import or install it again."
        ) from error


def _unpacked(tensors: Mapping[str, np.ndarray], options: Mapping[str, Any]) -> PCASkull:
    surface = Surface(tensors["surface_points"].astype(np.float64), tensors["surface_normals"].astype(np.float64))
    prior = ShapePrior(
        mean=tensors["mean"].astype(np.float32),
        modes=tensors["modes"].astype(np.float32) * tensors["mode_scales"].astype(np.float32),
        positions=tensors["places"].astype(np.float32),
        kernels=tuple(tuple(Kernel(**kernel) for kernel in channel) for channel in options["kernels"]),
        noise_mm=tuple(options["noise_mm"]),
        reach_mm=options["reach_mm"] or np.inf,
    )
    return PCASkull(surface, RadialGrid(**options["grid"]), tensors["domain"].astype(bool), prior)
