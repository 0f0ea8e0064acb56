"""The section “Environment”: shows installed packages, and installs missing ones without replacing others.

This does not prove: that pip and the PyTorch extension work in a real Slicer; they are stand-ins here.
"""

import subprocess
import sys
import venv
from importlib import metadata
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from slicer_stand_ins.events import wait_until

from CraNeXtLib.core.errors import InputError

pytest_plugins = ["slicer_stand_ins.pytest_plugin"]


@pytest.fixture
def environment(scene):  # noqa: ARG001
    from CraNeXtLib.slicer_ui.environment.panel import EnvironmentPanel

    made = []

    def make(*arguments):
        made.append(EnvironmentPanel(*arguments))
        made[-1].widget.show()
        return made[-1]

    yield make
    for panel in made:
        panel.close()
        panel.widget.delete()


@pytest.fixture
def lack(monkeypatch):
    """Make packages missing (None) or old until pip installs them."""
    from CraNeXtLib.slicer_ui.environment import packages

    def let(**versions):
        known = {name.replace("_", "-"): version for name, version in versions.items()}
        real = packages.installed_version
        monkeypatch.setattr(packages, "installed_version", lambda name: known[name] if name in known else real(name))
        return known

    return let


@pytest.fixture
def pip(monkeypatch):
    """A stand-in for slicer.packaging.pip_install that records its arguments and then calls ``pip.does``."""
    calls = []

    def pip_install(requirements, constraints, no_deps_requirements, requester):
        calls.append((requirements, constraints.read_text(), no_deps_requirements, requester))
        pip.does()

    pip = SimpleNamespace(calls=calls, does=lambda: None)
    module = ModuleType("slicer.packaging")
    module.pip_install = pip_install
    monkeypatch.setitem(sys.modules, "slicer.packaging", module)
    return pip


@pytest.fixture
def answers(monkeypatch):
    """Answer all questions with the same Boolean, and record them."""
    import slicer

    asked = []

    def answer(choice):
        for name in ("confirmOkCancelDisplay", "confirmYesNoDisplay"):
            monkeypatch.setattr(slicer.util, name, lambda text, *_rest: asked.append(text) or choice)
        return asked

    return answer


def shown(panel):
    """Return the rows of the table of packages."""
    table = panel._table
    return {table.item(row, 0).text(): table.item(row, 1).text() for row in range(table.rowCount)}


def test_packages_are_shown_at_once_and_the_device_when_it_is_known(environment):
    examined = []
    panel = environment(("run", "torch"), examined.append)
    assert panel.message.text == "All packages are installed."
    assert shown(panel)["numpy"] == metadata.version("numpy")
    assert "lightning" not in shown(panel)
    assert examined == []
    panel.widget.collapsed = False
    assert "Checking packages" in panel.message.text
    wait_until(lambda: examined)
    assert examined[0]["devices"][-1]["kind"] == "cpu"
    assert f"with PyTorch {metadata.version('torch')}" in panel.message.text
    assert "lightning" in shown(environment(("run", "train")))
    assert panel.ensure()


def test_torch_is_never_loaded(environment):
    loaded = {"torch", "monai", "ants"} & set(sys.modules)
    environment().examine()
    assert {"torch", "monai", "ants"} & set(sys.modules) == loaded


def test_nothing_is_installed_without_consent(environment, lack, pip, answers):
    lack(trimesh=None, monai="0.9")
    panel = environment(("torch", "run"))
    assert panel.message.text == "Missing or too old: monai, trimesh. Press “Install”."
    assert list(shown(panel).items())[:2] == [("monai", "0.9"), ("trimesh", "missing")]
    asked = answers(False)
    assert not panel.ensure()
    assert pip.calls == []
    assert "    monai>=1.5\n    trimesh>=4.4\n" in asked[0]


