"""One case from file to files: what ``cranext reconstruct``, the batch and the worker process do."""

from __future__ import annotations

import json
import platform
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from CraNeXtLib import RESEARCH_USE_NOTICE, __version__, models
from CraNeXtLib.checklist import check
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.atomic import filling
from CraNeXtLib.core.progress import ProgressCallback, Stages
from CraNeXtLib.core.runtime.memory import peak_memory_mb
from CraNeXtLib.ct.bone import BONE_THRESHOLD_HU
from CraNeXtLib.expected_error import CAPTION, PICTURE, write_expected_error
from CraNeXtLib.finishing.case import FINISHED, make_part, write_part
from CraNeXtLib.finishing.settings import FinishSettings
from CraNeXtLib.fit_check.materials import DEFAULT_MATERIAL
from CraNeXtLib.fit_check.pictures import FIT_PICTURES
from CraNeXtLib.found_defects import describe_defect
from CraNeXtLib.geometry.components import pieces_of
from CraNeXtLib.geometry.mesh import Mesh, split_mesh
from CraNeXtLib.geometry.mesh_files import write_3mf, write_stl
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_volume, write_volume
from CraNeXtLib.implant_measures import measure_implant
from CraNeXtLib.preview import coarse_skull, fine_result
from CraNeXtLib.reconstruction import Reconstruction, reconstruct
from CraNeXtLib.report import Figure, draw_figures, write_report
from CraNeXtLib.skull_input import SkullInput, read_ct_skull, read_skull
from CraNeXtLib.skulls import skull_mask

RESULT_VERSION = 1
PREVIEW_WARNING = (
    "This is a quick preview by the shape model alone, to look at and not to be made: make the implant without preview "
    "before using it."
)
STAGE_SHARES = {
    "Reading": 0.03,
    "Reconstructing": 0.45,
    "Making the mesh": 0.05,
    "Finishing": 0.2,
    "Writing": 0.05,
    "Reporting": 0.22,
}

PREVIEW_SHARES = {"Reading": 0.03, "Reconstructing": 0.6, "Making the mesh": 0.03, "Writing": 0.04, "Reporting": 0.3}


@dataclass(frozen=True, kw_only=True)
class CaseSettings:
    """How a case is reconstructed; the options of ``cranext reconstruct``.

    Args:
        ct: The input is a CT in Hounsfield units, from which bone is segmented first.
        model: Name or folder of a model.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
        series: Number, description or UID of the DICOM series to take, where a CT's folder holds several.
        bone_threshold_hu: Least value of a CT that counts as bone.
        orientation: Directions of the input's array axes, where its header lacks them.
        segment: Segment or label to read from the input.
        postprocessing: ``"default"``, ``"official"``, or None for what the model asks for.
        reference_implant: File of the true implant, to measure the result against.
        report: Whether to write ``report.html``, ``report.pdf`` and the pictures in them.
        case_id: What the report calls the case; by default the beginning of the input's hash, for a file's name may
            be a patient's.
        finishing: How the part to be made is finished, see :class:`CraNeXtLib.finishing.FinishSettings`; None for not.
        material: What the part is made of, for its weight.
        preview: Make an implant to look at, in seconds: on blocks of voxels of 1 mm, by the shape model alone, neither
            finished nor checked for its fit, without report and 3MF file. Its result says so, and it is not to be
            exported.

    Raises:
        InputError: If a preview is asked of another model.
    """

    ct: bool = False
    model: str = models.DEFAULT_MODEL
    device: str = "auto"
    series: str | None = None
    bone_threshold_hu: float = BONE_THRESHOLD_HU
    orientation: str | None = None
    segment: str | None = None
    postprocessing: str | None = None
    reference_implant: str | None = None
    report: bool = True
    case_id: str | None = None
    finishing: FinishSettings | None = field(default_factory=FinishSettings)
    material: str = DEFAULT_MATERIAL
    preview: bool = False

    def __post_init__(self) -> None:
        if not self.preview:
            return
        if self.model not in (models.DEFAULT_MODEL, models.PREVIEW_MODEL):
            raise InputError(f"A quick preview is made by model '{models.PREVIEW_MODEL}'; choose no other for it.")
        for name, value in {"model": models.PREVIEW_MODEL, "finishing": None, "report": False}.items():
            object.__setattr__(self, name, value)

    @classmethod
    def from_dict(cls, settings: dict[str, Any]) -> CaseSettings:
        """Make settings from JSON.

        Raises:
            InputError: If a name is unknown.
        """
        unknown = set(settings) - {f.name for f in fields(cls)}
        if unknown:
            raise InputError(f"There is no setting {', '.join(sorted(unknown))}; check its spelling.")
        if isinstance(settings.get("finishing"), dict):
            settings = settings | {"finishing": FinishSettings.from_dict(settings["finishing"])}
        return cls(**settings)


