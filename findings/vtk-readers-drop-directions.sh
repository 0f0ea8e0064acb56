#!/usr/bin/env bash
# VTK's readers of NRRD, NIfTI and MetaImage drop the directions.
#
# vtkImageData has had a direction matrix since VTK 9, so you would expect its readers of medical formats to fill it.
# vtkNrrdReader, vtkNIFTIImageReader and vtkMetaImageReader leave it the identity: an oblique volume is read as an
# upright one, and axes that run to the left or back as if they ran to the right or front. NIfTI loses its origin, too;
# its matrices can only be asked for apart. A surface extracted from such a volume (PyVista's read() uses these readers)
# doesn't fit the one from SimpleITK or 3D Slicer. On top, vtkNrrdReader takes the first axis of a volume without the
# optional field "kinds" for components, and returns a flat image.
# Seen with VTK 9.6.2, against SimpleITK 2.5.7.
# Do this instead: read with SimpleITK or nibabel and call SetDirectionMatrix yourself.
set -euo pipefail

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
  echo "$(basename "$0") needs Python 3.10 or newer as python3." >&2
  exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  vtk==9.6.2 SimpleITK==2.5.7 numpy==2.2.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import sys

import numpy as np
import SimpleITK as sitk
from vtkmodules.vtkIOImage import vtkMetaImageReader, vtkNIFTIImageReader, vtkNrrdReader


def expect(condition, what):
    if not condition:
        sys.exit(f"CHANGED: {what}")


turn = np.radians(30)
directions = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
image = sitk.GetImageFromArray(np.zeros((6, 5, 4), np.uint8))
image.SetDirection(directions.ravel().tolist())
image.SetOrigin((10, 20, 30))
for suffix, reader in ((".nrrd", vtkNrrdReader()), (".nii", vtkNIFTIImageReader()), (".mha", vtkMetaImageReader())):
    sitk.WriteImage(image, "head" + suffix)
    again = sitk.ReadImage("head" + suffix)
    expect(np.allclose(np.reshape(again.GetDirection(), (3, 3)), directions, atol=1e-5), "SimpleITK changes directions")
    reader.SetFileName("head" + suffix)
    reader.Update()
    read = reader.GetOutput()
    matrix = [round(read.GetDirectionMatrix().GetElement(row, column), 3) for row in range(3) for column in range(3)]
    print(f"{suffix}: {type(reader).__name__} gives directions {matrix}, origin {read.GetOrigin()}")
    expect(matrix == np.eye(3).ravel().tolist(), f"{type(reader).__name__} fills the direction matrix")
    origin = (0, 0, 0) if suffix == ".nii" else (10, 20, 30)
    expect(np.allclose(read.GetOrigin(), origin), f"{type(reader).__name__} gives another origin")

with open("plain.nrrd", "wb") as file:
    header = ["NRRD0004", "type: uint8", "dimension: 3", "sizes: 4 5 6", "encoding: raw", "spacings: 1 1 1"]
    file.write("\n".join(header).encode() + b"\n\n" + bytes(4 * 5 * 6))
reader = vtkNrrdReader()
reader.SetFileName("plain.nrrd")
reader.Update()
read = reader.GetOutput()
print(f"NRRD of 4 x 5 x 6 without kinds: {read.GetDimensions()} with {read.GetNumberOfScalarComponents()} components")
expect(sitk.ReadImage("plain.nrrd").GetSize() == (4, 5, 6), "SimpleITK no longer reads an NRRD without kinds")
expect(
    read.GetDimensions() == (5, 6, 1) and read.GetNumberOfScalarComponents() == 4, "vtkNrrdReader reads it otherwise"
)
PYTHON
