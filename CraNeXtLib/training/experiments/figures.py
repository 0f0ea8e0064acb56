"""Figures of the experiments, modeled on Figures 6 and 7 of the paper."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.atomic import replacing
from CraNeXtLib.core.product import RESEARCH_USE_NOTICE
from CraNeXtLib.core.progress import ProgressCallback
from CraNeXtLib.datasets.skull_pair import SkullPair, load_case
from CraNeXtLib.evaluation.checklist import CRITERIA
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_volume
from CraNeXtLib.pictures.camera import Camera
from CraNeXtLib.pictures.mesh_renderer import render_mesh
from CraNeXtLib.pictures.palette import BONE, IMPLANT
from CraNeXtLib.training.experiments.data import Data
from CraNeXtLib.training.experiments.design import Experiment, label_of
from CraNeXtLib.training.experiments.results import CellResult, Results, Row

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CASES = 4
MARGIN_MM = 22.0
_PANEL = (320, 320)
_TITLES = {
    "complete": "Complete",
    "no_false_positive": "No false\npositive area",
    "restored_shape": "Restored\nskull shape",
    "smooth_transition": "Smooth\ntransition",
    "minimal_thickness": "Minimal\nthickness",
}


def all_figures(results: Results, out: Path, progress: ProgressCallback | None = None) -> list[Path]:
    """Draw the figures of every experiment that has a finished cell, and return their files."""
    written = []
    for experiment in results.config.experiments():
        cells = [results.cells[name] for name in experiment.cells if name in results.cells]
        if cells:
            if progress:
                progress(f"Drawing experiment {experiment.number}", experiment.number / 4)
            labels = [label_of(cell.cell, experiment.number, results.config.names) for cell in cells]
            written.append(draw_criteria(cells, labels, out / f"criteria-{experiment.number}.png", experiment))
            written.append(draw_surfaces(results, cells, labels, out / f"surfaces-{experiment.number}.png"))
    return written


def draw_criteria(cells: Sequence[CellResult], labels: Sequence[str], path: Path, experiment: Experiment) -> Path:
    """Draw the percentage of test cases whose implant meets each criterion of the checklist (Figure 7).

    Args:
        cells: The models.
        labels: Their labels.
        path: The PNG file.
        experiment: Their experiment.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(2.2 * len(CRITERIA) + 2.5, 0.36 * len(cells) + 1.6), layout="constrained")
    heights = np.arange(len(cells))[::-1]
    for axes, name in zip(figure.subplots(1, len(CRITERIA), sharey=True), CRITERIA, strict=True):
        percentages = [percentage_that_meets(cell.rows, name) for cell in cells]
        axes.barh(heights, [value or 0 for value in percentages], color=IMPLANT, height=0.7)
        axes.barh(heights, [100] * len(cells), color="0.92", height=0.7, zorder=0)
        for height, value in zip(heights, percentages, strict=True):
            text = "not judged" if value is None else f"{value:.0f} %"
            inside = (value or 0) > 40
            axes.text(
                3 if inside else 3 + (value or 0), height, text, va="center", fontsize=9, color="w" if inside else "0.2"
            )
        axes.set(title=_TITLES[name], xlim=(0, 100), xticks=(0, 50, 100), yticks=heights, yticklabels=labels)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(left=False)
    cases = len(cells[0].rows)
    figure.supxlabel(
        f"Experiment {experiment.number}: percentage of {cases} test cases that meet the criterion, by this "
        f"software's checklist. {RESEARCH_USE_NOTICE}",
        fontsize=8,
    )
    return _save(figure, path)


def percentage_that_meets(rows: Sequence[Row], criterion: str) -> float | None:
    """Return the percentage of cases that meet a criterion.

    A case without an implant does not meet it; a case that could not be judged is left out.

    Returns:
        The percentage, or None if no case could be judged.
    """
    answers = [False if "implant_empty" in row["flags"] else row["criteria"].get(criterion) for row in rows]
    judged = [answer for answer in answers if answer is not None]
    return 100 * sum(judged) / len(judged) if judged else None