def reconstruct_case(
    skull: str | Path, out: str | Path, settings: CaseSettings, progress: ProgressCallback | None = None
) -> dict[str, Any]:
    """Reconstruct the skull in a file and write everything into a folder.

    Writes ``complete_skull.nrrd``, ``implant.nrrd``, ``implant.stl``, ``implant.3mf``: the model's implant, which
    completes the skull exactly; ``finished_implant.nrrd``, ``.stl`` and ``.3mf``: the part to make; ``fit_maps.vtp``,
    ``result.json`` and, with a report, ``report.html``, ``report.pdf`` and their pictures; from a model that can tell
    how far off it is also ``expected_error.nrrd`` and ``.vtp``; of a CT also ``defective_skull.nrrd``, its bone; of
    several separate defects also ``implant_1.stl``, ``finished_implant_1.stl`` and so on, one a piece: all of them or,
    if something fails, none. Where finishing leaves nothing, a warning says so and the part is missing.

    Args:
        skull: File of the defective skull, or file or folder of a CT.
        out: Folder to write into.
        settings: See :class:`CaseSettings`.
        progress: Told the stage and the fraction of the whole; may raise CancelledError to stop.

    Returns:
        The content of ``result.json``; ``files`` names what was written.

    Raises:
        InputError: If the input cannot be used or the folder not be written.
        NoImplantError: If nothing is missing.
    """
    stages = Stages(PREVIEW_SHARES if settings.preview else STAGE_SHARES, progress)
    with filling(out) as folder:
        with stages.stage("Reading"):
            source = _read_input(Path(skull), settings)
            reference = None
            if settings.reference_implant is not None:
                reference = read_volume(settings.reference_implant, orientation=settings.orientation)
        with stages.stage("Reconstructing") as update:
            whole = skull_mask(source.skull)
            result = reconstruct(
                coarse_skull(whole) if settings.preview else whole,
                model=settings.model,
                device=settings.device,
                postprocessing=settings.postprocessing,
                progress=lambda part, fraction: update(fraction, part),
            )
        with stages.stage("Making the mesh"):
            mesh = surface_of(result.implant)
        part = None
        if not settings.preview:
            with stages.stage("Finishing") as update:
                part = make_part(
                    result.implant,
                    result.defective_skull,
                    mesh,
                    settings.finishing,
                    material=settings.material,
                    progress=lambda name, fraction: update(fraction / 2, name),
                )
        with stages.stage("Writing"):
            fine = fine_result(result, whole) if settings.preview else result
            if settings.ct:
                write_volume(fine.defective_skull, folder / "defective_skull.nrrd")
            write_volume(fine.complete_skull, folder / "complete_skull.nrrd")
            write_volume(fine.implant, folder / "implant.nrrd")
            write_stl(mesh, folder / "implant.stl", preview=settings.preview)
            if not settings.preview:
                write_3mf(mesh, folder / "implant.3mf")
            pieces = pieces_of(result.implant)
            if len(pieces) > 1 and part:
                _write_pieces(pieces, {"implant": mesh, FINISHED: part.finished and part.finished.mesh}, folder)
        with stages.stage("Reporting"):
            if part:
                write_part(part, result.defective_skull, folder, pictures=settings.report)
            if result.expected_error:
                write_expected_error(
                    result.expected_error, result.implant, mesh, result.defective_skull, folder, picture=settings.report
                )
            description = _describe(source, settings, result, mesh)
            if reference is not None:
                from CraNeXtLib.evaluation import evaluate

                description["metrics"] = evaluate(fine.implant, reference, fine.defective_skull).main_metrics()
            if part:
                description |= part.as_dict()
                description["warnings"] += part.warnings
            description["defects"] = [
                describe_defect(piece, result.defective_skull, result.complete_skull, result.pose) for piece in pieces
            ]
            description["seconds"] = stages.seconds | result.seconds
            if settings.report:
                title = f"Case {description['case_id']}"
                figures = draw_figures(result.defective_skull, result.implant, folder, title=title, ct=source.ct)
                maps = [Figure(folder / name, caption) for name, caption in FIT_PICTURES.items()]
                expected = [Figure(folder / PICTURE, CAPTION)] if result.expected_error else []
                write_report(description, figures, folder, maps=maps, expected=expected)
            description["files"] = sorted({p.name for p in folder.iterdir()} | {"result.json"})
            (folder / "result.json").write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
    return description


