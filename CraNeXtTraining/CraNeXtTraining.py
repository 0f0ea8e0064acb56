"""Slicer module that trains a model to complete skulls."""

import importlib.util
import sys
from pathlib import Path

import slicer
from slicer.parameterNodeWrapper import parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
)

# In an installed extension, the library is beside this file, where Slicer finds it. In a source checkout it is beside
# this folder, which is not on Slicer's path.
if importlib.util.find_spec("CraNeXtLib") is None:
    sys.path.append(str(Path(__file__).resolve().parents[1]))

from CraNeXtLib import RESEARCH_USE_NOTICE
from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.slicer_ui.widgets.panel_widget import PanelWidget


class CraNeXtTraining(ScriptedLoadableModule):
    """Title, category and help of the module."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = _("CraNeXt Training")
        parent.categories = ["CraNeXt"]
        parent.dependencies = ["Tables", "Plots"]
        parent.contributors = ["The CraNeXt for 3D Slicer developers"]
        parent.helpText = _(
            "Trains a network to complete skulls in the background, and evaluates and installs it for CraNeXt Implant. "
            "{research_use_notice}"
        ).format(research_use_notice=RESEARCH_USE_NOTICE)
        parent.acknowledgementText = _(
            "Method: Kesornsri et al., CraNeXt: Automatic Reconstruction of Skull Implants With Skull Categorization "
            "Technique, IEEE Access 2024, doi 10.1109/ACCESS.2024.3415173. This is an independent implementation."
        )


@parameterNodeWrapper
class CraNeXtTrainingParameterNode:
    """Parameters of the panel, saved with the scene; paths are strings because they may be empty."""

    manifest: str = ""
    preset: str = "default"
    configuration: str = ""
    modelName: str = "my-model"
    licence: str = ""
    runsFolder: str = ""
    epochs: int = 0
    batchSize: int = 0
    device: str = ""
    runFolder: str = ""
    evaluatedModel: str = ""
    split: str = "test"
    installName: str = ""
    problems: slicer.vtkMRMLTableNode
    curves: slicer.vtkMRMLTableNode
    scores: slicer.vtkMRMLTableNode
    lossChart: slicer.vtkMRMLPlotChartNode
    scoreChart: slicer.vtkMRMLPlotChartNode


class CraNeXtTrainingWidget(PanelWidget):
    """The panel; its sections are in ``CraNeXtLib.slicer_ui.training_panel``."""

    def make_panel(self, ui):
        """Return the panel, given the widgets of the .ui file."""
        from CraNeXtLib.slicer_ui.training_panel.panel import TrainingPanel

        self.logic = CraNeXtTrainingLogic()
        return TrainingPanel(ui, self.logic)


class CraNeXtTrainingLogic(ScriptedLoadableModuleLogic):
    """Trains models without the panel, for the Python console and scripts.

    >>> logic = CraNeXtTrainingLogic()  # doctest: +SKIP
    >>> logic.check("manifest.csv").description["problems"]  # doctest: +SKIP
    >>> run = logic.start("manifest.csv", "runs/first", preset="default", epochs=50)  # doctest: +SKIP
    >>> run.state, run.curves, run.log  # doctest: +SKIP
    >>> run.stop()  # doctest: +SKIP
    >>> run = logic.find("runs/first")  # also in another session, doctest: +SKIP
    >>> run.resume()  # doctest: +SKIP
    >>> logic.evaluate(run.wait(), "manifest.csv", "runs/first/test").description["tables"]  # doctest: +SKIP
    >>> logic.install(run.model).name  # doctest: +SKIP

    The methods with ``options`` compute in a child process; options are ``python``, ``progress`` and ``ended`` of
    :class:`CraNeXtLib.slicer_ui.runs.worker_run.WorkerRun`. If ``wait`` is false, Slicer's event loop continues the
    run, and ``raise_error()`` of the finished run raises errors other than InputError.

    ``CraNeXtLib/slicer_ui/cranext_command.py`` runs the ``cranext`` command, including training, without a window.
    """

    def getParameterNode(self):
        """Return the parameters of the panel in the scene."""
        return CraNeXtTrainingParameterNode(super().getParameterNode())

    def check(self, manifest, outputTable=None, *, wait=True, **options):
        """Read every case of a data set and look for problems that would stop or degrade training.

        Args:
            manifest: Path of the data set's manifest.
            outputTable: Table node that receives the problems; None for a new one.
            wait: Whether to wait for the end.
            options: Options of the run.

        Returns:
            A :class:`CraNeXtLib.slicer_ui.runs.dataset_check_run.DatasetCheckRun` with ``table`` and ``description``.

        Raises:
            InputError: If the data set cannot be read.
            CancelledError: If ``progress`` raised it, or the scene was closed.
            RuntimeError: If the worker failed in another way.
        """
        from CraNeXtLib.slicer_ui.runs.dataset_check_run import DatasetCheckRun

        return DatasetCheckRun(manifest, outputTable, **options).go(wait=wait)

    def start(
        self,
        manifest,
        outputFolder,
        *,
        preset="default",
        configuration="",
        modelName="my-model",
        licence="",
        epochs=0,
        batchSize=0,
        device="",
        python=None,
        changed=None,
    ):
        """Start training in a background process that continues when Slicer is closed.

        Args:
            manifest: Path of the data set's manifest.
            outputFolder: Folder of the run, which must not contain another run.
            preset: Name of the preset.
            configuration: Path of a configuration file to use instead of the preset.
            modelName: Name of the model.
            licence: License of the weights, as required by the data.
            epochs: Number of epochs; 0 for the preset's.
            batchSize: Samples per step; 0 for the preset's.
            device: ``"auto"``, ``"cpu"`` or ``"cuda"``; empty for the preset's.
            python: Path of a Python with the packages for training, to use instead of Slicer's.
            changed: Called with the run whenever it has changed.

        Returns:
            A :class:`CraNeXtLib.slicer_ui.runs.training_run.TrainingRun` with ``state``, ``curves``, ``log`` and
            ``model``, and the methods ``stop()``, ``resume()`` and ``wait()``.

        Raises:
            InputError: If a setting or the folder cannot be used. Errors of the training itself are in ``state``.
        """
        from CraNeXtLib.slicer_ui.runs.training_run import TrainingRun
        from CraNeXtLib.slicer_ui.runs.training_settings import TrainingSettings

        settings = TrainingSettings(
            manifest=str(manifest),
            preset=preset,
            configuration=str(configuration),
            name=modelName,
            licence=licence,
            epochs=epochs,
            batch_size=batchSize,
            device=device,
        )
        run = TrainingRun(outputFolder, changed=changed)
        run.start(settings, python=python)
        if changed is not None:
            run.follow()
        return run

    def find(self, folder, *, changed=None):
        """Return the run in a folder, no matter which process started it; see :meth:`start`."""
        from CraNeXtLib.slicer_ui.runs.training_run import TrainingRun

        run = TrainingRun(folder, changed=changed)
        if changed is not None:
            run.follow()
        return run

    def evaluate(
        self, model, manifest, outputFolder, outputTable=None, *, split="test", device="auto", wait=True, **options
    ):
        """Make an implant for every case of a split, and compare it with the true implant.

        Args:
            model: Name or folder of the model.
            manifest: Path of the data set's manifest.
            outputFolder: Folder for the implants and tables.
            outputTable: Table node that receives the scores; None for a new one.
            split: ``"training"``, ``"validation"`` or ``"test"``.
            device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
            wait: Whether to wait for the end.
            options: Options of the run.

        Returns:
            A :class:`CraNeXtLib.slicer_ui.runs.model_evaluation_run.ModelEvaluationRun` with ``table`` and
            ``description``.

        Raises:
            InputError: If the model, the data set or the folder cannot be used.
            CancelledError: If ``progress`` raised it, or the scene was closed; the same call continues the evaluation.
            RuntimeError: If the worker failed in another way.
        """
        from CraNeXtLib.slicer_ui.runs.model_evaluation_run import ModelEvaluationRun

        run = ModelEvaluationRun(model, manifest, outputFolder, outputTable, split=split, device=device, **options)
        return run.go(wait=wait)

    def install(self, model, name=None, *, wait=True, **options):
        """Add a model to the models of CraNeXtImplant.

        Args:
            model: Folder of the model.
            name: New name of the model; None to keep its own.
            wait: Whether to wait for the end.
            options: Options of the run.

        Returns:
            A :class:`CraNeXtLib.slicer_ui.runs.model_import_run.ModelImportRun` with ``name``.

        Raises:
            InputError: If the folder contains no model, or there already is a model of that name.
            RuntimeError: If the worker failed in another way.
        """
        from CraNeXtLib.slicer_ui.runs.model_import_run import ModelImportRun

        return ModelImportRun(model, name=name, **options).go(wait=wait)


class CraNeXtTrainingTest(ScriptedLoadableModuleTest):
    """Tests what needs no packages, for Slicer's button Reload and Test; ``Testing/Slicer`` trains."""

    def setUp(self):
        slicer.mrmlScene.Clear()

    def test_refuses_to_start_without_a_data_set(self):
        from tempfile import TemporaryDirectory

        from CraNeXtLib.core.errors import InputError

        logic = CraNeXtTrainingLogic()
        with TemporaryDirectory() as folder:
            assert logic.find(folder).state.status == "none"
            self.assertRaises(InputError, logic.start, "", folder)  # noqa: PT027 (Slicer has no pytest)
        self.delayDisplay("No run was found, and none starts without a data set")
