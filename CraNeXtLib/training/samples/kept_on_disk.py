"""Items that are made once and kept in a folder, from which any process takes them."""

from __future__ import annotations

import io
from copy import deepcopy
from typing import Any

import torch
from monai.data import PersistentDataset

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.atomic import replacing
from CraNeXtLib.core.runtime.memory import memory_advice


class NotKeptError(InputError):
    """The disk refused an item; the item itself may be good."""


class KeptOnDisk(PersistentDataset):
    """MONAI's ``PersistentDataset``, whose files appear whole or not at all.

    MONAI itself moves a file from the system's temporary folder, usually another disk. If the cache's disk was full, it
    left a part of the file, which then could never be read again. A file that cannot be read is made anew here.

    Raises:
        NotKeptError: If the disk refuses a file. A folder that may only be read is used as far as it goes.
    """

    def _cachecheck(self, item_transformed: Any) -> Any:
        """Return an item from its file, or make it and write the file."""
        assert self.cache_dir is not None
        file = self.cache_dir / f"{self.hash_func(item_transformed).decode()}{self.transform_hash}.pt"
        if file.is_file():
            try:
                return torch.load(file, map_location="cpu", weights_only=True)
            except Exception as error:  # torch, zipfile and pickle each raise their own
                if memory_advice(error):
                    raise
        made = self._pre_transform(deepcopy(item_transformed))
        buffer = io.BytesIO()  # torch.save to a full disk would raise a RuntimeError without a reason
        torch.save(made, buffer)
        try:
            with replacing(file) as temporary:
                temporary.write_bytes(buffer.getbuffer())
        except InputError as error:
            if not isinstance(error.__cause__, PermissionError):
                raise NotKeptError(str(error)) from error
        return made
