#!/usr/bin/env bash
# A node that slicer-core's GetNodesByClass returned once stays in memory after it is removed.
#
# You would expect a node to be freed when it leaves the scene and Python has no variable for it. GetNodesByClass makes a
# collection that its caller has to delete (so says its C++ comment), Python's binding does not take it over, and so it
# stays for good, with every node of that class: a head of 512 x 512 x 222 voxels in a loop over cases keeps its 58 MB of
# mask each time. Nothing in Python shows it: gc finds no object, and the scene no node. slicer.util.getNodesByClass
# frees the collection, but ignores its argument scene: it answers for Slicer's own scene, whichever you ask.
# Seen with slicer-core 5.13.31053.0 (Slicer's libraries from PyPI).
# Do this instead: scene.GetNthNodeByClass(n, kind) for n in range(scene.GetNumberOfNodesByClass(kind)).
set -euo pipefail

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
  echo "$(basename "$0") needs Python 3.10 or newer as python3." >&2
  exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  slicer-core==5.13.31053.0 numpy==2.2.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import gc
import sys
from pathlib import Path

import numpy as np
import slicer
import slicer.util
import vtk
from vtk.util.numpy_support import numpy_to_vtk

KIND, MEGABYTES = "vtkMRMLLabelMapVolumeNode", 40


def expect(condition, what):
    if not condition:
        sys.exit(f"CHANGED: {what}")


def memory_mb():
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def ask(scene):
    return list(scene.GetNodesByClass(KIND))


def ask_one_by_one(scene):
    return [scene.GetNthNodeByClass(n, KIND) for n in range(scene.GetNumberOfNodesByClass(KIND))]


def freed_after_removal(asked):
    """Add and remove five volumes, each asked for once; return how many were freed, and by how much memory grew."""
    scene, freed, before = slicer.vtkMRMLScene(), set(), memory_mb()
    for number in range(5):
        node = scene.AddNewNodeByClass(KIND)
        image = vtk.vtkImageData()
        image.SetDimensions(MEGABYTES, 1000, 1000)
        image.GetPointData().SetScalars(numpy_to_vtk(np.ones(MEGABYTES * 1_000_000, np.uint8), deep=True))
        node.SetAndObserveImageData(image)
        node.AddObserver(vtk.vtkCommand.DeleteEvent, lambda *_event, number=number: freed.add(number))
        asked(scene)
        scene.RemoveNode(node)
        del node, image
        gc.collect()
    expect(scene.GetNumberOfNodesByClass(KIND) == 0, "a removed node is in the scene")
    return len(freed), memory_mb() - before


for asked in (ask_one_by_one, ask):
    count, grown = freed_after_removal(asked)
    print(f"{asked.__name__}: {count} of 5 removed volumes of {MEGABYTES} MB were freed; memory grew by {grown:.0f} MB")
    expect(count == (5 if asked is ask_one_by_one else 0), f"{asked.__name__} frees another number of nodes")

own, other = slicer.vtkMRMLScene(), slicer.vtkMRMLScene()
slicer.mrmlScene = own
other.AddNewNodeByClass(KIND, "in the other scene")
found = slicer.util.getNodesByClass(KIND, other)
print(f"slicer.util.getNodesByClass(kind, other): {len(found)} of 1 node found")
expect(not found, "slicer.util.getNodesByClass heeds its argument scene")
PYTHON
