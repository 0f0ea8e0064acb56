"""Failures that both canned workers simulate alike."""

import os


def fail_with(failure: str | None) -> None:
    """End as a worker does that crashes, lacks a package or runs out of memory; None does nothing."""
    if failure == "crash":
        os._exit(139)
    if failure == "package":
        raise ModuleNotFoundError("No module named 'monai'", name="monai")
    if failure == "memory":
        raise MemoryError
    if failure == "gpu memory":
        raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB.")  # as torch.OutOfMemoryError
