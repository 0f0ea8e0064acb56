#!/usr/bin/env bash
# MONAI's mean HD95 gets better the more implants a network fails to make.
#
# For an empty prediction MONAI's Hausdorff distance is infinite, as you would expect, and the mean over cases with it.
# With percentile=95, the usual choice, the same empty prediction gives NaN, because the percentile of infinities is
# NaN, and the metric leaves NaN out of its mean: of two cases, one perfect and one without any implant, the mean is 0.
# DiceMetric leaves cases with an empty reference out in the same way, whatever was predicted in them.
# Seen with MONAI 1.6.1 and PyTorch 2.13.0.
# Do this instead: take the single values from aggregate(reduction="none"), count NaN as failures, and report the count.
set -euo pipefail

if ! python3 -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; then
  echo "$(basename "$0") needs Python 3.11 (for this build of PyTorch) as python3." >&2
  exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  torch==2.13.0 monai==1.6.1 scipy==1.15.3 numpy==2.3.5
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import math
import sys

import torch
from monai.metrics import DiceMetric, HausdorffDistanceMetric


def expect(condition, what):
    if not condition:
        sys.exit(f"CHANGED: {what}")


implant = torch.zeros(2, 1, 12, 12, 12)
implant[:, :, 3:9, 3:9, 3:9] = 1
one_missing = implant.clone()
one_missing[1] = 0
seen = {}
for name, percentile in (("HD", None), ("HD95", 95)):
    metric = HausdorffDistanceMetric(percentile=percentile)
    metric(one_missing, implant)
    seen[name] = float(metric.aggregate())
    cases = metric.aggregate(reduction="none").flatten().tolist()
    print(f"{name} of a perfect and a missing implant: cases {cases}, mean {seen[name]}")
dice = DiceMetric()
dice(implant, one_missing)
seen["Dice"] = float(dice.aggregate())
print(f"Dice coefficient, one reference empty but something predicted: mean {seen['Dice']}")
expect(math.isinf(seen["HD"]), "the Hausdorff distance of an empty prediction isn't infinite")
expect(seen["HD95"] == 0, "HD95 no longer leaves the missing implant out")
expect(seen["Dice"] == 1, "DiceMetric no longer leaves the empty reference out")
PYTHON
