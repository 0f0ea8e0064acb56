"""The layers of the library: imports point down, and so do the names in registries, which no import shows.

The order of the layers is defined in ``pyproject.toml`` only.
"""

import ast
import re

import pytest
from importlinter.api import read_configuration
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports
from repository import REPOSITORY

LIBRARY = REPOSITORY / "CraNeXtLib"
CONFIGURATION = str(REPOSITORY / "pyproject.toml")
MOST_ENTRIES = 18


def test_imports_point_down_and_make_no_circle(capsys):
    assert lint_imports(config_filename=CONFIGURATION, no_cache=True) == EXIT_STATUS_SUCCESS, capsys.readouterr().out


def test_registries_point_down_at_what_exists():
    floors = _floors()
    entries = [(file, entry) for file in LIBRARY.rglob("*.py") for entry in _registered(file)]
    assert len(entries) > 20
    for file, entry in entries:
        module, name = entry.split(":")
        target = REPOSITORY.joinpath(*module.split(".")).with_suffix(".py")
        assert re.search(rf"^(def|class) {name}\b", target.read_text(encoding="utf-8"), re.MULTILINE), entry
        here = file.relative_to(LIBRARY).parts[0]
        if here != "__init__.py":  # the package itself names its public API, which may lie on any floor
            assert floors[module.split(".")[1]] <= floors[here], f"{file} names {entry}"


@pytest.mark.parametrize("text", ["x = 'CraNeXtLib.cli.tasks:finish'"])
def test_a_registry_is_recognized(tmp_path, text):
    (tmp_path / "a.py").write_text(text)
    assert [*_registered(tmp_path / "a.py")] == ["CraNeXtLib.cli.tasks:finish"]


def test_the_top_level_has_few_entries():
    entries = [entry.name for entry in LIBRARY.iterdir() if entry.name != "__pycache__"]
    assert len(entries) <= MOST_ENTRIES, sorted(entries)


def _floors() -> dict[str, int]:
    contracts = read_configuration(CONFIGURATION)["contracts_options"]
    (layers,) = [c["layers"] for c in contracts if c["type"] == "layers" and c["containers"] == ["CraNeXtLib"]]
    return {name.strip(): floor for floor, layer in enumerate(reversed(layers)) for name in layer.split("|")}


def _registered(file):
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from re.findall(r"^CraNeXtLib(?:\.\w+)+:\w+$", node.value)
