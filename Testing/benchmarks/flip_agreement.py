"""Whether a network's agreement with itself predicts its error.

    python Testing/benchmarks/flip_agreement.py MANIFEST --model FOLDER

Passes each validation skull, on block means of at most 1 mm, to a model as it is and mirrored. Prints for every case
the DSC of both implants with each other and of the first with the truth, and the correlation between the difference
of both probabilities and being wrong, over the voxels of an implant or the truth; then the rank correlation of both
DSCs over the cases.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

sys.path.insert(0, str(Path(__file__).parents[2]))

from CraNeXtLib.completion import model_library
from CraNeXtLib.completion.model_loading import Completer, load_model
from CraNeXtLib.datasets.manifest import read_manifest
from CraNeXtLib.evaluation.metrics import dice
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.extraction import extract_implant
from CraNeXtLib.training.output.model_card import OWN
from CraNeXtLib.training.output.validation_scores import ALL_KINDS, tasks_of

SPACING_MM = 1.0


def predicted(completer: Completer, skull: Volume) -> tuple[Volume, Volume]:
    """Return the probability of added bone and the implant, on the skull's voxels."""
    proposal = completer.propose(skull, device="cpu", progress=lambda _: None)
    part = skull.crop(proposal.box)
    likely, implant = np.zeros(skull.shape, np.float32), np.zeros(skull.shape, bool)
    likely[proposal.box] = np.where(part.voxels, 0, proposal.probability)
    found = extract_implant(part, part.with_voxels(proposal.probability), threshold=proposal.threshold)
    implant[proposal.box] = found.voxels
    return skull.with_voxels(likely), skull.with_voxels(implant)


def mirrored(volume: Volume) -> Volume:
    """Return the mirror image, left for right, on the same voxels."""
    axis = next(axis for axis, code in enumerate(volume.axis_codes) if code in "LR")
    return volume.with_voxels(np.flip(volume.voxels, axis))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("manifest", help="data set with splits")
    parser.add_argument("--model", required=True, help="name or folder of a network alone")
    parser.add_argument("--kinds", nargs="+", choices=ALL_KINDS, default=[OWN], help="default: own")
    options = parser.parse_args()
    completer = load_model(model_library.find(options.model))
    skulls = [case for case in read_manifest(options.manifest) if case.split == "validation"]
    agreements, scores = [], []
    for task in tasks_of(skulls, options.kinds, SPACING_MM):
        pair = task.load()
        likely, implant = predicted(completer, pair.defective)
        others = [mirrored(volume) for volume in predicted(completer, mirrored(pair.defective))]
        asked = implant.voxels | others[1].voxels | pair.implant.voxels
        apart = np.abs(likely.voxels - others[0].voxels)[asked]
        wrong = (implant.voxels != pair.implant.voxels)[asked]
        agreements.append(dice(implant, others[1]))
        scores.append(dice(implant, pair.implant))
        told = np.corrcoef(apart, wrong)[0, 1]
        print(f"{task.name} agreement {agreements[-1]:.3f} dsc {scores[-1]:.3f} voxels {told:+.2f}", flush=True)
    print(f"rank correlation of agreement and DSC {spearmanr(agreements, scores)[0]:+.2f}, {len(scores)} cases")


if __name__ == "__main__":
    main()
