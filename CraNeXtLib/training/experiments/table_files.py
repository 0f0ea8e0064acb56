"""Tables of results as Markdown, LaTeX and CSV, with the best values marked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from CraNeXtLib.core.files.csv_tables import csv_text
from CraNeXtLib.core.files.text import write_text
from CraNeXtLib.evaluation.cohort_statistics import Summary

BEST, SECOND = "best", "second"
_LATEX = {"&": r"\&", "%": r"\%", "_": r"\_", "#": r"\#", "±": r"$\pm$", "↑": r"$\uparrow$", "↓": r"$\downarrow$"}
_LATEX |= {"×": r"$\times$", "²": r"$^2$", "<": r"$<$", "Δ": r"$\Delta$", "³": r"$^3$"}


@dataclass(frozen=True)
class Value:
    """One entry of a table.

    Attributes:
        text: The text that is shown.
        number: Its number, or None if it has none.
        summary: Its mean and standard deviation, if it has them.
        mark: ``"best"``, ``"second"`` or nothing.
    """

    text: str
    number: float | None = None
    summary: Summary | None = None
    mark: str = ""


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        name: Name of its files, such as ``table3``.
        title: Its title.
        columns: Headers; the first one is that of the names of the rows.
        rows: The rows, each as long as the headers.
        notes: Sentences below the table.
    """

    name: str
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Value]]
    notes: Sequence[str] = ()

    def markdown(self) -> str:
        """Return the table as Markdown; the best values are bold, the second-best italic."""
        around = {BEST: "**", SECOND: "*", "": ""}
        lines = [
            "| " + " | ".join(self.columns) + " |",
            "|" + "---|" * len(self.columns),
            *(
                "| " + " | ".join(f"{around[v.mark]}{v.text}{around[v.mark]}" for v in row).replace("\n", " ") + " |"
                for row in self.rows
            ),
        ]
        return f"### {self.title}\n\n" + "\n".join(lines) + "".join(f"\n\n{note}" for note in self.notes) + "\n"

    def latex(self) -> str:
        """Return the table for LaTeX's package booktabs; the best values are bold, the second-best italic."""
        around = {BEST: r"\textbf{%s}", SECOND: r"\textit{%s}", "": "%s"}
        rows = [" & ".join(around[v.mark] % _latex(v.text) for v in row) + r" \\" for row in self.rows]
        lines = [
            r"\begin{table}",
            rf"\caption{{{_latex(self.title)}}}\label{{tab:{self.name}}}",
            rf"\begin{{tabular}}{{l{'r' * (len(self.columns) - 1)}}}",
            r"\toprule",
            " & ".join(map(_latex, self.columns)) + r" \\",
            r"\midrule",
            *rows,
            r"\bottomrule",
            r"\end{tabular}",
            *(rf"\par {_latex(note)}" for note in self.notes),
            r"\end{table}",
        ]
        return "\n".join(lines) + "\n"

    def csv(self) -> str:
        """Return the table for programs, one line per value: row, column, text, number, mean, SD, n, failed, mark."""
        columns = ("row", "column", "text", "number", "mean", "sd", "n", "failed", "mark")
        lines: list[dict[str, object]] = []
        for number, row in enumerate(self.rows, 1):
            name = row[0].text or str(number)
            for column, value in zip(self.columns[1:], row[1:], strict=True):
                s = value.summary
                summary = ("",) * 4 if s is None else (s.mean, "" if math.isnan(s.sd) else s.sd, s.n, s.failed)
                plain = "" if value.number is None else value.number
                cells = (name, column, value.text, plain, *summary, value.mark)
                lines.append(dict(zip(columns, cells, strict=True)))
        return csv_text(lines, columns)

    def write(self, folder: Path) -> list[Path]:
        """Write the three files and return them.

        Raises:
            InputError: If the folder cannot be written.
        """
        written = []
        for suffix, text in ((".md", self.markdown()), (".csv", self.csv()), (".tex", self.latex())):
            written.append(folder / f"{self.name}{suffix}")
            write_text(written[-1], text)
        return written


def with_marks(
    rows: Sequence[Sequence[Value]], best: Sequence[bool | None], *, second: bool = False
) -> list[list[Value]]:
    """Return rows in which the best values of each column are marked; equal values get the same mark.

    Args:
        rows: The rows.
        best: For each column whether higher is better, or None for columns without a best value.
        second: Whether to mark the second-best values too.
    """
    marked = [list(row) for row in rows]
    for column, higher in enumerate(best):
        values = [row[column].summary for row in rows]
        if higher is None or sum(value is not None for value in values) < 2:
            continue
        order = sorted({value.mean for value in values if value is not None}, reverse=higher)
        marks = dict(zip(order, (BEST, SECOND) if second else (BEST,), strict=False))
        for row, value in zip(marked, values, strict=True):
            if value is not None and value.mean in marks:
                row[column] = Value(row[column].text, row[column].number, value, marks[value.mean])
    return marked


def _latex(text: str) -> str:
    return "".join(_LATEX.get(character, character) for character in text)