def test_missing_packages_are_installed_with_everything_else_pinned(environment, lack, pip, answers, monkeypatch):
    versions = lack(torch=None, monai=None, antspyx=None, numpy="2.4.6")
    chosen = []

    class Logic:
        def installTorch(self, askConfirmation, torchVersionRequirement):
            chosen.append((askConfirmation, torchVersionRequirement))
            versions["torch"] = "2.9.1+cu128"
            return object()

    monkeypatch.setitem(sys.modules, "PyTorchUtils", SimpleNamespace(PyTorchUtilsLogic=Logic))
    pip.does = lambda: versions.update(monai="1.5.2", antspyx="0.6.3")
    asked = answers(True)
    panel = environment(("run", "torch", "ants"))
    panel._install.click()
    assert len(asked) == 1  # nothing that Slicer has loaded was replaced
    assert chosen == [(False, ">=2.4")]
    ((others, constraints, without_dependencies, requester),) = pip.calls
    assert without_dependencies == ["antspyx>=0.6"]
    assert "monai>=1.5" in others
    assert f"scipy=={metadata.version('scipy')}\n" in constraints
    assert f"torch=={metadata.version('torch')}\n" in constraints  # installed just before
    assert not [line for line in constraints.splitlines() if line.startswith(("monai==", "antspyx=="))]
    assert requester == "CraNeXt"
    assert "Press “Install”" not in panel.message.text
    assert panel.ensure()


def test_a_restart_is_offered_if_a_loaded_package_was_replaced(environment, lack, pip, answers, monkeypatch):
    import slicer

    from CraNeXtLib.slicer_ui.environment import installation, panel

    versions = lack(nibabel="4.0")
    pip.does = lambda: versions.update(nibabel="5.4.2")
    before = {"numpy": "1.26.4", "nibabel": "4.0", "left-alone": "1"}
    after = before | {"numpy": "2.0.2", "nibabel": "5.4.2", "new": "1"}
    assert installation.replaced(before, after) == ["nibabel"] * ("nibabel" in sys.modules) + ["numpy"]
    monkeypatch.setattr(panel, "install", lambda missing: installation.install(missing) or ["numpy"])
    restarted = []
    monkeypatch.setattr(slicer.util, "restart", lambda: restarted.append(1))
    asked = answers(True)
    environment().install()
    assert "older versions of numpy" in asked[1]
    assert restarted == [1]


MODULES = ["CraNeXtImplant", "CraNeXtCategorize", "CraNeXtTraining"]


@pytest.mark.parametrize("module", MODULES)
def test_a_panel_that_asks_or_installs_keeps_the_others_from_it(panel, module, lack, pip, monkeypatch):
    """Two installations at once would break Slicer's Python."""
    import slicer

    lacking = lack(trimesh=None)
    panels = {name: panel(name).panel.environment for name in MODULES}
    first = panels.pop(module)
    asked = []

    def press_the_others():
        for other in panels.values():
            assert not other.ensure()
            assert other.message.text.startswith("CraNeXt is still installing packages. Wait")

    def answer(text, *_rest):
        asked.append(text)
        press_the_others()
        return True

    def install():
        press_the_others()
        lacking["trimesh"] = "4.9"

    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", answer)
    pip.does = install
    assert first.ensure()
    assert (len(asked), len(pip.calls)) == (1, 1)
    assert all(other.ensure() for other in panels.values())


def test_nothing_is_installed_under_a_run_in_progress(environment, lack, pip, answers, monkeypatch):
    from CraNeXtLib.slicer_ui.environment import panel as module

    lack(trimesh=None)
    asked = answers(True)
    panel = environment()
    monkeypatch.setattr(module, "work_in_progress", lambda: "making an implant")
    panel._install.click()
    assert panel.message.text.startswith("CraNeXt is still making an implant. Wait")
    assert (asked, pip.calls) == ([], [])


def test_a_panel_closed_while_it_asks_installs_nothing(environment, lack, pip, monkeypatch):
    import slicer

    lack(trimesh=None)
    panel = environment()
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", lambda *_texts: panel.close() or True)
    assert not panel.ensure()
    assert pip.calls == []


