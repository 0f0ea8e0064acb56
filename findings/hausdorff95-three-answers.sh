#!/usr/bin/env bash
# The 95th percentile of the surface distance of two masks is 0, 8.55 or 14 mm, depending on the library.
#
# A plate, and the same plate with a spur of 30 voxels standing on it, voxels of 1 mm. By hand: the plate's 400 surface
# voxels have distance 0 either way, those of the spur 1 to 30 mm. Papers on implants compare themselves by HD95, so
# you would expect one number. MedPy and seg-metrics pool the distances of both directions: of 830 values the 95th
# percentile is 0, a perfect score for an implant with a thorn of 30 mm. Taking the percentile of each direction and
# then the larger one, as MONAI 1.6.1 does, gives 8.55 mm. DeepMind's surface-distance does so as well, but weights
# voxels by the area of surface in them: 14 mm. Averages differ, too: SimpleITK's average Hausdorff distance is over all
# voxels of the masks, inner ones included, then over the directions: 0.541 mm where MedPy's assd is 0.560 mm; for a
# cube of 10 voxels moved by 2 voxels of 1.5 mm it is 0.45 against 0.848 mm.
# Seen with MedPy 0.5.2, seg-metrics 1.2.8, surface-distance 0.1, SimpleITK 2.5.7.
# Do this instead: name the definition next to the number, and never compare numbers of two libraries.
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


def box(*sides):
    mask = np.zeros((44, 30, 36), bool)
    mask[tuple(slice(*side) for side in sides)] = True
    return mask


def by_seg_metrics(name, prediction, reference, spacing):
    with contextlib.redirect_stdout(io.StringIO()):
        rows = write_metrics(
            labels=[1], gdth_img=reference.T.astype(np.uint8), pred_img=prediction.T.astype(np.uint8), metrics=[name],
            spacing=list(spacing[::-1]),
        )  # fmt: skip
    return float(rows[0][name][0])


def average_by_simpleitk(prediction, reference, spacing):
    images = [sitk.GetImageFromArray(mask.T.astype(np.uint8)) for mask in (prediction, reference)]
    for image in images:
        image.SetSpacing(spacing)
    distance = sitk.HausdorffDistanceImageFilter()
    distance.Execute(*images)
    return distance.GetAverageHausdorffDistance()


plate = box((5, 6), (5, 25), (5, 25))
spur = plate | box((6, 36), (15, 16), (15, 16))
one = (1.0, 1.0, 1.0)
zeros, thorn = np.zeros(400), np.arange(1.0, 31.0)
by_hand = {
    "pooled": np.percentile(np.concatenate([zeros, thorn, zeros]), 95),
    "larger": max(np.percentile(np.concatenate([zeros, thorn]), 95), np.percentile(zeros, 95)),
}
distances = surface_distance.compute_surface_distances(plate, spur, one)
seen = {
    "MedPy": medpy.hd95(spur, plate, one),
    "seg-metrics": by_seg_metrics("hd95", spur, plate, one),
    "surface-distance": surface_distance.compute_robust_hausdorff(distances, 95),
}
print("by hand:", {name: f"{value:.2f} mm" for name, value in by_hand.items()})
print("HD95:   ", {name: f"{value:.2f} mm" for name, value in seen.items()})
expect(seen["MedPy"] == seen["seg-metrics"] == by_hand["pooled"] == 0, "MedPy or seg-metrics no longer pools")
expect(abs(by_hand["larger"] - 8.55) < 1e-9, "the sum by hand is wrong")
expect(abs(seen["surface-distance"] - 14) < 1e-6, "surface-distance gives another percentile")

cube, moved, flat = box((10, 20), (10, 20), (10, 20)), box((10, 20), (10, 20), (12, 22)), (0.5, 0.5, 1.5)
for name, pair, spacing, wanted in (
    ("plate", (spur, plate), one, (0.5602, 0.5407)),
    ("cube", (moved, cube), flat, (0.8484, 0.45)),
):
    averages = medpy.assd(*pair, spacing), average_by_simpleitk(*pair, spacing)
    print(f"average for the {name}: MedPy {averages[0]:.4f} mm, SimpleITK {averages[1]:.4f} mm")
    expect(np.allclose(averages, wanted, atol=1e-4), f"the averages for the {name} are others")
PYTHON
