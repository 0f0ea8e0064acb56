"""Skulls prepared once and kept in a cache on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from monai.data import PersistentDataset
from monai.data.utils import pickle_hashing
from monai.transforms import Transform
from torch import Tensor

from CraNeXtLib.completion import model_library
from CraNeXtLib.completion.model_loading import load_model
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.hashing import sha256_of
from CraNeXtLib.core.resources import TEMPLATE
from CraNeXtLib.datasets.manifest import DatasetCase, load_case
from CraNeXtLib.datasets.placed_pairs import place_pair
from CraNeXtLib.training.config import TrainingConfig
from CraNeXtLib.training.samples.official_pairs import official_pair
from CraNeXtLib.training.samples.prepared_skull import prepare_skull
from CraNeXtLib.training.samples.proposals import place_skull

_FORMAT = 2  # of the prepared cases; goes up when their preparation changes


Batch = dict[str, Tensor]


class PreparedCases:
    """Cases on disk in the form that samples are made from, kept by the content of their files and the settings.

    MONAI's ``PersistentDataset`` does the caching: a file appears whole or not at all, and processes can share them.

    Args:
        config: The run's configuration.
        cache: Folder for them.
    """

    def __init__(self, config: TrainingConfig, cache: Path) -> None:
        data = config.data
        if data.grid == "official":
            self._settings = {"format": _FORMAT, "official": list(data.shape)}
            if data.input == "labels":
                self._settings["labels"] = True
        elif data.input in ("proposal", "face"):
            self._settings = {"format": _FORMAT, "shape_model": model_library.find("pca_skull").sha256}
        else:
            self._settings = {"format": _FORMAT, "spacing": data.spacing_mm, "vault_only": data.grid == "vault"}
            self._settings["categorized"] = data.input == "one-hot"
        if data.placement != "none":
            self._settings["placement"] = [data.placement, sha256_of(TEMPLATE)]
        self.content: list[str] = []
        self._prepared = PersistentDataset([], _Prepare(), cache, hash_func=pickle_hashing)

    def __len__(self) -> int:
        return len(self._prepared.data)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        return self._prepared[index]

    def add(self, case: DatasetCase) -> None:
        """Prepare a case, unless it is in the cache.

        Raises:
            InputError: If its files cannot be used.
        """
        missing = [path for path in case.files().values() if not path.is_file()]
        if missing:
            raise InputError(f"There is no file {missing[0]}.")
        content = {role: sha256_of(path) for role, path in case.files().items()}
        files = {role: str(path) for role, path in case.files().items()}
        item = _Item(files, case.subject, case.orientation, {"content": content, **self._settings})
        self._prepared.data.append(item)
        try:
            self._prepared[len(self) - 1]
        except RuntimeError as error:  # MONAI's wrapper around the error of a transform
            del self._prepared.data[-1]
            cause = error.__cause__ if isinstance(error.__cause__, InputError) else error
            raise InputError(str(cause)) from error
        except BaseException:
            del self._prepared.data[-1]
            raise
        self.content += content.values()


class _Item(dict):
    """A case to prepare, whose key in the cache holds contents and settings but no paths."""

    def __init__(self, files: dict[str, str], subject: str, orientation: str, key: dict[str, Any]) -> None:
        super().__init__(key)
        self.files, self.subject, self.orientation = files, subject, orientation


class _Prepare(Transform):
    """Turn an item into tensors for the cache."""

    def __call__(self, item: _Item) -> dict[str, Tensor]:
        files = {role: Path(path) for role, path in item.files.items()}
        pair = load_case(DatasetCase(subject=item.subject, orientation=item.orientation, **files))
        if "placement" in item:
            pair = place_pair(pair, item["placement"][0])
        if "shape_model" in item:
            return place_skull(pair, load_model(model_library.find("pca_skull")).model).packed()
        if "official" in item:
            return official_pair(pair, tuple(item["official"]), labels="labels" in item)
        return prepare_skull(
            pair, spacing_mm=item["spacing"], vault_only=item["vault_only"], categorized=item["categorized"]
        ).packed()