def test_a_failed_installation_is_explained(environment, lack, pip, answers, monkeypatch):
    answers(True)
    lack(torch=None)
    monkeypatch.setitem(sys.modules, "PyTorchUtils", None)
    panel = environment(("run", "torch"))
    assert not panel.install()
    assert "PyTorch extension, which is missing" in panel.message.text
    assert not panel.widget.collapsed
    lack(torch="2.9", trimesh=None)

    def fail():
        raise subprocess.CalledProcessError(1, "pip")

    pip.does = fail
    assert not panel.install()
    assert "Check the Internet connection" in panel.message.text


def test_an_installation_interrupted_by_a_restart_can_be_continued(environment, lack, pip, answers, monkeypatch):
    versions = lack(torch=None, lightning=None)
    monkeypatch.setitem(sys.modules, "PyTorchUtils", None)
    asked = answers(True)
    panel = environment(("run", "torch", "train"))
    assert not panel.install()
    assert "restart Slicer, and press “Continue” under “Environment”" in panel.message.text
    panel.close()  # the user installs the extension, which restarts Slicer

    class Logic:
        def installTorch(self, **_options):
            versions["torch"] = "2.9"
            raise RuntimeError("cannot be loaded, since an older torch is in memory")

    monkeypatch.setitem(sys.modules, "PyTorchUtils", SimpleNamespace(PyTorchUtilsLogic=Logic))
    again = environment(("run",))  # in another module
    assert not again.widget.collapsed
    assert "was interrupted. Still missing or too old: torch, lightning. Press “Continue”." in again.message.text
    assert again._install.text == "Cont&inue…"
    assert (len(asked), pip.calls) == (1, [])  # it does not start automatically
    pip.does = lambda: versions.update(lightning="2.6")
    again._install.click()
    assert "    torch>=2.4\n" in asked[1]
    assert "    lightning>=" in asked[1]
    assert pip.calls[0][0][0].startswith("lightning")
    assert again._install.text == "&Install…"
    assert environment(("run", "train")).widget.collapsed


def test_declining_the_rest_of_an_installation_discards_it(environment, lack, pip, answers):
    lack(trimesh=None)
    answers(True)

    def fail():
        raise subprocess.CalledProcessError(1, "pip")

    pip.does = fail
    assert not environment().install()
    answers(False)
    again = environment()
    assert again._install.text == "Cont&inue…"
    again._install.click()
    assert again._install.text == "&Install…"
    assert again.message.text == "Missing or too old: trimesh. Press “Install”."
    assert environment().widget.collapsed


def test_packages_installed_in_another_way_are_no_longer_offered(environment, lack, pip, answers):
    versions = lack(trimesh=None)
    answers(True)
    pip.does = lambda: (_ for _ in ()).throw(subprocess.CalledProcessError(1, "pip"))
    assert not environment().install()
    versions["trimesh"] = "5.0"
    panel = environment()
    assert panel.message.text == "All packages are installed."
    versions["trimesh"] = None
    assert environment()._install.text == "&Install…"


def test_without_torch_the_cpu_is_reported(environment, lack):
    lack(torch=None)
    examined = []
    panel = environment(("run",), examined.append)
    cpu = {"kind": "cpu", "title": "cpu (2 threads)", "name": "CPU"}
    packages = dict.fromkeys(shown(panel), "99")
    found = {"packages": packages, "torch": {}, "devices": [cpu], "nvidia_driver": None}
    panel._end(SimpleNamespace(raise_error=lambda: None, found=found))
    assert examined == [found]
    assert panel.message.text == "All packages are installed. Computations run on the CPU."


def test_what_a_computation_needs_is_installed_for_it_alone(environment, lack, pip, answers):
    versions = lack(antspyx=None)
    pip.does = lambda: versions.update(antspyx="0.6.3")
    asked = answers(True)
    panel = environment(("run",))
    assert panel.ensure()
    assert asked == []
    assert panel.ensure("ants")
    assert "    antspyx>=0.6\n" in asked[0]
    assert "from pypi.org (less than 200 MB) and installed" in asked[0]
    assert panel.ensure("ants")
    assert (len(asked), len(pip.calls)) == (1, 1)