def draw_surfaces(results: Results, cells: Sequence[CellResult], labels: Sequence[str], path: Path) -> Path:
    """Draw the true implant beside that of each model, for cases at equal steps from worst to best (Figure 6).

    Args:
        results: The experiments.
        cells: The models; the DSC of the last one orders the cases.
        labels: Their labels.
        path: The PNG file.

    Raises:
        InputError: If a case or an implant cannot be read.
    """
    from matplotlib.figure import Figure

    ordered = sorted(cells[-1].rows, key=lambda row: row["dsc"])
    steps = np.unique(np.linspace(0, len(ordered) - 1, CASES).round().astype(int))
    chosen = [ordered[step]["case"] for step in steps]
    tests = {test.name: test.case for test in Data.read(results.config).test_cases()}
    columns = len(cells) + 1
    figure = Figure(figsize=(2.1 * columns, 2.45 * len(chosen) + 0.3), layout="constrained")
    grid = figure.subplots(len(chosen), columns, squeeze=False)
    for number, name in enumerate(chosen):
        if name not in tests:
            raise InputError(f"The test case {name} is no longer in its manifest; add it again.")
        pair = load_case(tests[name])
        view = _View.of(pair)
        grid[number, 0].imshow(view.drawn(pair.implant))
        grid[number, 0].set_title("Label" if number == 0 else "", fontsize=9)
        grid[number, 0].set_xlabel(name, fontsize=7)
        for column, (cell, label) in enumerate(zip(cells, labels, strict=True), 1):
            axes = grid[number, column]
            implant = read_volume(results.folder / "cells" / cell.cell.name / "implants" / f"{name}.nrrd")
            axes.imshow(view.drawn(implant))
            axes.set_title(label.replace(" + ", "\n+ ").replace(", ", ",\n") if number == 0 else "", fontsize=9)
            axes.set_xlabel(_caption(next(row for row in cell.rows if row["case"] == name)), fontsize=7)
    for axes in grid.flat:
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
    figure.supxlabel(f"dH95 and SdH in mm. {RESEARCH_USE_NOTICE}", fontsize=8)
    return _save(figure, path)


class _View:
    """The part of a skull around its defect, seen from outside the head."""

    def __init__(self, defective: Volume, box: tuple[slice, slice, slice], camera: Camera) -> None:
        self._box, self._camera = box, camera
        self._skull = surface_of(defective.crop(box))
        extent = np.ptp(self._skull.vertices @ camera.rotation[:2].T, axis=0)
        self._pixel_mm = float(extent.max() / min(_PANEL)) * 1.02

    @classmethod
    def of(cls, pair: SkullPair) -> _View:
        margin = tuple(np.ceil(MARGIN_MM / pair.implant.spacing).astype(int).tolist())
        middle = np.argwhere(pair.complete.voxels)[::997].mean(axis=0)
        toward_defect = np.argwhere(pair.implant.voxels).mean(axis=0) - middle
        camera = Camera.looking_from(pair.implant.affine[:3, :3] @ toward_defect)
        return cls(pair.defective, foreground_box(pair.implant.voxels, margin=margin), camera)

    def drawn(self, implant: Volume) -> np.ndarray:
        """Return the picture of the skull with an implant, uint8 of shape (height, width, 3)."""
        part = implant.crop(self._box)
        meshes, colors = [self._skull], [BONE]
        if part.voxels.any():
            meshes.append(surface_of(part))
            colors.append(IMPLANT)
        starts = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes[:-1])])
        both = Mesh(
            np.concatenate([mesh.vertices for mesh in meshes]),
            np.concatenate([mesh.faces + start for mesh, start in zip(meshes, starts, strict=True)]),
        )
        painted = np.repeat(colors, [len(mesh.vertices) for mesh in meshes], axis=0)
        return render_mesh(both, painted, self._camera, _PANEL, self._pixel_mm)


def _caption(row: Row) -> str:
    if "implant_empty" in row["flags"]:
        return "no implant"
    return f"DSC {row['dsc']:.2f}, dH95 {row['dh95_mm']:.1f}, SdH {row['sdh_mm']:.1f}"


def _save(figure: Figure, path: Path) -> Path:
    with replacing(path) as temporary:
        figure.savefig(temporary, format="png", dpi=110)
    return path
