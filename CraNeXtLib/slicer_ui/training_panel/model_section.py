"""Evaluation of a model on unseen cases, and installation of the run's model."""

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
from CraNeXtLib.slicer_ui.widgets.broken_models import BrokenModels
from CraNeXtLib.slicer_ui.widgets.message_label import message_in
from CraNeXtLib.slicer_ui.widgets.parameter_binding import ParameterBinding
from CraNeXtLib.slicer_ui.widgets.parameter_widgets import Choice
from CraNeXtLib.slicer_ui.widgets.run_panel import RunPanel


class ModelSection:
    """The section “Model”.

    Args:
        ui: The panel's widgets.
        binding: The module's parameters.
        chosen_run: Returns the run that the panel shows, or None.
        runs_folder: Returns the folder for evaluations of other models.
        ensure: Offers to install missing packages; returns whether a computation can start.
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
        self.broken = BrokenModels(ui.brokenModelsFrame)
        self.broken.look()
        self.evaluating = RunPanel(
            _("E&valuate"),
            tool_tip=_("Make an implant for every case of the split, and compare it with the true implant"),
            name=_("evaluating a model"),
            ask=ensure,
            start=self._evaluate,
            succeeded=self._evaluated,
            controls={"--device": _("“Device” under “Settings”")},
        )
        ui.evaluateFrame.layout().addWidget(self.evaluating.widget)
        self.message = message_in(ui.scoresMessageFrame.layout())
        self.installing = RunPanel(
            _("Insta&ll the run's model"),
            tool_tip=_("Add the model to the models of CraNeXt Implant"),
            name=_("installing a model"),
            ask=ensure,
            start=self._install,
            succeeded=self._installed,
        )
        ui.installFrame.layout().addWidget(self.installing.widget)

    def update(self, missing: str) -> None:
        """Show what is still needed, and the last scores.

        Args:
            missing: A sentence on what to do before the data set can be used; empty if it can be.
        """
        no_model = "" if self._trained_model() is not None else _("Choose a finished run under “Run”.")
        self._split.update()
        self._model.update()
        needs_run = not self._binding.parameters.evaluatedModel
        self.evaluating.block(
            (no_model if needs_run else "") or (_("Choose a manifest under “Data set”.") if missing else "")
        )
        self.installing.block(no_model)
        table = self._binding.parameters.scores
        found = table is not None and table.GetAttribute(SCORES_ATTRIBUTE)
        self._ui.scoresTable.setVisible(bool(found))
        self._ui.scoresTable.setMRMLTableNode(table if found else None)
        if found:
            self.message.show("information", _summary(table.GetName(), json.loads(found)))
            show_whole_texts(self._ui.scoresTable)
        else:
            self.message.clear()

    def close(self) -> None:
        """Stop using the widgets, which are about to be deleted."""
        self.evaluating.close()
        self.installing.close()

    def _models(self) -> dict[str, str]:
        return {"": _("Model of the run")} | {model.name: model.name for model in model_library.available()}

    def _trained_model(self) -> Path | None:
        """Return the folder of the model of the run that the panel shows, None if there is none."""
        run = self._chosen_run()
        return None if run is None else run.model

    def _evaluate(self, **callbacks: Any) -> ModelEvaluationRun:
        parameters = self._binding.parameters
        name, split = parameters.evaluatedModel, parameters.split
        if name:
            model, parent = model_library.find(name), Path(self._runs_folder())
        else:
            trained = self._trained_model()
            assert trained is not None  # or the button would be disabled
            model, parent = model_library.find(trained), trained.parent
        out = parent / f"evaluation of {model.name} {model.sha256[:8]} on {Path(parameters.manifest).stem} {split}"
        device = parameters.device or "auto"
        return ModelEvaluationRun(
            model.folder, parameters.manifest, out, parameters.scores, split=split, device=device, **callbacks
        )

    def _evaluated(self, run: ModelEvaluationRun) -> None:
        self._binding.parameters.scores = run.table
        self._binding.update()
        text = _("Implants, metrics and tables are in {folder}.").format(folder=run.out)
        self.evaluating.message.show("done", text)

    def _install(self, **callbacks: Any) -> ModelImportRun:
        trained = self._trained_model()
        assert trained is not None  # or the button would be disabled
        return ModelImportRun(trained, name=self._binding.parameters.installName.strip() or None, **callbacks)

    def _installed(self, run: ModelImportRun) -> None:
        self._model.fill(self._models())
        self.broken.look()
        self._binding.update()
        text = _("The model {name} is now available in CraNeXt Implant.").format(name=run.name)
        self.installing.message.show("done", text)


def _summary(name: str, description: dict[str, Any]) -> str:
    """Return a sentence on the scores."""
    means = description["tables"]["all"]
    text = _("{name}: mean DSC {dsc:.3f}, mean dH95 {dh95:.2f} mm, {n} cases.").format(
        name=name, dsc=means["dsc"]["mean"], dh95=means["dh95_mm"]["mean"], n=means["dsc"]["n"]
    )
    failed = len(description["errors"])
    return text + (" " + _("{n} cases could not be evaluated.").format(n=failed) if failed else "")
