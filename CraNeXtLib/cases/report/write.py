"""Writing the report of a result."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from CraNeXtLib.cases.report.contents import head_of, sections_of
from CraNeXtLib.cases.report.figures import Figure
from CraNeXtLib.cases.report.html_page import html_page
from CraNeXtLib.cases.report.pdf_document import write_pdf
from CraNeXtLib.cases.report.sign_off import sign_off_rows
from CraNeXtLib.cases.report.viewer.markup import scene_markup
from CraNeXtLib.cases.report.viewer.scene import Scene


def write_report(
    result: dict[str, Any],
    figures: Sequence[Figure],
    folder: Path,
    *,
    maps: Sequence[Figure] = (),
    expected: Sequence[Figure] = (),
    fixation: Sequence[Figure] = (),
    donor: Sequence[Figure] = (),
    tissue: Sequence[Figure] = (),
    onlay: Sequence[Figure] = (),
    scene: Scene | None = None,
) -> None:
    """Write ``report.html`` and ``report.pdf`` into a folder.

    Neither identifies the patient: the case is named by its ID, and files by their hashes.

    Args:
        result: Content of ``result.json``, see ``Docs/result-format.md``.
        figures: The skull with its implant, see :func:`CraNeXtLib.cases.report.figures.draw_figures`.
        folder: Folder to write into.
        maps: Distance maps on the implant.
        expected: Map of the expected error on it.
        fixation: Its plates and holes.
        donor: Its parts from a donor and from the model.
        tissue: Soft tissue over it, compared with the other side.
        onlay: A titanium sheet on the skull.
        scene: Skull and implant in 3D, for the HTML file.
    """
    head, opening = head_of(result), next(iter(figures), None)
    signed = sign_off_rows(result, folder)
    sections = sections_of(result, figures[1:], maps, expected, fixation, donor, tissue, onlay, signed)
    page = html_page(head, sections, opening, scene_markup(scene) if scene else None)
    (folder / "report.html").write_text(page, encoding="utf-8")
    write_pdf(folder / "report.pdf", head, sections, opening)