def _read_input(path: Path, settings: CaseSettings) -> SkullInput:
    if settings.ct:
        return read_ct_skull(
            path, threshold_hu=settings.bone_threshold_hu, series=settings.series, orientation=settings.orientation
        )
    return read_skull(path, orientation=settings.orientation, segment=settings.segment)


def _write_pieces(pieces: list[Volume], meshes: dict[str, Mesh | None], folder: Path) -> None:
    """Write every piece of the meshes into a file of its own, numbered in the order of the defects."""
    for name, mesh in meshes.items():
        for number, piece in enumerate(split_mesh(mesh, pieces) if mesh else [], start=1):
            if len(piece.faces):
                write_stl(piece, folder / f"{name}_{number}.stl")


def _describe(source: SkullInput, settings: CaseSettings, result: Reconstruction, mesh: Mesh) -> dict[str, Any]:
    """Return the content of result.json, without the seconds."""
    volume = source.skull
    return {
        "format": "cranext-result",
        "version": RESULT_VERSION,
        "notice": RESEARCH_USE_NOTICE,
        "case_id": settings.case_id or source.source["sha256"][:8],
        "preview": settings.preview,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "input": source.source
        | {
            "shape": list(volume.shape),
            "spacing_mm": [round(float(s), 6) for s in volume.spacing],
            "orientation": volume.axis_codes,
            "pose": {
                "turned_deg": round(result.pose.turned_deg, 1),
                "far_percent": round(100 * result.pose.fit.far_share, 1),
                "template_to_skull_ras_mm": np.round(result.pose.template_to_skull, 6).tolist(),
            },
        },
        "model": {"name": result.model.name, "sha256": result.model.sha256},
        "parameters": asdict(settings) | {"postprocessing": result.postprocessing, "device": result.device},
        **measure_implant(result.implant, result.defective_skull, mesh),
        "watertight": mesh.is_watertight,
        "checklist": check(result.implant, result.defective_skull).as_dict(),
        "agreement": None if result.agreement is None else round(result.agreement, 3),
        "expected_error": result.expected_error and result.expected_error.as_dict(),
        "warnings": [*([PREVIEW_WARNING] if settings.preview else []), *source.warnings, *result.warnings],
        "versions": _versions(),
        "peak_memory_mb": peak_memory_mb(),
    }


def _versions() -> dict[str, str]:
    packages = ("torch", "monai", "antspyx", "numpy", "scipy", "pydicom")
    installed = {d for d in packages if _installed(d)}
    return {"cranext": __version__, "python": platform.python_version()} | {
        name: metadata.version(name) for name in packages if name in installed
    }


def _installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True
