"""PCA-skull as published: voxels registered to one skull, projected onto all principal components, and back.

Yu, Li and Egger 2021 (doi 10.1007/978-3-030-92652-6_9), after their notebooks. It exists for comparison;
:mod:`CraNeXtLib.completion.shape_model.completer` is the default, because in this method:

- The defect takes part in the fit. It biases the projection onto the components, and the registration pulls the
  skull's bone into the hole.
- Voxels are a poor space for shapes: the mean of thin, shifted plates is a blur, little of which exceeds 0.5.
- At the published resolution 25 skulls take 12.4 GB, twice; here the voxels are about 2 mm.

The notebooks select the implant's connected component by hand; here it is the largest one, after the opening of the
CraNeXt paper.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage

from CraNeXtLib.anatomy.categorization.ants import ants_image, import_ants
from CraNeXtLib.completion.model_library import Model
from CraNeXtLib.completion.proposal import Proposal
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.resampling import shrink
from CraNeXtLib.geometry.volume import Volume

KIND = "pca_skull_official"
REGISTRATIONS = ("SyN", "Rigid")


@dataclass(frozen=True, eq=False)
class OfficialPCACompleter:
    """Completes skulls with mean and principal components of registered skulls.

    Args:
        reference: Occupancy of the skull that the others are registered to, (X, Y, Z) float32.
        mean: Mean of the registered skulls, (X·Y·Z,) float32.
        components: Orthonormal principal components, (K, X·Y·Z) float32.
        registration: ``"SyN"``, ANTs' default, which the notebooks get because they misspell the option, or
            ``"Rigid"``, which they ask for.
    """

    reference: Volume
    mean: np.ndarray
    components: np.ndarray
    registration: str
    light = True  # needs no PyTorch

    @classmethod
    def load(cls, model: Model) -> OfficialPCACompleter:
        """Load the weights of a model folder.

        Raises:
            InputError: If the folder does not hold such a model.
        """
        from safetensors.numpy import load_file

        try:
            weights = {name: value.astype(np.float32) for name, value in load_file(model.weights).items()}
            options = model.description["options"]
            reference = Volume(weights["reference"], np.array(options["affine"], dtype=float))
            return cls(reference, weights["mean"], weights["components"], options["registration"])
        except (OSError, KeyError, ValueError) as error:
            raise InputError(f"The weights of model '{model.name}' are not those of a PCA-skull.") from error

    def propose(self, skull: Volume, *, device: str, progress: Callable[[float], None]) -> Proposal:
        """Return the skull's reconstruction from the components, on all its voxels.

        Args:
            skull: Mask of the defective skull.
            device: Ignored; ANTs runs on the CPU.
            progress: Called with the fraction done; may raise to stop.
        """
        del device
        occupancy = shrink(skull, float(self.reference.spacing.mean()))
        progress(0.05)
        with tempfile.TemporaryDirectory() as folder:
            registered, transforms = register(self.reference, occupancy, self.registration, folder)
            progress(0.8)
            rebuilt = self.rebuilt(registered.ravel()).reshape(registered.shape)
            values = import_ants().apply_transforms(
                ants_image(occupancy), ants_image(self.reference.with_voxels(rebuilt)), transforms["invtransforms"]
            )
        to_coarse = np.linalg.inv(occupancy.affine) @ skull.affine
        probability = ndimage.affine_transform(
            values.numpy(), to_coarse[:3, :3], to_coarse[:3, 3], skull.shape, output=np.float32, order=1
        )
        progress(1.0)
        i, j, k = (slice(0, size) for size in skull.shape)
        return Proposal((i, j, k), np.clip(probability, 0, 1))

    def rebuilt(self, values: np.ndarray) -> np.ndarray:
        """Project registered values (X·Y·Z,) onto the components and back."""
        return self.mean + (self.components @ (values - self.mean)) @ self.components


def register(
    reference: Volume, skull: Volume, registration: str, folder: str | Path
) -> tuple[np.ndarray, dict[str, Any]]:
    """Register a skull to the reference with ANTs.

    Args:
        reference: Occupancy of the fixed skull.
        skull: Occupancy of the moving skull.
        registration: One of ``REGISTRATIONS``.
        folder: Folder for the files of the transforms.

    Returns:
        The skull on the reference's voxels, and ANTs' result, which names the files of the transforms.
    """
    result = import_ants().registration(
        ants_image(reference),
        ants_image(skull),
        type_of_transform=registration,
        outprefix=str(Path(folder) / "to_reference"),
    )
    return result["warpedmovout"].numpy(), result
