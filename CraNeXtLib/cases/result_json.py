"""The content of a case's ``result.json``."""

from __future__ import annotations

import platform
from dataclasses import asdict
from datetime import datetime, timezone
from importlib import metadata
from typing import Any

import numpy as np

from CraNeXtLib import RESEARCH_USE_NOTICE, __version__
from CraNeXtLib.cases.case_settings import CaseSettings
from CraNeXtLib.cases.skull_input import SkullInput
from CraNeXtLib.core.runtime.memory import peak_memory_mb
from CraNeXtLib.evaluation.checklist import check
from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.implant.measures import measure_implant
from CraNeXtLib.implant.reconstruct import Reconstruction

RESULT_VERSION = 1


PREVIEW_WARNING = (
    "This is a quick preview by the shape model alone, to look at and not to be made: make the implant without preview "
    "before using it."
)


def describe_result(source: SkullInput, settings: CaseSettings, result: Reconstruction, mesh: Mesh) -> dict[str, Any]:
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
                "turned_deg": round(result.pose.rotation_deg, 1),
                "far_percent": round(100 * result.pose.fit.far_fraction, 1),
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
