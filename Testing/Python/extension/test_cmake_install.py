"""Installation of the extension by CMake: every file is installed, and the installed library runs.

Slicer's CMake commands are stand-ins (``slicer_stand_ins/cmake``); this does not prove what Slicer's own do.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from repository import REPOSITORY, TESTS

STAND_IN = TESTS.parent / "slicer_stand_ins" / "cmake"
MODULES = ("CraNeXtImplant", "CraNeXtCategorize", "CraNeXtTraining")
NOT_INSTALLED = {"__pycache__", "CMakeLists.txt"}


def files_of(folder: Path) -> set[str]:
    """Return the relative paths of the files in a folder that are to be installed."""
    files = (file.relative_to(folder) for file in folder.rglob("*") if file.is_file())
    return {file.as_posix() for file in files if not NOT_INSTALLED.intersection(file.parts)}


@pytest.fixture(scope="module", params=["OFF", "ON"])
def installed(request, tmp_path_factory) -> Path:
    """The installed folder of modules, configured with and without tests."""
    cmake = shutil.which("cmake")
    if cmake is None or not (shutil.which("make") or shutil.which("ninja")):
        pytest.skip("needs CMake and a build tool to install the extension")
    folder = tmp_path_factory.mktemp("extension")
    build, target = str(folder / "build"), folder / "installed"
    given = [f"-DSlicer_DIR={STAND_IN}", f"-DBUILD_TESTING={request.param}", f"-DCMAKE_INSTALL_PREFIX={target}"]
    for command in (["-S", str(REPOSITORY), "-B", build, *given], ["--install", build]):
        done = subprocess.run([cmake, *command], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    (modules,) = target.glob("lib/Slicer-*/qt-scripted-modules")
    return modules


def test_exactly_the_extensions_files_are_installed(installed):
    expected = {f"CraNeXtLib/{file}" for file in files_of(REPOSITORY / "CraNeXtLib")}
    for module in MODULES:
        expected |= files_of(REPOSITORY / module)
    assert {f"{module}.py" for module in MODULES} <= expected
    assert "CraNeXtLib/Resources/Models/cranext_refined/weights.safetensors" in expected
    assert files_of(installed) == expected


def test_the_installed_library_runs(installed, tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1"}
    commands = {
        "pca_skull": ["-m", "CraNeXtLib.cli", "models", "list"],
        str(installed): ["-c", "import CraNeXtLib; print(CraNeXtLib.__file__)"],
    }
    for expected, words in commands.items():
        done = subprocess.run(
            [sys.executable, *words], capture_output=True, text=True, check=False, cwd=tmp_path, env=environment
        )
        assert done.returncode == 0, done.stderr
        assert expected in done.stdout
