"""Loading a model folder as a completer. Only this module knows all completers; they do not know it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pkgutil import resolve_name
from typing import Protocol

import numpy as np

from CraNeXtLib import networks
from CraNeXtLib.completion.model_library import Model, available
from CraNeXtLib.completion.proposal import Proposal
from CraNeXtLib.core.errors import CraNeXtError, InputError
from CraNeXtLib.core.files.hashing import sha256_of
from CraNeXtLib.core.resources import DEFECTIVE_SKULL
from CraNeXtLib.core.runtime.memory import memory_advice
from CraNeXtLib.core.runtime.requirements import package_advice
from CraNeXtLib.geometry.resampling import shrink
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_volume

_COMPLETERS = {
    "network": "CraNeXtLib.completion.network_completer:NetworkCompleter",
    "pca_skull": "CraNeXtLib.completion.shape_model.completer:PCACompleter",
    "pca_skull_official": "CraNeXtLib.completion.shape_model.official:OfficialPCACompleter",
    "refined": "CraNeXtLib.completion.refined_completer:RefinedCompleter",
}
"""The class that loads each kind of model. It is imported on use."""

_TRIAL_SPACING_MM = 4.0
_SMALL_SHAPE = (64, 64, 64)
"""The head and the grid on which an imported model is tried."""


class Completer(Protocol):
    """A loaded model, which proposes a complete skull for a defective one."""

    @property
    def light(self) -> bool:
        """Whether the CPU computes it without PyTorch, in less time than the import of PyTorch takes."""

    def propose(self, skull: Volume, *, device: str, progress: Callable[[float], None]) -> Proposal:
        """Return the proposal for the mask of a defective skull.

        Args:
            skull: Mask of the defective skull.
            device: Where a network runs, such as ``"cpu"``.
            progress: Called with the fraction done; may raise to stop.
        """


def check_weights(model: Model) -> None:
    """Compare the hash of the weights with the description.

    Raises:
        InputError: If the weights are missing or were changed.
    """
    if not model.weights.is_file() or sha256_of(model.weights) != model.sha256:
        raise InputError(f"The weights of model '{model.name}' are missing or changed; import or install it again.")


def load_model(model: Model) -> Completer:
    """Load the weights of a model after comparing their hash with the description.

    Raises:
        InputError: If the weights are missing, were changed or do not fit, or the kind of model is unknown.
    """
    check_weights(model)
    kind = model.description["kind"]
    if kind not in _COMPLETERS:
        raise InputError(
            f"Model '{model.name}' is of kind {kind[:60]!r}, which this version does not know; update CraNeXt."
        )
    completer = resolve_name(_COMPLETERS[kind])
    with explaining(model, "its weights and its model.json do not fit each other"):
        if kind == "refined":
            return completer.load(model, shape_model=load_model(_shape_model_of(model)))
        return completer.load(model)


def try_model(model: Model) -> None:
    """Load a model and let it complete a small head, which takes seconds.

    Raises:
        InputError: If that fails, or its result is not finite.
    """
    completer = load_model(model)
    if model.description["kind"] == "network":
        network = model.description["network"]
        networks.check_grid(network["name"], completer.shape, **network.get("options", {}))  # type: ignore[attr-defined]
        completer = replace(completer, shape=_SMALL_SHAPE)  # type: ignore[type-var]
    head = shrink(read_volume(DEFECTIVE_SKULL), _TRIAL_SPACING_MM)
    try:
        with explaining(model, "an error within it"):
            skull = head.with_voxels(head.voxels >= 0.5)
            proposal = completer.propose(skull, device="cpu", progress=lambda _part: None)
    except InputError as error:
        raise InputError(f"Model '{model.name}' does not work on a small head: {error}") from error
    if not np.isfinite(proposal.probability).all():
        raise InputError(f"Model '{model.name}' does not work: its result is not finite; check its weights.")


@contextmanager
def explaining(model: Model, what: str) -> Iterator[None]:
    """Turn whatever a wrong description or wrong weights make the code of a model raise into an InputError.

    Args:
        model: The model.
        what: What does not work, for the message.
    """
    try:
        yield
    except CraNeXtError:
        raise
    except Exception as error:
        if memory_advice(error):
            raise
        if package_advice(error):
            raise InputError(f"Model '{model.name}' cannot be used: {package_advice(error)}") from error
        cause = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        raise InputError(
            f"Model '{model.name}' does not work: {what} ({cause}); import or install it again."
        ) from error


def _shape_model_of(model: Model) -> Model:
    """Return the shape model that a refined model was trained with, identified by its hash.

    Raises:
        InputError: If the model does not name one, or it is not there.
    """
    wanted = model.description.get("shape_model")
    if not isinstance(wanted, dict) or not all(isinstance(wanted.get(key), str) for key in ("name", "sha256")):
        raise InputError(f"The model.json of '{model.name}' does not name its shape model; import or install it again.")
    for other in available():
        if other.sha256 == wanted["sha256"] and other.description["kind"] == "pca_skull":
            return other
    raise InputError(
        f"Model '{model.name}' needs the shape model '{wanted['name']}' of another version; import that one too "
        f"(its weights have the SHA-256 {wanted['sha256']})."
    )
