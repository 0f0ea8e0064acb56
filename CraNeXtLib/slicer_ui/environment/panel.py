"""The section “Environment”, the same in all panels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ctk
import qt
import slicer

from CraNeXtLib.core.errors import CraNeXtError, InputError
from CraNeXtLib.core.runtime.environment import describe
from CraNeXtLib.slicer_ui.environment.examination import ExaminationRun, verdict
from CraNeXtLib.slicer_ui.environment.installation import install, to_install
from CraNeXtLib.slicer_ui.environment.packages import Package, lacking, packages_found, packages_here
from CraNeXtLib.slicer_ui.environment.unfinished import forget, remember, unfinished
from CraNeXtLib.slicer_ui.runs.interpreters import PYTHON_SETTING
from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.slicer_ui.widgets.message_label import MessageLabel
from CraNeXtLib.slicer_ui.widgets.run_outcome import still_working
from CraNeXtLib.slicer_ui.widgets.run_panel import work_in_progress
from CraNeXtLib.slicer_ui.widgets.tables import fill_table_widget

SLICERS_OWN, ANOTHER = range(2)
_installing: list[EnvironmentPanel] = []  # the panel that asks whether to install, or installs, in any module


class EnvironmentPanel:
    """Shows the installed and missing packages and the computing device, and installs packages.

    Add ``widget`` to the end of a panel's layout. Nothing is installed before the user has seen the list and agreed. An
    interrupted installation, for example by a restart of Slicer, is offered again when a panel is opened.

    Args:
        lists: Lists of packages that all work needs: ``"run"``, and for training ``"torch"`` and ``"train"``.
        examined: Called with the result of ``environment.examine`` once it is known.
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
        self.widget.toolTip = _("Python packages and graphics card for the computations")
        self.widget.collapsed = True
        layout = qt.QVBoxLayout(self.widget)
        self.message = MessageLabel()
        layout.addWidget(self.message.widget)
        self._table = qt.QTableWidget()
        self._table.toolTip = _("Packages that the computations need")
        layout.addWidget(self._table)
        layout.addLayout(self._python_row())
        layout.addLayout(self._buttons())
        self.widget.connect("contentsCollapsed(bool)", lambda folded: None if folded else self.examine())
        self.refresh()

    @property
    def own_python(self) -> bool:
        """Whether the worker runs in Slicer's own Python."""
        return not slicer.util.settingsValue(PYTHON_SETTING, "")

    def refresh(self) -> None:
        """Show what can be determined at once; examining the graphics card takes seconds."""
        self._python_box.setCurrentIndex(SLICERS_OWN if self.own_python else ANOTHER)
        self._python_path.currentPath = slicer.util.settingsValue(PYTHON_SETTING, "")
        if self.own_python and unfinished():
            self.widget.collapsed = False  # so that the user notices the interrupted installation
        self._show()

    def ensure(self, *more: str) -> bool:
        """Before a computation, offer to install missing packages; return whether the computation can start.

        Args:
            more: Further lists of packages, which this computation needs.
        """
        return not self.own_python or not lacking(packages_here((*self._lists, *more))) or self.install(*more)

    def install(self, *more: str) -> bool:
        """Install missing packages if the user agrees; return whether everything is installed afterwards."""
        lists = (*self._lists, *more)
        missing = lacking(packages_here(lists))
        missing += [package for package in unfinished() if package not in missing]
        if missing:
            work = _("installing packages") if _installing else work_in_progress()
            if work:
                self._fail(InputError(still_working(work)))
                return False
            _installing.append(self)
            try:
                if not self._ask_and_install(missing):
                    return False
            finally:
                _installing.remove(self)
        self.examine()
        return not lacking(packages_here(lists))

    def _ask_and_install(self, missing: Sequence[Package]) -> bool:
        """Install packages if the user agrees; other panels may be used meanwhile, and this one may be closed."""
        agreed = slicer.util.confirmOkCancelDisplay(_question(missing), _("CraNeXt: install packages"))
        if not agreed or self._closed:
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
        return True

    def examine(self) -> None:
        """Examine the worker's Python in the background."""
        if self._run is not None or self._closed:
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
        """Stop using the widgets, which are about to be deleted."""
        self._closed = True
        if self._run is not None:
            self._run.cancel()

    def report(self) -> str:
        """Return versions and devices for a bug report."""
        lines = [f"Slicer {slicer.app.applicationVersion} ({slicer.app.os})"]
        if self._found is not None:
            lines.append(describe(self._found))
        else:
            lines += [f"{p.name} {p.installed}" for p in packages_here(self._lists)]
        return "\n".join(lines)

    def _python_row(self) -> Any:
        row = qt.QHBoxLayout()
        label = qt.QLabel(_("Com&pute with:"))
        self._python_box = qt.QComboBox()
        self._python_box.addItems([_("Slicer's Python"), _("Another Python")])
        self._python_box.toolTip = _("Python that runs the computations. Another Python leaves Slicer's own unchanged.")
        label.setBuddy(self._python_box)
        self._python_path = ctk.ctkPathLineEdit()
        self._python_path.filters = ctk.ctkPathLineEdit.Files
        self._python_path.settingKey = "CraNeXtPython"
        self._python_path.toolTip = _(
            "Python executable of an environment in which “pip install cranext” was run, for example "
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
        self._install.toolTip = _("List the missing packages and, if you agree, install them into Slicer's Python")
        self._install.connect("clicked()", lambda: self.install())
        self._check = qt.QPushButton(_("Chec&k again"))
        self._check.toolTip = _("Check packages and graphics card again")
        self._check.connect("clicked()", self.examine)
        copy = qt.QPushButton(_("Cop&y report"))
        copy.toolTip = _(
            "Copy versions and devices for a bug report. Patient data and your user name are not included."
        )
        copy.connect("clicked()", lambda: qt.QApplication.clipboard().setText(self.report()))
        for button in (self._install, self._check, copy):
            row.addWidget(button)
        return row

    def _choose_python(self, row: int) -> None:
        if row == SLICERS_OWN:
            self._python_path.currentPath = ""
            self._set_python("")  # ctkPathLineEdit does not signal an empty path
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
        if self._examined is not None:
            self._examined(self._found)

    def _packages(self) -> list[Package] | None:
        """Return the known state of the packages, None for another Python that was not examined yet."""
        if self._found is not None:
            return packages_found(self._lists, self._found["packages"])
        return packages_here(self._lists) if self.own_python else None

    def _show(self) -> None:
        if self._closed:
            return
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
            fill_table_widget(self._table, (_("Package"), _("Installed"), _("Needed")), rows)
        if rest:
            text = _("An installation was interrupted. Still missing or too old: {names}. Press “Continue”.")
            self.message.show("warning", text.format(names=", ".join(package.name for package in rest)))
        elif missing:
            names = ", ".join(package.name for package in missing)
            if self.own_python:
                text = _("Missing or too old: {names}. Press “Install”.").format(names=names)
            else:
                text = _("That Python lacks {names}. Run there: pip install cranext").format(names=names)
            self.message.show("warning", text)
        elif self._run is not None:
            self.message.show("information", _("Checking packages and graphics card…"))
        elif self._found is not None:
            self.message.show(*verdict(self._found))
        elif packages is not None:
            self.message.show("done", _("All packages are installed."))
        else:
            self.message.show("information", _("Press “Check again” to check that Python."))

    def _fail(self, error: Exception, details: str = "") -> None:
        if self._closed:
            return
        self._check.enabled = True
        self.widget.collapsed = False
        self.message.show("error", str(error) or type(error).__name__, details)

    def _offer_restart(self, replaced: Sequence[str]) -> None:
        text = _("Slicer has loaded older versions of {names}. Restart Slicer now to use the new ones?")
        if slicer.util.confirmYesNoDisplay(text.format(names=", ".join(replaced))):
            slicer.util.restart()


def _question(missing: Sequence[Package]) -> str:
    if any(package.name == "torch" for package in missing):
        source = _("pypi.org and download.pytorch.org (up to 3 GB with a graphics card)")
    else:
        source = _("pypi.org (less than 200 MB)")
    return _(
        "CraNeXt needs these Python packages, which are missing or too old:\n\n{packages}\n\nThey will be downloaded "
        "from {source} and installed into Slicer's Python. No other installed package will be replaced. Install them?"
    ).format(packages="\n".join(f"    {line}" for line in to_install(missing)), source=source)
