"""Measuring a model on cases that it has not seen, and installing the run's."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from CraNeXtLib.completion import model_library
from CraNeXtLib.slicer_ui.runs.model_evaluation_run import ModelEvaluationRun
from CraNeXtLib.slicer_ui.runs.model_import_run import ModelImportRun
from CraNeXtLib.slicer_ui.runs.training_run import TrainingRun
from CraNeXtLib.slicer_ui.scene.table_views import show_whole_texts
from CraNeXtLib.slicer_ui.scene.training_nodes import SCORES_ATTRIBUTE
from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.slicer_ui.widgets.message_label import message_in
from CraNeXtLib.slicer_ui.widgets.parameter_binding import ParameterBinding
from CraNeXtLib.slicer_ui.widgets.parameter_widgets import Choice
from CraNeXtLib.slicer_ui.widgets.run_panel import RunPanel


class ModelSection:
    """The section Model.

    Args:
        ui: The panel's widgets.
        binding: The module's parameters.
        chosen_run: Returns the run that the panel shows, None if none.
        runs_folder: Returns where evaluations of other models go.
        ensure: Asks to install what a computation needs and is missing; returns whether it can start.
    """

    def __init__(
        self,
        ui: Any,
        binding: ParameterBinding,
        chosen_run: Callable[[], TrainingRun | None],
        runs_folder: Callable[[], str],
        ensure: Callable[[], bool],
    ) -> None:
        self._ui = ui
        self._binding = binding
        self._chosen_run = chosen_run
        self._runs_folder = runs_folder
        splits = {"test": _("Test"), "validation": _("Validation"), "training": _("Training")}
        self._split = Choice(ui.splitComboBox, binding, "split", splits)
        self._model = Choice(ui.modelComboBox, binding, "evaluatedModel", self._models())
        self.evaluating = RunPanel(
            _("E&valuate"),
            tool_tip=_("Make an implant for every case of the split, and measure it against the true one"),
            name=_("evaluating a model"),
            ask=ensure,
            start=self._evaluate,
            succeeded=self._evaluated,
            controls={"--device": _("“Device” under “Settings”")},
        )
        ui.evaluateFrame.layout().addWidget(self.evaluating.widget)
        self._message = message_in(ui.scoresMessageFrame.layout())
        self.installing = RunPanel(
            _("Insta&ll the run's model"),
            tool_tip=_("Add the model to those that CraNeXt Implant offers"),
            name=_("installing a model"),
            ask=ensure,
            start=self._install,
            succeeded=self._installed,
        )
        ui.installFrame.layout().addWidget(self.installing.widget)

    def update(self, missing: str) -> None:
        """Say what is still needed, and show the last scores.

        Args:
            missing: What must be done before the data set can be used, or nothing.
        """
        run = self._chosen_run()
        none_yet = "" if run is not None and run.model is not None else _("Choose a run that has given a model.")
        self._split.update()
        self._model.update()
        needs_run = not self._binding.parameters.evaluatedModel
        self.evaluating.block((none_yet if needs_run else "") or (_("Choose a data set first.") if missing else ""))
        self.installing.block(none_yet)
        table = self._binding.parameters.scores
        found = table is not None and table.GetAttribute(SCORES_ATTRIBUTE)
        self._ui.scoresTable.setVisible(bool(found))
        self._ui.scoresTable.setMRMLTableNode(table if found else None)
        if found:
            self._message.show("information", _summary(table.GetName(), json.loads(found)))
            show_whole_texts(self._ui.scoresTable)
        else:
            self._message.clear()

    def close(self) -> None:
        """Let go of the widgets before they are deleted."""
        self.evaluating.close()
        self.installing.close()

    def _models(self) -> dict[str, str]:
        return {"": _("The run's own")} | {model.name: model.name for model in model_library.available()}

    def _evaluate(self, **told: Any) -> ModelEvaluationRun:
        parameters = self._binding.parameters
        name, split = parameters.evaluatedModel, parameters.split
        model = model_library.find(name) if name else model_library.find(self._chosen_run().model)
        beside = Path(self._runs_folder()) if name else self._chosen_run().folder
        out = beside / f"evaluation of {model.name} {model.sha256[:8]} on {Path(parameters.manifest).stem} {split}"
        device = parameters.device or "auto"
        return ModelEvaluationRun(
            model.folder, parameters.manifest, out, parameters.scores, split=split, device=device, **told
        )

    def _evaluated(self, run: ModelEvaluationRun) -> None:
        self._binding.parameters.scores = run.table
        self._binding.update()
        text = _("Implants, measures and tables are in {folder}.").format(folder=run.out)
        self.evaluating.message.show("done", text)

    def _install(self, **told: Any) -> ModelImportRun:
        name = self._binding.parameters.installName.strip()
        return ModelImportRun(self._chosen_run().model, name=name or None, **told)

    def _installed(self, run: ModelImportRun) -> None:
        self._model.fill(self._models())
        self._binding.update()
        text = _("Choose the model {name} in CraNeXt Implant.").format(name=run.name)
        self.installing.message.show("done", text)


def _summary(name: str, description: dict[str, Any]) -> str:
    """Return the scores in a sentence."""
    means = description["tables"]["all"]
    text = _("{name}: mean DSC {dsc:.3f}, dH95 {dh95:.2f} mm; cases: {n}.").format(
        name=name, dsc=means["dsc"]["mean"], dh95=means["dh95_mm"]["mean"], n=means["dsc"]["n"]
    )
    left_out = len(description["errors"])
    return text + (" " + _("{n} cases could not be measured.").format(n=left_out) if left_out else "")
