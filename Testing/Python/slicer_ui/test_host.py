"""What Slicer and the browser application share runs on either."""

import ast

import pytest
from repository import REPOSITORY

from CraNeXtLib.slicer_ui.host import SlicerHost, host, set_host

SHARED = REPOSITORY / "CraNeXtLib" / "slicer_ui"
SLICERS = {"table_views.py", "region_views.py", "region_chart.py", "training_run.py", "views.py", "dicom_source.py"}
"""Files that only Slicer's panels use, or that do nothing without its main window."""


@pytest.mark.parametrize("folder", ["runs", "scene"])
def test_runs_and_nodes_ask_the_host_for_the_application(folder):
    asked = {file.name: {*_asked(file)} for file in SHARED.joinpath(folder).glob("*.py") if file.name not in SLICERS}
    assert len(asked) > 10
    assert {name: found for name, found in asked.items() if found} == {}


def test_the_host_is_slicer_unless_another_is_set():
    slicer_host = host()
    assert isinstance(slicer_host, SlicerHost)
    other = SlicerHost()
    set_host(other)
    try:
        assert host() is other
    finally:
        set_host(slicer_host)


def _asked(file):
    """Yield what a file takes from the application, such as ``slicer.app``, and its imports of Qt."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {
            "slicer.app",
            "slicer.modules",
            "slicer.mrmlScene",
            "slicer.util",
        }:
            yield ast.unparse(node)
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name in ("qt", "ctk"))
