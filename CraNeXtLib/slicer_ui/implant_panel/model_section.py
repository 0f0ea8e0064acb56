"""Choice of the model and the device, and import of the user's own models."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import qt
import slicer

from CraNeXtLib.completion import model_library
from CraNeXtLib.slicer_ui.runs.model_import_run import ModelImportRun
from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.slicer_ui.widgets.broken_models import BrokenModels
from CraNeXtLib.slicer_ui.widgets.choices import fill_choices
from CraNeXtLib.slicer_ui.widgets.parameter_binding import ParameterBinding
from CraNeXtLib.slicer_ui.widgets.parameter_widgets import Choice
from CraNeXtLib.slicer_ui.widgets.run_panel import RunPanel


class ModelSection:
    """The controls for model, device and post-processing.

    Args:
        ui: The panel's widgets.
        binding: The module's parameters.
        ensure: Offers to install missing packages of further lists; returns whether a computation can start.
    """

    def __init__(self, ui: Any, binding: ParameterBinding, ensure: Callable[..., bool]) -> None:
        self._ui = ui
        self._binding = binding
        self._ensure = ensure
        self._fastest = ""
        self._source = Path()
        devices = {"auto": _("Automatic"), "cpu": _("CPU"), "cuda": _("NVIDIA GPU"), "mps": _("Apple GPU")}
        cleaning = {
            "": _("Recommended by the model"),
            "default": _("Keep what fills the defect"),
            "official": _("As published"),
        }
        self._choices = (
            Choice(ui.deviceComboBox, binding, "device", devices),
            Choice(ui.postprocessingComboBox, binding, "postprocessing", cleaning),
        )
        self.broken = BrokenModels(ui.brokenModelsFrame)
        self.fill_models()
        ui.modelComboBox.connect("activated(int)", lambda _row: self._choose_model())
        self.importing = RunPanel(
            _("Import a model…"),
            tool_tip=_("Add a model folder, or the checkpoint published by the authors (.pth), to the list of models"),
            name=_("importing a model"),
            ask=self._ask,
            start=lambda **callbacks: ModelImportRun(self._source, **callbacks),
            succeeded=self._imported,
            controls={"--name": _("“name” in its model.json")},
        )
        ui.importFrame.layout().addWidget(self.importing.widget)

    def fill_models(self) -> None:
        """List the available models, and tell which cannot be used."""
        found = {model.name: _title(model) for model in model_library.available()}
        fill_choices(self._ui.modelComboBox, found)
        self.broken.look()

    def update(self) -> None:
        """Show the chosen values."""
        for choice in self._choices:
            choice.update()
        box = self._ui.modelComboBox
        row = box.findData(self._binding.parameters.model)
        # The parameter is empty before the first choice, and may name a deleted model.
        box.setCurrentIndex(row if row >= 0 else box.findData(model_library.DEFAULT_MODEL))
        box.enabled = not self._binding.parameters.quickPreview
        if self._fastest:
            fastest = self._fastest if "torch" in _extras(box.currentData) else _("CPU")
            self._ui.deviceComboBox.setItemText(0, _("Automatic ({device})").format(device=fastest))
        note = _note(self._ui.modelComboBox.currentData)
        self._ui.modelNote.text = note
        for widget in (self._ui.modelNote, self._ui.modelNoteLabel):
            widget.setVisible(bool(note))

    def name_device(self, title: str) -> None:
        """Show which device “Automatic” uses for the chosen model.

        Args:
            title: The fastest device, for example ``"NVIDIA H100"``; models that need no PyTorch use the CPU.
        """
        self._fastest = title
        self.update()

    def extras(self) -> tuple[str, ...]:
        """Return the lists of packages that the chosen model needs, on the chosen device."""
        parameters = self._binding.parameters
        if parameters.quickPreview:
            return ()
        gpu = ("torch",) if parameters.device in ("cuda", "mps") else ()
        return (*_extras(parameters.model or model_library.DEFAULT_MODEL), *gpu)

    def close(self) -> None:
        """Stop using the widgets, which are about to be deleted."""
        self.importing.close()

    def _choose_model(self) -> None:
        if self._binding.connected:
            self._binding.parameters.model = self._ui.modelComboBox.currentData

    def _ask(self) -> bool:
        chosen = qt.QFileDialog.getOpenFileName(
            slicer.util.mainWindow(),
            _("Choose a model.json or a checkpoint"),
            "",
            _("Models (model.json *.pth *.pt *.ckpt *.safetensors)"),
        )
        if not chosen:
            return False
        checkpoint = Path(chosen).name != "model.json"
        self._source = Path(chosen) if checkpoint else Path(chosen).parent
        return self._ensure(*(("torch",) if checkpoint else ()))

    def _imported(self, run: ModelImportRun) -> None:
        self.fill_models()
        self._binding.parameters.model = run.name
        self._binding.update()


def _extras(name: str) -> tuple[str, ...]:
    """Return the extras that a model needs; none if there is no such model."""
    return next((model.extras for model in model_library.available() if model.name == name), ())


def _title(model: model_library.Model) -> str:
    kinds = {
        "pca_skull": _("statistical shape model"),
        "network": _("network"),
        "refined": _("shape model + network"),
    }
    title = f"{model.name} – {kinds.get(model.description['kind'], model.description['kind'])}"
    return _("{title} (default)").format(title=title) if model.name == model_library.DEFAULT_MODEL else title


def _note(name: str) -> str:
    """Return size, validation score and license of a model, for display; empty if there is no such model."""
    found = [model for model in model_library.available() if model.name == name]
    if not found:
        return ""
    description, notes = found[0].description, []
    if found[0].weights.is_file():
        notes.append(f"{found[0].weights.stat().st_size / 1e6:.0f} MB")
    try:
        scores = description["scores"]
        scores = scores.get("validation", scores)
        notes.append(_("DSC {dsc:.3f} on {n} validation skulls").format(dsc=scores["dsc"]["mean"], n=scores["n"]))
    except (KeyError, TypeError, ValueError, AttributeError):
        pass  # it has no scores, or they are undefined
    notes.append(str(description.get("licence", "")))
    return " · ".join(note for note in notes if note)