def test_installing_in_slicer_5_10(scene, lack, monkeypatch):  # noqa: ARG001
    import slicer

    from CraNeXtLib.slicer_ui.environment.installation import install
    from CraNeXtLib.slicer_ui.environment.packages import lacking, packages_here

    lack(antspyx=None, trimesh=None)
    called = []
    monkeypatch.setitem(sys.modules, "slicer.packaging", None)
    monkeypatch.setattr(slicer.util, "pip_install", called.append, raising=False)
    install(lacking(packages_here(("run", "ants"))))
    assert called[0] == ["--no-deps", "antspyx>=0.6"]
    assert called[1][0] == "-c"
    assert "trimesh>=4.4" in called[1]


def test_another_python(environment, tmp_path):
    import slicer

    from CraNeXtLib.slicer_ui.runs.interpreters import PYTHON_SETTING, worker_python

    venv.create(tmp_path / "bare", with_pip=False)
    bare = str(tmp_path / "bare" / ("Scripts" if sys.platform == "win32" else "bin") / "python")
    panel = environment()
    panel._python_box.setCurrentIndex(1)
    panel._python_box.activated.emit(1)
    assert panel._python_path.isVisibleTo(panel.widget)
    panel._python_path.currentPath = bare
    assert slicer.util.settingsValue(PYTHON_SETTING, "") == bare
    assert "Press “Check again”" in panel.message.text
    panel._check.click()
    wait_until(lambda: panel._found is not None)
    assert panel.message.text.startswith("That Python lacks fast-simplification, manifold3d, matplotlib")
    assert not panel._install.enabled
    assert panel.ensure()  # nothing is installed into it; the worker reports missing packages

    panel._python_path.currentPath = str(tmp_path / "nowhere")
    panel._check.click()
    assert "There is no Python at" in panel.message.text
    panel._python_box.setCurrentIndex(0)
    panel._python_box.activated.emit(0)
    assert panel.own_python
    with pytest.raises(InputError):
        worker_python(tmp_path / "nowhere")


def test_the_report_contains_versions_but_not_the_users_name(environment, monkeypatch):
    import qt
    import slicer

    monkeypatch.setattr(Path, "home", staticmethod(lambda: Path(sys.prefix)))
    panel = environment()
    panel.examine()
    wait_until(lambda: panel._found is not None)
    (copy,) = [b for b in panel.widget.findChildren(qt.QPushButton) if b.text == "Cop&y report"]
    copy.click()
    report = qt.QApplication.clipboard().text()
    assert report == panel.report()
    assert f"Slicer {slicer.app.applicationVersion}" in report
    assert f"numpy {metadata.version('numpy')}" in report
    assert sys.prefix not in report


@pytest.mark.parametrize(
    ("torch", "driver", "sentence"),
    [
        ({"build": "2.9 for CUDA 12.8"}, "570", "Networks run on NVIDIA X, with PyTorch 2.9 for CUDA 12.8."),
        ({"build": "2.9 for CPU"}, "570", "PyTorch 2.9 for CPU cannot use this computer's NVIDIA graphics card"),
        ({"build": "2.9 for CPU"}, None, "Networks run on CPU"),
        ({"build": "2.9", "trouble": "NVIDIA X cannot be used: no kernel image"}, "570", "no kernel image"),
    ],
)
def test_the_message_about_the_graphics_card(scene, torch, driver, sentence):  # noqa: ARG001
    from CraNeXtLib.slicer_ui.environment.examination import verdict

    devices = [{"kind": "cpu", "name": "CPU"}]
    if "CUDA" in torch["build"]:
        devices.insert(0, {"kind": "cuda", "name": "NVIDIA X"})
    assert sentence in verdict({"torch": torch, "devices": devices, "nvidia_driver": driver})[1]


def test_closing_the_panel_during_an_examination(environment):
    panel = environment()
    panel.examine()
    run = panel._run
    panel.close()
    wait_until(lambda: run.finished)
