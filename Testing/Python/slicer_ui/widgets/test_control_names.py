"""Error messages name the panels' controls instead of command-line options.

This does not prove: that a message names the control that helps.
"""

import ast
import html
import re

import grimp
import pytest
from repository import REPOSITORY

from CraNeXtLib.core.errors import rename_settings
from CraNeXtLib.core.runtime.requirements import EXTRAS, install_command
from CraNeXtLib.datasets.skull_pair import IN_A_MANIFEST
from CraNeXtLib.training.config import describe_preset, presets

pytest_plugins = ["slicer_stand_ins.pytest_plugin"]

OPTION = re.compile(r"(?<=[ (])--[a-z][\w-]*")
COMMAND = re.compile(r"cranext (?:reconstruct|finish|mold|release|models|sheet|evaluate)\b")
# Settings that no panel gives, and a file that none passes on.
FOR_THE_COMMAND = ("--mesh-space", "--fit-limit", "--replace", "--port", "is a segmentation, not a CT")
FOR_DEVELOPERS = ("cranext models fit-shape",)  # a model card


def options_of_sections():
    """Return the options that sections name by the labels of their controls, or by what their own tests check."""
    from CraNeXtLib.slicer_ui.runs.finish_settings import FINISHING, FIXATION, SEGMENTS
    from CraNeXtLib.slicer_ui.runs.mold_settings import MOLD

    fields = [field for settings in (FINISHING, FIXATION, SEGMENTS, MOLD) for field in settings.names]
    return {f"--{field.replace('_', '-')}" for field in fields} | {"--accept"}


def module_file(module):
    path = REPOSITORY.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def strings(module):
    """Return the string constants of a module that are not docstrings."""
    tree = ast.parse(module_file(module).read_text(encoding="utf-8"))
    documentation = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [node.value for node in constants if node not in documentation]


def reached_by_the_panels():
    """Return the modules that run for a panel: in Slicer, in the worker, or in a training run."""
    graph = grimp.build_graph("CraNeXtLib", cache_dir=None)
    to_do = [module for module in graph.modules if module.startswith("CraNeXtLib.slicer_ui")]
    to_do += ["CraNeXtLib.cli.worker", "CraNeXtLib.training.train"]
    reached = set()
    while to_do:
        module = to_do.pop()
        if module in graph.modules and module not in reached:
            reached.add(module)
            to_do += graph.find_modules_directly_imported_by(module)
            registered = (re.fullmatch(r"(CraNeXtLib(?:\.\w+)+):\w+", text) for text in strings(module))
            to_do += [entry[1] for entry in registered if entry]
    return reached


@pytest.mark.usefixtures("application")
def test_messages_name_controls_instead_of_options():
    from CraNeXtLib.slicer_ui.widgets.control_names import with_control_names

    reached = reached_by_the_panels()
    assert {"CraNeXtLib.cases.reconstruction_case", "CraNeXtLib.training.dry_run"} <= reached
    assert "CraNeXtLib.cli.commands.reconstruct" not in reached
    texts = [*map(describe_preset, presets()), *(text for module in reached for text in strings(module))]
    found = [with_control_names(rename_settings(text, IN_A_MANIFEST)) for text in texts]
    left = [text for text in found if not {*OPTION.findall(text)} <= options_of_sections()]
    assert [text for text in left if not any(word in text for word in FOR_THE_COMMAND + FOR_DEVELOPERS)] == []


@pytest.mark.usefixtures("application")
def test_messages_name_buttons_instead_of_commands():
    from CraNeXtLib.slicer_ui.widgets.control_names import with_control_names

    texts = [
        with_control_names(text)
        for module in reached_by_the_panels()
        for text in strings(module)
        if not module.startswith("CraNeXtLib.slicer_ui")
    ]
    assert [text for text in texts if COMMAND.search(text) and not any(word in text for word in FOR_DEVELOPERS)] == []


@pytest.mark.usefixtures("application")
def test_every_control_exists_and_is_needed():
    """Each setting that is replaced still occurs in a message, and each name is that of a control."""
    from CraNeXtLib.slicer_ui.widgets import control_names

    replaced = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(control_names, "rename_settings", lambda message, names: replaced.update(names) or message)
        control_names.with_control_names("")
    modules = (module for module in reached_by_the_panels() if not module.startswith("CraNeXtLib.slicer_ui"))
    texts = [*map(describe_preset, presets()), *map(install_command, EXTRAS)]
    messages = "\n".join([*texts, *(text for module in modules for text in strings(module))])
    assert [setting for setting in replaced if setting not in messages] == []
    texts = "".join(file.read_text(encoding="utf-8") for file in REPOSITORY.glob("CraNeXt*/Resources/UI/*.ui"))
    texts += "".join(file.read_text(encoding="utf-8") for file in REPOSITORY.glob("CraNeXtLib/slicer_ui/**/*.py"))
    shown = html.unescape(texts).replace("&", "")
    for control in re.findall("“(.*?)”", " ".join(replaced.values())):
        assert re.search(rf'[>"]{re.escape(control)}:?[<"]', shown), control
