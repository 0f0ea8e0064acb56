"""The content of a case's ``result.json``."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from typing import Any

import numpy as np

from CraNeXtLib.cases.case_settings import CaseSettings
from CraNeXtLib.cases.checked_part import CheckedPart
from CraNeXtLib.cases.skull_input import SkullInput
from CraNeXtLib.cases.verdict import with_verdict
from CraNeXtLib.core.errors import NoImplantError
from CraNeXtLib.core.product import RESEARCH_USE_NOTICE, __version__
from CraNeXtLib.core.runtime.memory import peak_memory_mb
from CraNeXtLib.core.runtime.requirements import installed_version
from CraNeXtLib.evaluation.checklist import check
from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.defect_report import describe_defect, opening_warnings
from CraNeXtLib.implant.measures import measure_implant
from CraNeXtLib.implant.reconstruct import Reconstruction

RESULT_FILE = "result.json"
RESULT_VERSION = 1

PREVIEW_WARNING = (
    "This is a quick preview by the shape model alone, for visual inspection only; do not manufacture it. Reconstruct "
    "the skull without preview before you use the implant."
)


def describe_result(
    source: SkullInput,
    settings: CaseSettings,
    result: Reconstruction,
    mesh: Mesh,
    *,
    pieces: Sequence[Volume],
    part: CheckedPart | None = None,
    metrics: Mapping[str, float | None] | None = None,
) -> dict[str, Any]:
    """Return the content of ``result.json`` without ``seconds`` and ``files``.

    Args:
        source: The input.
        settings: How the case was reconstructed.
        result: The reconstruction.
        mesh: Surface of the implant.
        pieces: Connected pieces of the implant, each of which fills one defect.
        part: The part to be made; None for a preview.
        metrics: Metrics against a reference implant, if there is one.
    """
    head = _head(source, settings, outcome="implant")
    placement = {
        "turned_deg": round(result.pose.rotation_deg, 1),
        "far_percent": round(100 * result.pose.fit.far_fraction, 1),
        "template_to_skull_ras_mm": np.round(result.pose.template_to_skull, 6).tolist(),
    }
    description = {
        **head,
        "input": head["input"] | {"pose": placement},
        "model": {"name": result.model.name, "sha256": result.model.sha256},
        "parameters": settings.described() | {"postprocessing": result.postprocessing, "device": result.device},
        "meshes": {"unit": "mm", "space": source.read.mesh_space},
        **describe_implant(result.implant, result.defective_skull, mesh, center=result.pose.template_center),
        "added_voxels": [list(sides) for sides in result.added_voxels],
        "agreement": None if result.agreement is None else round(result.agreement, 3),
        "expected_error": result.expected_error and result.expected_error.as_dict(),
        "warnings": [
            *([PREVIEW_WARNING] if settings.preview else []),
            *source.warnings,
            *result.warnings,
            *(part.warnings if part else ()),
        ],
        "versions": versions(),
        "peak_memory_mb": peak_memory_mb(),
    }
    if metrics is not None:
        description["metrics"] = dict(metrics)
    if part:
        description |= part.as_dict()
    skull, complete, pose = result.defective_skull, result.complete_skull, result.pose
    made = [defect for defect in result.found_defects if defect.made]
    description["defects"] = [
        {"number": defect.number, **asdict(defect.location), **describe_defect(piece, skull, complete, pose)}
        for defect, piece in zip(made, pieces, strict=True)
    ]
    description["found_defects"] = [defect.as_dict() for defect in result.found_defects]
    description["warnings"] += opening_warnings(description["defects"], description["checklist"])
    return with_verdict(description)


def describe_no_implant(source: SkullInput, settings: CaseSettings, error: NoImplantError) -> dict[str, Any]:
    """Return the content of the ``result.json`` of a skull from which nothing is missing.

    Args:
        source: The input.
        settings: How the case was reconstructed.
        error: Why there is no implant, with all warnings.
    """
    return {
        **_head(source, settings, outcome="no implant"),
        "message": str(error),
        "parameters": settings.described(),
        "warnings": [*error.warnings],
        "versions": versions(),
        "peak_memory_mb": peak_memory_mb(),
    }


def describe_implant(implant: Volume, skull: Volume, mesh: Mesh, *, center: np.ndarray | None = None) -> dict[str, Any]:
    """Return the measures of an implant, ``watertight`` and ``checklist``.

    Args:
        implant: Mask of the implant.
        skull: Mask of the defective skull, of the same geometry.
        mesh: Surface of the implant.
        center: Middle of the head, RAS mm; see :func:`CraNeXtLib.implant.measures.measure_implant`.
    """
    return {
        **measure_implant(implant, skull, mesh, center=center),
        "watertight": mesh.is_watertight,
        "checklist": check(implant, skull).as_dict(),
    }


def _head(source: SkullInput, settings: CaseSettings, *, outcome: str) -> dict[str, Any]:
    """Return what the description begins with, whether or not there is an implant."""
    return {
        "format": "cranext-result",
        "version": RESULT_VERSION,
        "notice": RESEARCH_USE_NOTICE,
        "outcome": outcome,
        "case_id": case_id_of(source, settings),
        "preview": settings.preview,
        "created": timestamp(),
        "input": source.source | geometry_of(source.skull),
    }


def case_id_of(source: SkullInput, settings: CaseSettings) -> str:
    """Return the name of a case: the given one, or the first digits of its input's hash."""
    return settings.case_id or source.source["sha256"][:8]


def geometry_of(volume: Volume) -> dict[str, Any]:
    """Return ``shape``, ``spacing_mm`` and ``orientation`` of a volume, for JSON."""
    return {
        "shape": list(volume.shape),
        "spacing_mm": [round(float(s), 6) for s in volume.spacing],
        "orientation": volume.axis_codes,
    }


def timestamp() -> str:
    """Return the time in UTC to the second, in ISO 8601 format."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def versions() -> dict[str, str]:
    """Return the versions of this program, of Python and of the libraries that results depend on."""
    packages = ("torch", "monai", "antspyx", "numpy", "scipy", "pydicom")
    installed = {name: version for name in packages if (version := installed_version(name))}
    return {"cranext": __version__, "python": platform.python_version()} | installed
