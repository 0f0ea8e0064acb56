#!/usr/bin/env bash
# slicer-core reverses the slices of a left-handed volume.
#
# A volume whose axes form a left hand (right, front, down, say) is valid in NIfTI and NRRD, and nibabel keeps its voxel
# order. 3D Slicer's reader turns it into a right-handed one: it reverses the order of the slices and changes the
# matrix to match. Every voxel keeps its place in the patient, but index k in Slicer is n - 1 - k in nibabel, and a file
# that Slicer saves has other voxel order and another affine than the one it read. Code that takes an array from one
# and indices from the other, or that demands equal affines of skull and implant, goes wrong.
# Seen with slicer-core 5.13.31053.0 (Slicer's libraries from PyPI) and nibabel 5.4.2.
# Do this instead: compare grids by the places of their voxels, and reorder axes before comparing arrays.
set -euo pipefail

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
  echo "$(basename "$0") needs Python 3.10 or newer as python3." >&2
  exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  slicer-core==5.13.31053.0 nibabel==5.4.2 numpy==2.2.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import sys

import nibabel
import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import vtk_to_numpy


def expect(condition, what):
    if not condition:
        sys.exit(f"CHANGED: {what}")


def read_in_slicer(path):
    """Return voxels (i, j, k) and the IJK-to-RAS matrix of a volume, as 3D Slicer's scene holds them."""
    scene = slicer.vtkMRMLScene()
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    storage = scene.AddNewNodeByClass("vtkMRMLVolumeArchetypeStorageNode")
    storage.SetFileName(path)
    expect(storage.ReadData(node), f"slicer-core no longer reads {path}")
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    image = node.GetImageData()
    values = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions()[::-1]).T
    return values, np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])


voxels = np.zeros((4, 5, 6), np.uint8)
voxels[1, 2, 0] = 1
for name, down in (("right-handed", 1), ("left-handed", -1)):
    nibabel.save(nibabel.Nifti1Image(voxels, np.diag([1.0, 1.0, 2.0 * down, 1.0])), f"{name}.nii")
    read = nibabel.load(f"{name}.nii")
    values, matrix = read_in_slicer(f"{name}.nii")
    index = {"nibabel": np.argwhere(np.asarray(read.dataobj))[0], "slicer-core": np.argwhere(values)[0]}
    places = {
        "nibabel": (read.affine @ [*index["nibabel"], 1])[:3],
        "slicer-core": (matrix @ [*index["slicer-core"], 1])[:3],
    }
    print(name, *(f"| {reader}: voxel {index[reader].tolist()} at RAS {places[reader].tolist()}" for reader in index))
    expect(np.allclose(places["nibabel"], places["slicer-core"]), "the two place the voxel differently")
    reversed_order = index["slicer-core"][2] == 5 - index["nibabel"][2]
    expect(reversed_order == (down < 0), f"slicer-core orders the slices of a {name} volume otherwise")
PYTHON
