"""Cases in the form that samples are made from, prepared once and kept in a cache on disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from monai.data.utils import pickle_hashing
from monai.transforms import Transform
from torch import Tensor

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.hashing import sha256_of
from CraNeXtLib.core.resources import TEMPLATE
from CraNeXtLib.core.runtime.memory import memory_advice
from CraNeXtLib.datasets.manifest import DatasetCase
from CraNeXtLib.datasets.placed_pairs import place_pair
from CraNeXtLib.datasets.skull_pair import contents, load_case
from CraNeXtLib.training.samples.input_kind import InputKind
from CraNeXtLib.training.samples.kept_on_disk import KeptOnDisk

_FORMAT = 2
"""Version of the prepared form. It goes up when the preparation changes, which makes older caches invalid."""


class PreparedCases:
    """Prepared cases in a cache, under a key that is what they are read from and the settings.

    Files are written atomically, and processes can share them.

    Args:
        kind: The input of the network, which decides how a case is prepared.
        cache: Folder of the cache.

    Attributes:
        content: What all masks of the cases are read from, see :func:`CraNeXtLib.datasets.skull_pair.contents`.
    """

    def __init__(self, kind: InputKind, cache: Path) -> None:
        self._settings: dict[str, Any] = {"format": _FORMAT, **kind.preparation()}
        placement = kind.config.data.placement
        if placement != "none":
            self._settings["placement"] = [placement, sha256_of(TEMPLATE)]
        self.content: list[str] = []
        self._items: list[_Item] = []
        self._prepared = KeptOnDisk(self._items, _Prepare(kind), cache, hash_func=pickle_hashing)

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        case: dict[str, Tensor] = self._prepared[index]
        return case

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        return (self[index] for index in range(len(self)))

    def add(self, case: DatasetCase) -> None:
        """Prepare a case, unless it is in the cache.

        Raises:
            InputError: If its files cannot be used.
        """
        content = contents(case)
        self._items.append(_Item(case, {"content": content, **self._settings}))
        try:
            self._prepared[len(self) - 1]
        except RuntimeError as error:  # MONAI's wrapper around the error of a transform
            del self._items[-1]
            cause = error.__cause__ or error
            if memory_advice(cause):
                raise cause from error
            raise InputError(str(cause if isinstance(cause, InputError) else error)) from error
        except BaseException:
            del self._items[-1]
            raise
        self.content += content.values()


class _Item(dict[str, Any]):
    """A case to prepare. As a mapping it is the key in the cache, which holds contents and settings but no paths."""

    def __init__(self, case: DatasetCase, key: dict[str, Any]) -> None:
        super().__init__(key)
        self.case = case


class _Prepare(Transform):
    """Turns an item into tensors for the cache."""

    def __init__(self, kind: InputKind) -> None:
        self._kind = kind

    def __call__(self, item: _Item) -> dict[str, Tensor]:
        pair = load_case(item.case)
        placement = self._kind.config.data.placement
        if placement != "none":
            pair = place_pair(pair, placement)
        return self._kind.prepare(pair)
