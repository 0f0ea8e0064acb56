"""Memory of a training step on a GPU, computed: python Testing/benchmarks/training_memory.py [--networks NAME ...].

Prints for each network and grid at batch size 1, in single precision and with autocast to bfloat16, without and with
gradient checkpointing, the maximum GB of tensors in training steps and validations, by ``memory_estimate``. Nothing is
trained, and no GPU is needed; ``training_step.py`` measures.
"""

from __future__ import annotations

import argparse
import sys
from itertools import product
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from CraNeXtLib.training.config_reading import read_config
from CraNeXtLib.training.memory_estimate import gpu_memory_gb

SHAPES = ((88, 112, 72), (160, 192, 128), (176, 224, 144))  # the last is the paper's


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="+", default=["cranext", "unet3dcnn"], metavar="NAME")
    options = parser.parse_args()
    head = "".join(f"{text:>12}" for text in ("32, kept", "recomputed", "bf16, kept", "recomputed"))
    print(f"{'GB':28}{head}")
    for name, shape in product(options.networks, SHAPES):
        print(f"{name + ' ' + ' × '.join(map(str, shape)):28}", end="", flush=True)
        for precision, recompute in product(("32", "bf16-mixed"), (False, True)):
            run = {"precision": precision, "gradient_checkpointing": recompute}
            overrides = {"data": {"grid": "default", "shape": list(shape)}, "network": {"name": name}, "run": run}
            print(f"{gpu_memory_gb(read_config('default', overrides=overrides)):12.2f}", end="", flush=True)
        print()


if __name__ == "__main__":
    main()
