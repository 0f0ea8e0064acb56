"""The report as PDF, for the patient's file and the printer."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any

from CraNeXtLib.cases.report.contents import Head, Section
from CraNeXtLib.cases.report.figures import Figure

_COLORS = {True: "#2e7d32", False: "#b71c1c", None: "#555555"}
"""Color of the verdict by what it says."""


def write_pdf(path: Path, head: Head, sections: Sequence[Section], opening: Figure | None = None) -> None:
    """Write the document, A4, with the title and the page's number at the foot of every page.

    Args:
        path: The file to write.
        head: What the document begins with.
        sections: Sections of the document.
        opening: The picture below the head.
    """
    from reportlab import rl_config
    from reportlab.lib import colors
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
    from reportlab.lib.units import mm
    from reportlab.platypus import KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

    # Written as ASCII, which Python does without reportlab's C accelerator, pictures took a tenth of a whole run.
    rl_config.useA85 = 0
    styles = getSampleStyleSheet()
    cell = ParagraphStyle("cell", parent=styles["BodyText"], fontSize=8.5, leading=11, wordWrap="CJK")
    name = ParagraphStyle("name", parent=cell, fontName="Helvetica-Bold")
    warning = ParagraphStyle(
        "warning", parent=styles["BodyText"], backColor=colors.HexColor("#f7ead7"), borderPadding=4, spaceAfter=8
    )
    color = colors.HexColor(_COLORS[head.fits])
    verdict = ParagraphStyle(
        "verdict", parent=styles["Heading3"], borderColor=color, textColor=color, borderWidth=1.5, borderPadding=5,
        spaceBefore=6, spaceAfter=14,
    )  # fmt: skip
    grid = TableStyle([("LINEBELOW", (0, 0), (-1, -1), 0.3, colors.lightgrey), ("VALIGN", (0, 0), (-1, -1), "TOP")])
    document = SimpleDocTemplate(
        str(path), pagesize=A4, title=head.title, author="CraNeXt", margins=None, invariant=1,  # without the time
        leftMargin=16 * mm, rightMargin=16 * mm, topMargin=16 * mm, bottomMargin=18 * mm,
    )  # fmt: skip

    def foot(canvas: Any, _document: Any) -> None:
        canvas.setFont("Helvetica", 7.5)
        canvas.drawString(16 * mm, 10 * mm, f"{head.title}. {head.notices[0]}")
        canvas.drawRightString(A4[0] - 16 * mm, 10 * mm, str(canvas.getPageNumber()))

    def text(words: str, style: Any) -> Any:
        return Paragraph(escape(words), style)

    def picture(figure: Figure) -> list[Any]:
        return [_image(figure, document.width, document.height * 0.8), text(figure.caption, cell), Spacer(1, 4 * mm)]

    story = [
        text(head.title, styles["Title"]),
        text(head.verdict, verdict),
        *(text(notice, warning) for notice in head.notices),
        *([KeepTogether(picture(opening))] if opening else []),
    ]
    for section in sections:
        first = [text(section.heading, styles["Heading2"])]
        if section.note:
            first.append(text(section.note, cell))
        if section.rows:
            rows = [[text(left, name), text(right, cell)] for left, right in section.rows]
            first.append(Table(rows, colWidths=[48 * mm, document.width - 48 * mm], style=grid))
        pictures = [picture(figure) for figure in section.figures]
        if pictures:
            first += pictures.pop(0)
        story += [KeepTogether(first), *map(KeepTogether, pictures)]
    document.build(story, onFirstPage=foot, onLaterPages=foot)


def _image(figure: Figure, width: float, height: float) -> Any:
    """Return the picture as large as the page allows, as JPEG, which the document holds as it is.

    A PNG file would be compressed anew, in four times as much time and space.
    """
    import PIL.Image
    from reportlab.platypus import Image

    jpeg = BytesIO()
    with PIL.Image.open(figure.path) as picture:
        picture.convert("RGB").save(jpeg, "JPEG", quality=92, subsampling=0)
        scale = min(width / picture.width, height / picture.height)
        return Image(jpeg, picture.width * scale, picture.height * scale)
