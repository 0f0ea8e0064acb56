"""Helpers of these tests: the bundled skull and implant as nodes, and skipping without packages."""

import subprocess

import slicer


def load_bundled(path):
    """Load a mask of the demo as a labelmap volume, without Slicer's dialogs."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", path.stem)
    storage = slicer.vtkMRMLNRRDStorageNode()
    storage.SetFileName(str(path))
    storage.ReadData(node)
    return node


def skip_without(packages, test):
    """Skip a test if the worker's Python lacks one of the packages."""
    from CraNeXtLib.slicer_ui.runs.interpreters import worker_python

    python, environment = worker_python()
    command = [python, "-c", f"import {packages}"]
    found = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if found.returncode:
        test.skipTest(f"{python} lacks a package: {found.stderr.strip().splitlines()[-1]}")
