"""The bundled networks by NumPy and by PyTorch: python Testing/benchmarks/bundled_networks.py SKULL... [--spacing 1].

Takes masks of defective skulls. For each, prints the processor seconds of both networks, the largest difference of the
probabilities, and how many voxels of the completed skull differ.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
import torch

from CraNeXtLib.completion import model_library
from CraNeXtLib.completion.model_loading import load_model
from CraNeXtLib.geometry.resampling import shrink
from CraNeXtLib.geometry.volume_files import read_volume


class ByTorch:
    """A light network that PyTorch computes on the CPU, too."""

    def __init__(self, network) -> None:
        self._network = network._torch

    def logits(self, x: np.ndarray, **options) -> np.ndarray:
        return self._network.logits(x, **options)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("skulls", nargs="+", metavar="SKULL")
    parser.add_argument("--spacing", type=float, default=1.0, help="in mm, to which finer voxels are averaged")
    parser.add_argument("--threads", type=int, default=1, help="of PyTorch; set OMP_NUM_THREADS for NumPy")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    by_numpy = load_model(model_library.find("cranext_refined"))
    face = replace(by_numpy.face, network=ByTorch(by_numpy.face.network))
    by_torch = replace(by_numpy, network=ByTorch(by_numpy.network), face=face)
    ways = {"device": "cpu", "notify": print, "progress": lambda _fraction: None}
    print(f"{'skull':30} {'NumPy':>7} {'PyTorch':>7} s  {'head':>7} {'face':>7}  voxels  differing")
    for path in options.skulls:
        head = shrink(read_volume(path), options.spacing)
        skull = head.with_voxels(head.voxels >= 0.5)
        placed = by_numpy.shape_model.place(skull, lambda _fraction: None)
        channels = by_numpy.channels(placed)
        seconds, grids, masks = [], [], []
        for completer in (by_numpy, by_torch):
            start = time.process_time()
            grids.append((completer._complete(channels, **ways), completer.face.complete(placed, **ways)))
            seconds.append(time.process_time() - start)
            proposal = completer._combine(skull, placed, channels[1], *grids[-1], ())
            masks.append(skull.voxels.copy())
            masks[-1][proposal.box] |= proposal.probability >= proposal.threshold
        differences = [np.abs(one.complete - other.complete).max() for one, other in zip(*grids, strict=True)]
        print(
            f"{Path(path).name:30} {seconds[0]:7.2f} {seconds[1]:7.2f}    {differences[0]:7.1e} {differences[1]:7.1e}  "
            f"{masks[0].sum() - skull.voxels.sum():6}  {(masks[0] ^ masks[1]).sum():9}",
            flush=True,
        )


if __name__ == "__main__":
    main()
