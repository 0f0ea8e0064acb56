"""What in a data set would break training, or quietly spoil it, said in words."""

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
from CraNeXtLib.datasets.manifest import DatasetCase, SkullPair, load_case, read_manifest
from CraNeXtLib.geometry.affine import axis_codes
from CraNeXtLib.geometry.volume_files import NIFTI_SUFFIXES

Skull = tuple[str, str]  # source and subject

STRAY_SHARE = 0.001  # of an implant, that may lie outside the complete skull or on the defective one
LEAST_IMPLANT_ML = 0.5


@dataclass(frozen=True)
class Problem:
    """Something to look at.

    Attributes:
        case: Name of the case, or of several.
        severity: ``"error"`` for a case that must not be trained on, ``"warning"`` for a doubt.
        message: What is wrong and what to do, one sentence.
    """

    case: str
    severity: Literal["error", "warning"]
    message: str

    def __str__(self) -> str:
        return f"{self.severity}: {self.case}: {self.message}"


@dataclass(frozen=True)
class CheckReport:
    """All problems of a data set, and the pairs of skulls (source, subject) that are the same or nearly so."""

    problems: list[Problem]
    same_skull: list[tuple[Skull, Skull]]

    @property
    def errors(self) -> list[Problem]:
        """The problems that forbid training."""
        return [problem for problem in self.problems if problem.severity == "error"]


def check_dataset(
    cases: Iterable[DatasetCase], *, progress: Callable[[int, DatasetCase], None] | None = None
) -> CheckReport:
    """Read every case, one at a time, and report what is wrong.

    Args:
        cases: The manifest.
        progress: Told the number of cases done and the next one; may raise to stop.
    """
    cases = list(cases)
    problems = _parted_skulls(cases)
    codes: dict[str, tuple[str, str]] = {}
    skulls: dict[Skull, Fingerprint] = {}
    for number, case in enumerate(cases):
        if progress:
            progress(number, case)
        if not case.orientation:
            doubts = [doubt for path in case.files().values() for doubt in header_doubts(path)]
            problems += [Problem(case.name, "warning", doubt) for doubt in doubts]
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
    """Check a data set and return what was found as it fits into JSON.

    Args:
        manifest: The manifest's file.
        progress: Told stage and fraction; may raise CancelledError to stop.

    Returns:
        ``cases`` and ``skulls``, how many; ``splits``, cases of each; ``problems``, see :class:`Problem`, errors first.

    Raises:
        InputError: If the manifest cannot be read.
    """
    cases = read_manifest(manifest)

    def told(number: int, case: DatasetCase) -> None:
        if progress:
            progress(f"Reading {case.name}", number / len(cases))

    report = check_dataset(cases, progress=told)
    return {
        "cases": len(cases),
        "skulls": len({case.skull for case in cases}),
        "splits": dict(Counter(case.split or "none" for case in cases)),
        "problems": [asdict(problem) for problem in sorted(report.problems, key=lambda p: p.severity)],
    }


def check_pair(case: DatasetCase, pair: SkullPair) -> list[Problem]:
    """Report what is wrong with the masks of one case."""
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
            Problem(case.name, "warning", f"The implant has only {size:.2f} mL; look whether it is a speck.")
        )
    for stray, message in (
        (implant & ~complete, "of the implant lie outside the complete skull; look whether they match."),
        (implant & defective, "of the implant overlap the defective skull; subtract it from the implant."),
        (defective & ~complete, "of the defective skull are missing in the complete one; look whether they match."),
    ):
        if size and ml(stray) > STRAY_SHARE * size:
            problems.append(Problem(case.name, "error", f"{ml(stray):.2f} mL {message}"))
    return problems


def header_doubts(path: Path) -> list[str]:
    """Tell whether a NIfTI file's two affines, of which programs choose one or the other, contradict each other."""
    if not path.name.lower().endswith(NIFTI_SUFFIXES):
        return []
    import nibabel

    try:
        header = nibabel.load(path).header
    except Exception:  # whatever nibabel raises, reading the case will say it
        return []
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


def _parted_skulls(cases: list[DatasetCase]) -> list[Problem]:
    """Report skulls whose cases are in different splits, and cases listed twice."""
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
    twice = [files for files, count in Counter(tuple(case.files().values()) for case in cases).items() if count > 1]
    return problems + [Problem(files[0].name, "error", "The same files are listed twice; keep one.") for files in twice]


def _odd_orientations(codes: dict[str, tuple[str, str]]) -> list[Problem]:
    """Report the few cases of a source whose array axes point elsewhere than most: often a wrong header."""
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
    """Report skulls that are one head, as an error where they are in different splits."""
    splits: dict[Skull, set[str]] = defaultdict(set)
    for case in cases:
        splits[case.skull].add(case.split)
    problems = []
    for pair in same:
        parted = len((splits[pair[0]] | splits[pair[1]]) - {""}) > 1
        message = "These are the same head, or nearly so" + ("; keep them in one split." if parted else ".")
        names = " and ".join("/".join(filter(None, skull)) for skull in pair)
        problems.append(Problem(names, "error" if parted else "warning", message))
    return problems


def _listed(names: set[str]) -> str:
    return " and ".join(sorted(names - {""}))
