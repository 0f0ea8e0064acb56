"""Helpers of these tests: the bundled skull and implant as nodes, skipping without packages, and waiting."""

import subprocess
import time

import slicer

PATIENCE_S = 1200.0  # far more than one step takes on a busy machine; it only ends a test that would hang


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


def wait_while(going, sign_of_life):
    """Wait as long as a condition holds; fail if the sign of life does not change for long, however long all takes."""
    end, seen = time.monotonic() + PATIENCE_S, sign_of_life()
    while going():
        if (sign := sign_of_life()) != seen:
            end, seen = time.monotonic() + PATIENCE_S, sign
        assert time.monotonic() < end, "nothing happened for long"
        time.sleep(0.2)
