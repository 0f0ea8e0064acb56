"""A bug report tells what is installed, names what is missing, and leaves out the user."""

import importlib.metadata
import sys
from pathlib import Path

import pytest

import CraNeXtLib
from CraNeXtLib.core.runtime import environment


@pytest.fixture(scope="module")
def found():
    return environment.examine(models=["cranext_refined (bundled)"])


def test_what_is_found_is_this_python(found):
    assert found["cranext"] == CraNeXtLib.__version__
    assert Path(found["executable"]) == Path(sys.executable)
    assert found["packages"]["numpy"] == importlib.metadata.version("numpy")
    assert found["free_gb"] > 0


def test_the_build_of_torch_and_its_devices_are_found(found):
    pytest.importorskip("torch")
    assert found["torch"]["build"].startswith(importlib.metadata.version("torch"))
    assert found["devices"][-1]["kind"] == "cpu"


def test_the_report_says_how_to_get_what_is_missing(found, monkeypatch):
    packages = dict.fromkeys(found["packages"]) | {"vtk": "", "numpy": "2.0"}
    text = environment.describe(found | {"packages": packages})
    assert "scipy MISSING; run: pip install scipy" in text
    assert "torch not installed (optional)" in text
    assert "lightning not installed (optional)" in text
    assert "vtk of unknown version" in text
    assert "numpy 2.0" in text
    assert "Model: cranext_refined (bundled)" in text
    monkeypatch.setattr(environment.Path, "home", staticmethod(lambda: Path(found["folder"]).parent))
    assert str(Path(found["folder"]).parent) not in environment.describe(found)


def test_a_torch_that_cannot_be_imported_is_told_from_a_missing_one(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    without = environment.examine()
    assert without["torch"] == {}
    assert [device["kind"] for device in without["devices"]] == ["cpu"]
    assert "PyTorch not installed (optional)" in environment.describe(without)
