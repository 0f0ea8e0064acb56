"""Slicer module: skulls go in, a model that completes skulls comes out."""

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

# An installed extension has the library beside this file, where Slicer finds it; a source checkout has it beside this
# folder, which Slicer's module paths do not contain.
if importlib.util.find_spec("CraNeXtLib") is None:
    sys.path.append(str(Path(__file__).resolve().parents[1]))

from CraNeXtLib import RESEARCH_USE_NOTICE
from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.slicer_ui.widgets.panel_widget import PanelWidget


class CraNeXtTraining(ScriptedLoadableModule):
    """What Slicer shows about the module."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = _("CraNeXt Training")
        parent.categories = ["CraNeXt"]
        parent.dependencies = ["Tables", "Plots"]
        parent.contributors = ["The CraNeXt for 3D Slicer developers"]
        parent.helpText = _(
            "Trains a network to complete skulls, in the background, follows it, measures it and installs it for "
            "CraNeXt Implant. {research_use_notice}"
        ).format(research_use_notice=RESEARCH_USE_NOTICE)
        parent.acknowledgementText = _(
            "Method: Kesornsri et al., CraNeXt: Automatic Reconstruction of Skull Implants With Skull Categorization "
            "Technique, IEEE Access 2024, doi 10.1109/ACCESS.2024.3415173. This is an independent implementation."
        )


@parameterNodeWrapper
class CraNeXtTrainingParameterNode:
    """What the panel shows, saved with the scene.

    Paths are texts, since they may be empty.
    """

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
        """Return the panel of the widgets in the .ui file."""
        from CraNeXtLib.slicer_ui.training_panel.panel import TrainingPanel

        self.logic = CraNeXtTrainingLogic()
        return TrainingPanel(ui, self.logic)


class CraNeXtTrainingLogic(ScriptedLoadableModuleLogic):
    """Trains without a panel, for the Python console and for scripts.

    >>> logic = CraNeXtTrainingLogic()  # doctest: +SKIP
    >>> logic.check("manifest.csv").description["problems"]  # doctest: +SKIP
    >>> run = logic.start("manifest.csv", "runs/first", preset="default", epochs=50)  # doctest: +SKIP
    >>> run.state, run.curves, run.log  # doctest: +SKIP
    >>> run.stop()  # doctest: +SKIP
    >>> run = logic.find("runs/first")  # in another session, doctest: +SKIP
    >>> run.resume()  # doctest: +SKIP
    >>> logic.evaluate(run.wait(), "manifest.csv", "runs/first/test").description["tables"]  # doctest: +SKIP
    >>> logic.install(run.model).name  # doctest: +SKIP

    Without a window, ``CraNeXtLib/slicer_ui/cranext_command.py`` is the ``cranext`` command, training included.
    """

    def getParameterNode(self):
        """Return the module's parameters in the scene."""
        return CraNeXtTrainingParameterNode(super().getParameterNode())

    def check(self, manifest, outputTable=None, *, python=None, progress=None, wait=True, ended=None):
        """Read every case of a data set and look for what would break training or quietly spoil it.

        Args:
            manifest: The data set's file.
            outputTable: Table node that gets the problems; None for a new one.
            python: A Python with CraNeXt's dependencies to use instead of Slicer's.
            progress: Called with the stage and the fraction of the whole, 0 to 1.
            wait: Whether to wait for the end; else the event loop goes on with the work.
            ended: Called once with the run when it has ended, one way or another.

        Returns:
            A :class:`CraNeXtLib.slicer_ui.runs.dataset_check_run.DatasetCheckRun`: ``table`` and ``description``.

        Raises:
            InputError: If the data set cannot be read.
            CancelledError: If ``progress`` raised it, or the scene was closed.
            RuntimeError: If the worker failed otherwise.
        """
        from CraNeXtLib.slicer_ui.runs.dataset_check_run import DatasetCheckRun

        return DatasetCheckRun(manifest, outputTable, python=python, progress=progress, ended=ended).go(wait=wait)

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
        """Start a training in the background; it goes on when Slicer is closed.

        Args:
            manifest: The data set's file.
            outputFolder: Folder of the run, which must not hold another one.
            preset: Name of the preset to start from.
            configuration: A configuration file to start from instead.
            modelName: What the model will be called.
            licence: Of the weights, as the data demand it.
            epochs: Number of epochs; 0 for the preset's.
            batchSize: Samples a step; 0 for the preset's.
            device: ``"auto"``, ``"cpu"`` or ``"cuda"``; empty for the preset's.
            python: A Python with the packages for training to use instead of Slicer's.
            changed: Called with the run whenever something about it has changed.

        Returns:
            A :class:`CraNeXtLib.slicer_ui.runs.training_run.TrainingRun`: ``state``, ``curves``, ``log`` and ``model``;
            ``stop()``, ``resume()`` and ``wait()``.

        Raises:
            InputError: If a setting or the folder cannot be used. What training itself finds wrong is in ``state``.
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
        """Return the run in a folder, whoever has started it; see :meth:`start`."""
        from CraNeXtLib.slicer_ui.runs.training_run import TrainingRun

        run = TrainingRun(folder, changed=changed)
        if changed is not None:
            run.follow()
        return run

    def evaluate(
        self,
        model,
        manifest,
        outputFolder,
        outputTable=None,
        *,
        split="test",
        device="auto",
        python=None,
        progress=None,
        wait=True,
        ended=None,
    ):
        """Make an implant for every case of a split, and measure it against the true one.

        Args:
            model: Name or folder of the model.
            manifest: The data set's file.
            outputFolder: Gets the implants and tables.
            outputTable: Table node that gets the measures; None for a new one.
            split: ``"training"``, ``"validation"`` or ``"test"``.
            device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
            python: A Python with CraNeXt's dependencies to use instead of Slicer's.
            progress: Called with the stage and the fraction of the whole, 0 to 1.
            wait: Whether to wait for the end; else the event loop goes on with the work.
            ended: Called once with the run when it has ended, one way or another.

        Returns:
            A :class:`CraNeXtLib.slicer_ui.runs.model_evaluation_run.ModelEvaluationRun`: ``table`` and ``description``.

        Raises:
            InputError: If the model, the data set or the folder cannot be used.
            CancelledError: If ``progress`` raised it, or the scene was closed; the same call goes on with it.
            RuntimeError: If the worker failed otherwise.
        """
        from CraNeXtLib.slicer_ui.runs.model_evaluation_run import ModelEvaluationRun

        run = ModelEvaluationRun(
            model,
            manifest,
            outputFolder,
            outputTable,
            split=split,
            device=device,
            python=python,
            progress=progress,
            ended=ended,
        )
        return run.go(wait=wait)

    def install(self, model, name=None, *, python=None, wait=True, ended=None):
        """Add a model's folder to the models that CraNeXtImplant offers.

        Args:
            model: The folder.
            name: What to call it; None for its own name.
            python: A Python with CraNeXt's dependencies to use instead of Slicer's.
            wait: Whether to wait for the end; else the event loop goes on with the work.
            ended: Called once with the run when it has ended, one way or another.

        Returns:
            A :class:`CraNeXtLib.slicer_ui.runs.model_import_run.ModelImportRun`: ``name``.

        Raises:
            InputError: If the folder holds no model, or there is one of that name already.
            RuntimeError: If the worker failed otherwise.
        """
        from CraNeXtLib.slicer_ui.runs.model_import_run import ModelImportRun

        return ModelImportRun(model, name=name, python=python, ended=ended).go(wait=wait)


class CraNeXtTrainingTest(ScriptedLoadableModuleTest):
    """What needs no packages, for Slicer's button Reload and Test; ``Testing/Slicer`` trains."""

    def setUp(self):
        slicer.mrmlScene.Clear()

    def test_tells_what_is_missing(self):
        from tempfile import TemporaryDirectory

        from CraNeXtLib.core.errors import InputError

        logic = CraNeXtTrainingLogic()
        with TemporaryDirectory() as folder:
            assert logic.find(folder).state.status == "none"
            self.assertRaises(InputError, logic.start, "", folder)  # noqa: PT027 (Slicer has no pytest)
        self.delayDisplay("No run is found, and none starts without a data set")
