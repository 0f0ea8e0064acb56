"""Loading a model folder as a completer. Only this module knows all completers; they do not know it."""

from __future__ import annotations

from collections.abc import Callable
from pkgutil import resolve_name
from typing import Protocol

from CraNeXtLib.completion.model_library import Model, available
from CraNeXtLib.completion.proposal import Proposal
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.hashing import sha256_of
from CraNeXtLib.geometry.volume import Volume

_COMPLETERS = {
    "network": "CraNeXtLib.completion.network_completer:NetworkCompleter",
    "pca_skull": "CraNeXtLib.completion.shape_model.completer:PCACompleter",
    "pca_skull_official": "CraNeXtLib.completion.shape_model.official:OfficialPCACompleter",
    "refined": "CraNeXtLib.completion.refined_completer:RefinedCompleter",
}
"""The class that loads each kind of model. It is imported on use, because only networks need PyTorch."""


class Completer(Protocol):
    """A loaded model, which proposes a complete skull for a defective one."""

    def propose(self, skull: Volume, *, device: str, progress: Callable[[float], None]) -> Proposal:
        """Return the proposal for the mask of a defective skull.

        Args:
            skull: Mask of the defective skull.
            device: Where a network runs, such as ``"cpu"``.
            progress: Called with the fraction done; may raise to stop.
        """


def load_model(model: Model) -> Completer:
    """Load the weights of a model after comparing their hash with the description.

    Raises:
        InputError: If the weights are missing, were changed or do not fit, or the kind of model is unknown.
    """
    if not model.weights.is_file() or sha256_of(model.weights) != model.sha256:
        raise InputError(f"The weights of model '{model.name}' are missing or changed; import or install it again.")
    kind = model.description["kind"]
    if kind not in _COMPLETERS:
        raise InputError(f"Model '{model.name}' is of kind '{kind}', which this version does not know; update CraNeXt.")
    completer = resolve_name(_COMPLETERS[kind])
    if kind == "refined":
        return completer.load(model, shape_model=load_model(_shape_model_of(model)))
    return completer.load(model)


def _shape_model_of(model: Model) -> Model:
    """Return the shape model that a refined model was trained with, identified by its hash."""
    wanted = model.description["shape_model"]
    for other in available():
        if other.sha256 == wanted["sha256"]:
            return other
    raise InputError(
        f"Model '{model.name}' needs the shape model '{wanted['name']}' of another version; import that one too "
        f"(its weights have the SHA-256 {wanted['sha256']})."
    )
