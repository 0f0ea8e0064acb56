"""What ``from CraNeXtLib import ...`` offers, and that it costs nothing until it is used."""

import subprocess
import sys

import pytest

import CraNeXtLib


def test_every_public_name_is_found():
    for name in CraNeXtLib.__all__:
        assert getattr(CraNeXtLib, name) is not None
    assert {"Volume", "reconstruct", "categorize", "evaluate"} <= {*CraNeXtLib.__all__}


def test_an_unknown_name_is_refused():
    with pytest.raises(AttributeError, match="no attribute 'reconstrut'"):
        CraNeXtLib.reconstrut  # noqa: B018


def test_importing_the_package_imports_no_library():
    program = (
        "import sys, CraNeXtLib; print({'numpy', 'scipy', 'torch', 'vtk', 'monai', 'ants', 'nibabel'} & {*sys.modules})"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "set()"
