"""The worker's tasks whose arguments or results need translation from or to JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from CraNeXtLib.core.progress import ProgressCallback

_SCENE_FRACTION = 0.05  # part of the time that the surface for the 3D view takes


def reconstruct(
    *,
    skull: str,
    out: str,
    progress: ProgressCallback,
    settings: Mapping[str, Any] | None = None,
    for_scene: bool = False,
) -> dict[str, Any]:
    """Reconstruct a case and, for Slicer's scene, also write the surface that its 3D view shows."""
    from CraNeXtLib.cases.case_settings import CaseSettings
    from CraNeXtLib.cases.reconstruction_case import reconstruct_case
    from CraNeXtLib.cases.scene_surfaces import write_skull_surface

    case = CaseSettings.from_dict(settings or {})
    if not for_scene:
        return reconstruct_case(skull, out, case, progress)
    before = 1 - _SCENE_FRACTION
    result = reconstruct_case(skull, out, case, lambda stage, fraction: progress(stage, before * fraction))
    progress("Preparing the 3D view", before)
    write_skull_surface(out)
    progress("Done", 1.0)
    return result


def evaluate(*, progress: ProgressCallback, **arguments: Any) -> dict[str, Any]:
    """Evaluate an implant and return the names of the files."""
    from CraNeXtLib.cases.evaluation_case import evaluate_files

    return {"files": evaluate_files(**arguments, progress=progress)}


def finish(
    *, progress: ProgressCallback, settings: Mapping[str, Any] | None = None, **arguments: Any
) -> dict[str, Any]:
    """Finish an implant."""
    from CraNeXtLib.cases.finishing_case import finish_case
    from CraNeXtLib.implant.finishing.settings import FinishSettings

    return finish_case(**arguments, settings=FinishSettings.from_dict(settings or {}), progress=progress)


def mold(
    *,
    progress: ProgressCallback,
    settings: Mapping[str, Any] | None = None,
    case: str | None = None,
    out: str,
    **arguments: Any,
) -> dict[str, Any]:
    """Make the mold of a part; for the folder of a case, replace its mold and write its approval sheet again."""
    from CraNeXtLib.cases.approval.sheet_with_mold import sheet_with_mold
    from CraNeXtLib.cases.mold_case import mold_case
    from CraNeXtLib.implant.mold.settings import MoldSettings

    result = mold_case(
        **arguments, out=out, settings=MoldSettings(**settings or {}), replace=case is not None, progress=progress
    )
    if case is not None:
        sheet_with_mold(case, out)
    return result


def release(*, folder: str, accept: str | None, progress: ProgressCallback) -> dict[str, Any]:
    """Release the folder of a case, and return what a person is told of it."""
    from CraNeXtLib.cases.release.freeze import release_case
    from CraNeXtLib.cases.released_folder import RELEASE_FILE
    from CraNeXtLib.core.files.hashing import sha256_of

    progress("Reading the files", 0.0)
    content = release_case(folder, accept=accept)
    return {
        "case_id": content["case_id"],
        "verdict": content["verdict"]["sentence"],
        "accepted": content["accepted"],
        "files": len(content["sha256"]),
        "sha256": sha256_of(Path(folder) / RELEASE_FILE),
    }


def check_release(*, folder: str, progress: ProgressCallback) -> dict[str, Any]:
    """Return which files of a released folder have changed, are missing or were added."""
    from CraNeXtLib.cases.release.check import check_release as check

    progress("Reading the files", 0.0)
    found = check(folder)
    return {
        **{name: list(getattr(found, name)) for name in ("changed", "missing", "added")},
        **{name: found.release[name] for name in ("case_id", "created")},
    }


def dry_run(*, config: str, cache: str, progress: ProgressCallback) -> dict[str, Any]:
    """Try a few training steps and return what they cost."""
    from CraNeXtLib.training import dry_run
    from CraNeXtLib.training.config_reading import read_config

    return asdict(dry_run.dry_run(read_config(config), cache, progress))


def evaluate_model(*, progress: ProgressCallback, **arguments: Any) -> dict[str, Any]:
    """Score a model on a data set."""
    from CraNeXtLib.cases import model_evaluation

    model_evaluation.evaluate_model(**arguments, progress=progress)
    return {}


def import_model(*, progress: ProgressCallback, **arguments: Any) -> dict[str, Any]:
    """Install a model and return its name."""
    from CraNeXtLib.completion import model_import

    progress("Installing the model", 0.0)
    return {"name": model_import.import_model(**arguments).name}


def examine(*, progress: ProgressCallback) -> dict[str, Any]:
    """Return versions, devices and models of this Python."""
    from CraNeXtLib.completion.model_library import available_and_broken
    from CraNeXtLib.core.runtime import environment

    del progress
    return environment.examine([model.label for model in available_and_broken()])
