"""What commands print about their results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from CraNeXtLib.cases.criterion_wording import ANSWERS, measured, question_of
from CraNeXtLib.cases.verdict import other_warnings
from CraNeXtLib.core.product import RESEARCH_USE_NOTICE


def print_verdict(result: Mapping[str, Any]) -> None:
    """Print whether the part fits and, if it does not, each criterion that it fails with its value and place."""
    verdict = result["verdict"]
    print(f"Verdict: {verdict['answer'].replace('not', 'NOT')}")
    for reason in verdict["reasons"]:
        print(f"  {reason}")


def print_criteria(criteria: Sequence[Mapping[str, Any]]) -> None:
    """Print criteria as a table: what each asks, the answer, and what was measured and is allowed."""
    for criterion in criteria:
        told = criterion["value"] is not None and criterion["unit"] != "yes"
        text = measured(criterion) if told else ""
        print(f"  {question_of(criterion['name']):46} {ANSWERS[criterion['passed']]:12} {text}".rstrip())


def print_outcome(result: Mapping[str, Any], out: str | Path) -> None:
    """Print the warnings and files of a result, and the research-use notice.

    Args:
        result: Content of a JSON description with ``warnings`` and ``files``.
        out: Folder of the files.
    """
    print_warnings(result)
    print_files(out, result["files"])
    print(RESEARCH_USE_NOTICE)


def print_warnings(result: Mapping[str, Any]) -> None:
    """Print the warnings of a JSON description, but not the verdict, which has been printed."""
    for warning in other_warnings(result):
        print(f"Warning: {warning}")


def print_files(folder: str | Path, names: Iterable[str]) -> None:
    """Print the paths of files in a folder."""
    for name in names:
        print(Path(folder) / name)
