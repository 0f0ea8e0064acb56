"""Too little memory is called that, whoever runs out of it."""

import subprocess
import sys

import numpy as np
import pytest

from CraNeXtLib.core.runtime.memory import NO_GPU_MEMORY, NO_MEMORY, memory_advice


def test_an_array_that_is_too_large():
    with pytest.raises(MemoryError) as error:
        np.zeros((1 << 20, 1 << 20, 1 << 10))
    assert memory_advice(error.value) == NO_MEMORY


def test_a_tensor_that_is_too_large():
    import torch

    with pytest.raises(RuntimeError) as error:
        torch.empty(1 << 50)
    assert memory_advice(error.value) == NO_MEMORY


def test_a_graphics_card_that_is_too_small():
    assert memory_advice(RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB.")) == NO_GPU_MEMORY


@pytest.mark.parametrize("error", [ValueError("out of memory"), RuntimeError("shape mismatch"), OSError(12, "x")])
def test_other_errors_are_not_about_memory(error):
    assert memory_advice(error) == ""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a setting of the GNU C library")
def test_freed_memory_is_used_again():
    code = """
from resource import RUSAGE_SELF, getrusage
from CraNeXtLib.core.runtime.memory import keep_freed_memory

def pages_from_system():
    before = getrusage(RUSAGE_SELF).ru_minflt
    len(b"x" * length)
    return getrusage(RUSAGE_SELF).ru_minflt - before

length = 2**26  # larger than what the library keeps by itself
print(min(pages_from_system() for _ in range(3)))
keep_freed_memory()
print(min(pages_from_system() for _ in range(3)))
"""
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    without, kept = map(int, made.stdout.split())
    assert without > 1000 > 10 > kept
