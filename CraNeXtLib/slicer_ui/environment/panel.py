"""The section Environment, the same in all panels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ctk
import qt
import slicer

from CraNeXtLib.core.errors import CraNeXtError
from CraNeXtLib.core.runtime import environment
from CraNeXtLib.slicer_ui.environment.examination import ExaminationRun
from CraNeXtLib.slicer_ui.environment.installation import install, to_install
from CraNeXtLib.slicer_ui.environment.packages import Package, lacking, packages_found, packages_here
from CraNeXtLib.slicer_ui.environment.unfinished import forget, remember, unfinished
from CraNeXtLib.slicer_ui.runs.interpreters import PYTHON_SETTING
from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.slicer_ui.widgets.message_label import MessageLabel
from CraNeXtLib.slicer_ui.widgets.tables import fill_grid

SLICERS_OWN, ANOTHER = range(2)


class EnvironmentPanel:
    """What is installed, what is missing, where networks run; add ``widget`` to the end of a panel's layout.

    Nothing is installed before the user has seen the list and agreed. An installation that was interrupted, as by a
    restart of Slicer, is offered to be continued when a panel is opened next.

    Args:
        lists: Of needed packages: ``"run"``, and ``"train"`` where networks are trained.
        examined: Called with the answer of ``doctor.examine`` when it is there and tells where networks can run.
    """

    def __init__(
        self, lists: Sequence[str] = ("run",), examined: Callable[[dict[str, Any]], None] | None = None
    ) -> None:
        self._lists = tuple(lists)
        self._examined = examined
        self._run: ExaminationRun | None = None
        self._found: dict[str, Any] | None = None
        self._closed = False
        self.widget = ctk.ctkCollapsibleButton()
        self.widget.text = _("Environment")
        self.widget.toolTip = _("The Python packages and the graphics card that computations use")
        self.widget.collapsed = True
        layout = qt.QVBoxLayout(self.widget)
        self.message = MessageLabel()
        layout.addWidget(self.message.widget)
        self._table = qt.QTableWidget()
        self._table.toolTip = _("The packages that computations need")
        layout.addWidget(self._table)
        layout.addLayout(self._python_row())
        layout.addLayout(self._buttons())
        self.widget.connect("contentsCollapsed(bool)", lambda folded: None if folded else self.examine())
        self.refresh()

    @property
    def own_python(self) -> bool:
        """Whether Slicer's own Python computes."""
        return not slicer.util.settingsValue(PYTHON_SETTING, "")

    def refresh(self) -> None:
        """Show what can be told at once, as whenever the panel is opened; the graphics card takes seconds."""
        self._python_box.setCurrentIndex(SLICERS_OWN if self.own_python else ANOTHER)
        self._python_path.currentPath = slicer.util.settingsValue(PYTHON_SETTING, "")
        if self.own_python and unfinished():
            self.widget.collapsed = False  # else nobody would see that there is a rest
        self._show()

    def ensure(self) -> bool:
        """Ask to install what is missing, before a computation; return whether it can start."""
        return not self.own_python or not lacking(packages_here(self._lists)) or self.install()

    def install(self) -> bool:
        """Ask whether to install what is missing, and do it; return whether nothing is missing then."""
        missing = lacking(packages_here(self._lists))
        missing += [package for package in unfinished() if package not in missing]
        if missing:
            if not slicer.util.confirmOkCancelDisplay(_question(missing), _("CraNeXt: install packages")):
                forget()
                self._show()
                return False
            remember(missing)
            try:
                replaced = install(missing)
            except CraNeXtError as error:
                self._show()
                self._fail(error)
                return False
            self._found = None
            self._show()
            if replaced:
                self._offer_restart(replaced)
        self.examine()
        return not lacking(packages_here(self._lists))

    def examine(self) -> None:
        """Look at the Python that computes, in the background."""
        if self._run is not None:
            return
        try:
            self._run = ExaminationRun(self._end)
        except CraNeXtError as error:
            self._fail(error)
            return
        self._run.follow()
        self._check.enabled = False
        self._show()

    def close(self) -> None:
        """Let go of the widgets before they are deleted."""
        self._closed = True
        if self._run is not None:
            self._run.cancel()

    def report(self) -> str:
        """Return the text for a bug report."""
        lines = [f"Slicer {slicer.app.applicationVersion} ({slicer.app.os})"]
        if self._found is not None:
            lines.append(environment.describe(self._found))
        else:
            lines += [f"{p.name} {p.installed}" for p in packages_here(self._lists)]
        return "\n".join(lines)

    def _python_row(self) -> Any:
        row = qt.QHBoxLayout()
        label = qt.QLabel(_("Com&pute with:"))
        self._python_box = qt.QComboBox()
        self._python_box.addItems([_("Slicer's Python"), _("Another Python")])
        self._python_box.toolTip = _("Where the packages are; another Python keeps Slicer's as it is")
        label.setBuddy(self._python_box)
        self._python_path = ctk.ctkPathLineEdit()
        self._python_path.filters = ctk.ctkPathLineEdit.Files
        self._python_path.settingKey = "CraNeXtPython"
        self._python_path.toolTip = _(
            "The program python of an environment in which “pip install cranext” was done, for example "
            "/home/me/venv/bin/python"
        )
        for widget in (label, self._python_box):
            row.addWidget(widget)
        row.addWidget(self._python_path, 1)
        self._python_box.connect("activated(int)", self._choose_python)
        self._python_path.connect("currentPathChanged(QString)", self._set_python)
        return row

    def _buttons(self) -> Any:
        row = qt.QHBoxLayout()
        self._install = qt.QPushButton(_("&Install…"))
        self._install.toolTip = _("Show what is missing, ask, and install it into Slicer's Python")
        self._install.connect("clicked()", self.install)
        self._check = qt.QPushButton(_("Chec&k again"))
        self._check.toolTip = _("Look again at packages and graphics card")
        self._check.connect("clicked()", self.examine)
        copy = qt.QPushButton(_("Cop&y report"))
        copy.toolTip = _("Copy versions and devices, without names of patients or folders of yours, for a bug report")
        copy.connect("clicked()", lambda: qt.QApplication.clipboard().setText(self.report()))
        for button in (self._install, self._check, copy):
            row.addWidget(button)
        return row

    def _choose_python(self, row: int) -> None:
        if row == SLICERS_OWN:
            self._python_path.currentPath = ""
            self._set_python("")  # an empty path is not told
        self._python_path.setVisible(row == ANOTHER)

    def _set_python(self, path: str) -> None:
        if path != slicer.util.settingsValue(PYTHON_SETTING, ""):
            qt.QSettings().setValue(PYTHON_SETTING, path)
            self._found = None
            self._show()

    def _end(self, run: ExaminationRun) -> None:
        if self._closed:
            return
        self._run = None
        self._check.enabled = True
        try:
            run.raise_error()
        except Exception as error:
            self._fail(error, run.log)
            return
        self._found = run.found
        self._show()
        if self._examined is not None and run.found["devices"]:  # none are known without torch
            self._examined(run.found)

    def _packages(self) -> list[Package] | None:
        """Return what is known of the packages, None for another Python that was not looked at yet."""
        if self._found is not None:
            return packages_found(self._lists, self._found["packages"])
        return packages_here(self._lists) if self.own_python else None

    def _show(self) -> None:
        packages = self._packages()
        missing = lacking(packages or [])
        rest = unfinished() if self.own_python else []
        self._python_path.setVisible(not self.own_python or self._python_box.currentIndex == ANOTHER)
        self._install.enabled = self.own_python and bool(missing or rest)
        self._install.text = _("Cont&inue…") if rest else _("&Install…")
        self._table.setVisible(packages is not None)
        if packages is not None:
            rows = [(p.name, _("missing") if p.installed is None else p.installed, p.needed) for p in packages]
            rows.sort(key=lambda row: row[0] not in {package.name for package in missing})
            fill_grid(self._table, (_("Package"), _("Installed"), _("Needed")), rows)
        if rest:
            text = _("An installation was interrupted. Still missing or too old: {names}. Press Continue.")
            self.message.show("warning", text.format(names=", ".join(package.name for package in rest)))
        elif missing:
            names = ", ".join(package.name for package in missing)
            if self.own_python:
                text = _("Missing or too old: {names}. Press Install.").format(names=names)
            else:
                text = _("That Python lacks {names}. Run there: pip install cranext").format(names=names)
            self.message.show("warning", text)
        elif self._run is not None:
            self.message.show("information", _("Looking for packages and a graphics card…"))
        elif self._found is not None:
            self.message.show(*_verdict(self._found))
        elif packages is not None:
            self.message.show("done", _("All packages are there."))
        else:
            self.message.show("information", _("Press Check again to look at that Python."))

    def _fail(self, error: Exception, details: str = "") -> None:
        self._check.enabled = True
        self.widget.collapsed = False
        self.message.show("error", str(error) or type(error).__name__, details)

    def _offer_restart(self, replaced: Sequence[str]) -> None:
        text = _("Slicer has loaded older versions of {names}. Restart it now to use the new ones?")
        if slicer.util.confirmYesNoDisplay(text.format(names=", ".join(replaced))):
            slicer.util.restart()


def _question(missing: Sequence[Package]) -> str:
    return _(
        "CraNeXt computes with these Python packages, which are missing:\n\n{packages}\n\nThey are downloaded from "
        "pypi.org and download.pytorch.org, up to 3 GB with a graphics card, and installed into Slicer's Python. "
        "Nothing else that is installed is replaced. Install them?"
    ).format(packages="\n".join(f"    {line}" for line in to_install(missing)))


def _verdict(found: dict[str, Any]) -> tuple[str, str]:
    """Return the kind of message and the sentence about a Python in which nothing is missing."""
    trouble = found["torch"].get("trouble")
    if trouble:
        return "warning", _("PyTorch: {trouble}. Computations run on the CPU.").format(trouble=trouble)
    best = found["devices"][0]
    build = found["torch"]["build"]
    if best["kind"] == "cpu" and found["nvidia_driver"]:
        text = _(
            "An NVIDIA card is there, but PyTorch {build} cannot use it; install another build with the module PyTorch "
            "Utils. Computations run on the CPU."
        )
        return "warning", text.format(build=build)
    return "done", _("All packages are there. Networks run on {device}, with PyTorch {build}.").format(
        device=best["name"], build=build
    )
