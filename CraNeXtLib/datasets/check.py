"""Problems of a data set that would break training or quietly spoil it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from CraNeXtLib.anatomy.head.orientation import orientation_warnings
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.progress import ProgressCallback
from CraNeXtLib.datasets.duplicates import Fingerprint, find_duplicates, fingerprint
from CraNeXtLib.datasets.manifest import DatasetCase, read_manifest
from CraNeXtLib.datasets.skull_pair import SkullPair, load_case
from CraNeXtLib.geometry.affine import axis_codes
from CraNeXtLib.geometry.volume_formats.volume_suffixes import NIFTI_SUFFIXES

Skull = tuple[str, str]
"""Source and subject of a skull."""

STRAY_FRACTION = 0.001
"""Fraction of an implant that may lie outside the complete skull or overlap the defective one."""

LEAST_IMPLANT_ML = 0.5
"""Smaller implants are probably specks."""


@dataclass(frozen=True)
class Problem:
    """A problem with one or several cases.

    Attributes:
        case: Name of the case, or of several.
        severity: ``"error"`` for a case that must not be used for training, ``"warning"`` for one to inspect.
        message: What is wrong and what to do, one sentence.
    """

    case: str
    severity: Literal["error", "warning"]
    message: str

    def __str__(self) -> str:
        return f"{self.severity}: {self.case}: {self.message}"


@dataclass(frozen=True)
class CheckReport:
    """All problems of a data set, and the pairs of skulls (source, subject) that are the same or nearly the same."""

    problems: list[Problem]
    same_skull: list[tuple[Skull, Skull]]

    @property
    def errors(self) -> list[Problem]:
        """The problems that must be fixed before training."""
        return [problem for problem in self.problems if problem.severity == "error"]


def check_dataset(
    cases: Iterable[DatasetCase], *, progress: Callable[[int, DatasetCase], None] | None = None
) -> CheckReport:
    """Read every case, one at a time, and report its problems.

    Args:
        cases: Cases of a manifest.
        progress: Called with the number of cases read so far and the next case; may raise to stop.
    """
    cases = list(cases)
    problems = _divided_skulls(cases)
    codes: dict[str, tuple[str, str]] = {}
    skulls: dict[Skull, Fingerprint] = {}
    for number, case in enumerate(cases):
        if progress:
            progress(number, case)
        if not case.orientation:
            warnings = [warning for path in case.files().values() for warning in header_warnings(path)]
            problems += [Problem(case.name, "warning", warning) for warning in warnings]
        try:
            pair = load_case(case)
            if case.skull not in skulls:
                skulls[case.skull] = fingerprint(pair.complete)
        except InputError as error:
            problems.append(Problem(case.name, "error", str(error)))
            continue
        codes[case.name] = (case.source, pair.complete.axis_codes)
        problems += check_pair(case, pair)
    same = find_duplicates(skulls)
    return CheckReport(problems + _odd_orientations(codes) + _duplicates(cases, same), same)


def check_manifest(manifest: str | Path, progress: ProgressCallback | None = None) -> dict[str, Any]:
    """Check a data set and return the findings for JSON.

    Args:
        manifest: File of the manifest.
        progress: Called with the stage and the overall fraction; may raise CancelledError to stop.

    Returns:
        Numbers of ``cases`` and ``skulls``; ``splits``, the number of cases in each; ``problems``, see
        :class:`Problem`, errors first.

    Raises:
        InputError: If the manifest cannot be read.
    """
    cases = read_manifest(manifest)

    def report_case(number: int, case: DatasetCase) -> None:
        if progress:
            progress(f"Reading {case.name}", number / len(cases))

    report = check_dataset(cases, progress=report_case)
    return {
        "cases": len(cases),
        "skulls": len({case.skull for case in cases}),
        "splits": dict(Counter(case.split or "none" for case in cases)),
        "problems": [asdict(problem) for problem in sorted(report.problems, key=lambda p: p.severity)],
    }


def check_pair(case: DatasetCase, pair: SkullPair) -> list[Problem]:
    """Return the problems of the masks of one case."""
    problems = [Problem(case.name, "warning", text) for text in orientation_warnings(pair.complete)]
    if not case.has_defect:
        return problems
    complete, defective, implant = (mask.voxels for mask in (pair.complete, pair.defective, pair.implant))

    def ml(mask: np.ndarray) -> float:
        return np.count_nonzero(mask) * pair.complete.voxel_volume_mm3 / 1000

    size = ml(implant)
    if not defective.any():
        problems.append(Problem(case.name, "error", "The defective skull is empty; replace the file."))
    elif not size:
        problems.append(Problem(case.name, "error", "The implant is empty: nothing is missing; remove the case."))
    elif size < LEAST_IMPLANT_ML:
        problems.append(
            Problem(case.name, "warning", f"The implant has only {size:.2f} mL; check whether it is a speck.")
        )
    for stray, message in (
        (implant & ~complete, "of the implant lie outside the complete skull; check that they match."),
        (implant & defective, "of the implant overlap the defective skull; subtract it from the implant."),
        (
            defective & ~complete,
            "of the defective skull are missing from the complete one; check that they match.",
        ),
    ):
        if size and ml(stray) > STRAY_FRACTION * size:
            problems.append(Problem(case.name, "error", f"{ml(stray):.2f} mL {message}"))
    return problems


def header_warnings(path: Path) -> list[str]:
    """Return a warning if the two affines of a NIfTI file, between which programs choose, contradict each other."""
    if not path.name.lower().endswith(NIFTI_SUFFIXES):
        return []
    import nibabel

    try:
        image = nibabel.load(path)
    except Exception:  # whatever nibabel raises, reading the case will report it
        return []
    if not isinstance(image, nibabel.Nifti1Pair):
        return []
    header = image.header
    if not (header["sform_code"] > 0 and header["qform_code"] > 0):
        return []
    sform, qform = header.get_sform(), header.get_qform()
    if np.allclose(sform, qform, atol=0.01 * np.abs(sform).max()):
        return []
    first, second = (axis_codes(affine) for affine in (sform, qform))
    if first == second:
        return [f"{path.name} has a qform and an sform that differ; save it with one of them."]
    remedy = "check left and right, and give the orientation in the manifest."
    return [f"{path.name} points {first} by its sform and {second} by its qform; {remedy}"]


def _divided_skulls(cases: list[DatasetCase]) -> list[Problem]:
    """Return problems for skulls whose cases are in different splits, and for cases listed twice."""
    splits: dict[Skull, set[str]] = defaultdict(set)
    for case in cases:
        splits[case.skull].add(case.split)
    problems = [
        Problem(
            "/".join(filter(None, skull)), "error", f"This skull is in the splits {_listed(found)}; split by skull."
        )
        for skull, found in splits.items()
        if len(found - {""}) > 1
    ]
    masks = Counter(tuple((path, case.segment_of(role)) for role, path in case.files().items()) for case in cases)
    twice = [listed[0][0].name for listed, count in masks.items() if count > 1]
    return problems + [Problem(name, "error", "The same files are listed twice; keep one.") for name in twice]


def _odd_orientations(codes: dict[str, tuple[str, str]]) -> list[Problem]:
    """Return warnings for cases whose axes point elsewhere than most of their source, often by a wrong header."""
    problems = []
    for source in {source for source, _ in codes.values()}:
        counts = Counter(found for origin, found in codes.values() if origin == source)
        usual, count = counts.most_common(1)[0]
        if count < 0.8 * counts.total():
            continue
        problems += [
            Problem(
                case,
                "warning",
                f"Its axes point {found}, those of {count} other cases {usual}; check left and right in this file.",
            )
            for case, (origin, found) in codes.items()
            if origin == source and found != usual
        ]
    return problems


def _duplicates(cases: list[DatasetCase], same: list[tuple[Skull, Skull]]) -> list[Problem]:
    """Return problems for skulls of the same head: errors if they are in different splits, otherwise warnings."""
    splits: dict[Skull, set[str]] = defaultdict(set)
    for case in cases:
        splits[case.skull].add(case.split)
    problems = []
    for pair in same:
        divided = len((splits[pair[0]] | splits[pair[1]]) - {""}) > 1
        message = "These are the same head, or nearly so" + ("; keep them in one split." if divided else ".")
        names = " and ".join("/".join(filter(None, skull)) for skull in pair)
        problems.append(Problem(names, "error" if divided else "warning", message))
    return problems


def _listed(names: set[str]) -> str:
    return " and ".join(sorted(names - {""}))
