"""Trouble that both stand-ins of the worker process get into alike."""

import os


def get_into(trouble: str | None) -> None:
    """End as a worker does that crashes, lacks a package or lacks memory."""
    if trouble == "crash":
        os._exit(139)
    if trouble == "package":
        raise ModuleNotFoundError("No module named 'monai'", name="monai")
    if trouble == "memory":
        raise MemoryError
    if trouble == "gpu memory":
        raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB.")  # as torch.OutOfMemoryError
