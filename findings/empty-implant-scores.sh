#!/usr/bin/env bash
# An implant that was never made gets a perfect surface distance from seg-metrics.
#
# A network that predicts nothing is the worst result there is. You would expect its distance to the reference to be
# infinite, undefined or an error. seg-metrics gives 0 mm for HD, HD95 and mean surface distance, so the more cases a
# model misses, the better its average. MedPy raises an error; surface-distance under NumPy 2 fails with an
# AttributeError, for it still uses numpy.Inf, and gives infinity under NumPy 1. (MONAI 1.6.1 gives infinity for HD, NaN
# for HD95.) And where both masks are empty, SimpleITK's Dice coefficient is infinite, seg-metrics' is 1, and MedPy's is
# 1 with NumPy 2.2 but NaN with NumPy 2.4.6, whose counts no longer raise ZeroDivisionError.
# Seen with seg-metrics 1.2.8, MedPy 0.5.2, surface-distance 0.1, SimpleITK 2.5.7, NumPy 2.2.6.
# Do this instead: treat empty masks before any metric is called, and report how many there were.
set -euo pipefail

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
  echo "$(basename "$0") needs Python 3.10 or newer as python3." >&2
  exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  MedPy==0.5.2 seg-metrics==1.2.8 surface-distance==0.1 SimpleITK==2.5.7 numpy==2.2.6 scipy==1.15.3 \
  setuptools==80.9.0
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import contextlib
import io
import logging
import math
import sys

import numpy as np
import SimpleITK as sitk
import surface_distance
from medpy.metric import binary as medpy

with contextlib.redirect_stdout(io.StringIO()):
    from seg_metrics.seg_metrics import write_metrics

logging.disable(logging.CRITICAL)


def expect(condition, what):
    if not condition:
        sys.exit(f"CHANGED: {what}")


def by_seg_metrics(name, prediction, reference):
    with contextlib.redirect_stdout(io.StringIO()):
        rows = write_metrics(
            labels=[1], gdth_img=reference.astype(np.uint8), pred_img=prediction.astype(np.uint8), metrics=[name],
            spacing=[1.0, 1.0, 1.0],
        )  # fmt: skip
    return float(rows[0][name][0])


def outcome(call):
    try:
        return float(call())
    except (RuntimeError, AttributeError) as error:
        return type(error).__name__


def dice_by_simpleitk(prediction, reference):
    overlap = sitk.LabelOverlapMeasuresImageFilter()
    overlap.Execute(*(sitk.GetImageFromArray(mask.astype(np.uint8)) for mask in (prediction, reference)))
    return overlap.GetDiceCoefficient()


reference = np.zeros((20, 20, 20), bool)
reference[5:15, 5:15, 5:15] = True
nothing = np.zeros_like(reference)
distances = {
    "seg-metrics": {name: by_seg_metrics(name, nothing, reference) for name in ("hd", "hd95", "msd")},
    "MedPy": outcome(lambda: medpy.hd95(nothing, reference)),
    "surface-distance": outcome(
        lambda: surface_distance.compute_robust_hausdorff(
            surface_distance.compute_surface_distances(reference, nothing, (1, 1, 1)), 95
        )
    ),
}
dice = {
    "seg-metrics": by_seg_metrics("dice", nothing, nothing),
    "MedPy": outcome(lambda: medpy.dc(nothing, nothing)),
    "SimpleITK": outcome(lambda: dice_by_simpleitk(nothing, nothing)),
}
print("distance of no implant from its reference:", distances)
print("Dice coefficient of two empty masks:", dice)
expect(set(distances["seg-metrics"].values()) == {0.0}, "seg-metrics no longer gives 0 for an empty prediction")
expect(distances["MedPy"] == "RuntimeError", "MedPy no longer raises an error")
expect(distances["surface-distance"] == "AttributeError", "surface-distance works with NumPy 2")
expect(dice == {"seg-metrics": 1.0, "MedPy": 1.0, "SimpleITK": math.inf}, "other Dice coefficients of empty masks")
PYTHON
