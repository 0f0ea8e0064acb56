#!/usr/bin/env bash
# Two NRRD files that pynrrd writes of the same volume differ.
#
# You would expect to compare results by checksum. pynrrd puts the time of writing into a comment of every header, to
# the second, so a run that is repeated gives other bytes, and a stored SHA-256 of a result never matches. SimpleITK
# writes the same bytes each time. A detached or gzipped file has the comment as well; there is no option against it.
# Seen with pynrrd 1.1.3 and SimpleITK 2.5.7.
# Do this instead: write through SimpleITK, drop the "# on" line from the header, or hash voxels and geometry.
set -euo pipefail

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
  echo "$(basename "$0") needs Python 3.10 or newer as python3." >&2
  exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  pynrrd==1.1.3 SimpleITK==2.5.7 numpy==2.2.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import hashlib
import pathlib
import sys
import time

import nrrd
import numpy as np
import SimpleITK as sitk


def expect(condition, what):
    if not condition:
        sys.exit(f"CHANGED: {what}")


voxels, sums, headers = np.zeros((4, 5, 6), np.uint8), {"pynrrd": set(), "SimpleITK": set()}, []
for _ in range(2):
    nrrd.write("pynrrd.nrrd", voxels, {"encoding": "gzip"})
    sitk.WriteImage(sitk.GetImageFromArray(voxels), "SimpleITK.nrrd", useCompression=True)
    for library, found in sums.items():
        found.add(hashlib.sha256(pathlib.Path(f"{library}.nrrd").read_bytes()).hexdigest())
    headers.append(pathlib.Path("pynrrd.nrrd").read_bytes().split(b"\n\n")[0].decode().splitlines())
    time.sleep(1.1)
differing = [pair for pair in zip(*headers) if pair[0] != pair[1]]
print({library: f"{len(found)} checksum(s) of two files" for library, found in sums.items()})
print("lines of pynrrd's header that differ:", differing)
expect(len(sums["pynrrd"]) == 2, "pynrrd writes the same bytes twice")
expect(len(differing) == 1 and differing[0][0].startswith("# on "), "other lines than the date differ")
expect(len(sums["SimpleITK"]) == 1, "SimpleITK writes other bytes each time")
PYTHON
