"""The approval sheet as PDF: always one A4 page, however much it has to say."""

from __future__ import annotations

from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any

from CraNeXtLib.cases.approval.contents import EXPLANATION, ApprovalSheet
from CraNeXtLib.cases.report.wording import Rows

_COLORS = {True: "#2e7d32", False: "#b71c1c", None: "#555555"}
"""Color of the verdict by what it says."""

_MARGIN_MM = 12
_LEAST_PICTURE = 0.6  # of the page's width, below which all would rather get smaller than the picture alone


def write_pdf_page(path: Path, sheet: ApprovalSheet, picture: Path) -> None:
    """Write the page. The picture takes what the words leave; if they leave too little, everything shrinks.

    Args:
        path: The file to write.
        sheet: What it says.
        picture: PNG file of the part.
    """
    from reportlab import rl_config
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.units import mm
    from reportlab.pdfgen.canvas import Canvas
    from reportlab.platypus import Frame, KeepInFrame

    rl_config.useA85 = 0  # see the report
    margin = _MARGIN_MM * mm
    width, height = (side - 2 * margin for side in A4)
    canvas = Canvas(str(path), pagesize=A4, invariant=1)  # without the time
    canvas.setTitle(sheet.head.title)
    canvas.setAuthor("CraNeXt")
    above, below = _above(sheet, width), _below(sheet, width)
    left = height - sum(item.wrap(width, height)[1] for item in (*above, *below)) - 1
    shown = _picture(picture, width, max(left, _LEAST_PICTURE * width))
    story = KeepInFrame(width, height, [*above, shown, *below], mode="shrink")
    Frame(margin, margin, width, height, 0, 0, 0, 0).addFromList([story], canvas)
    canvas.showPage()
    canvas.save()


def _above(sheet: ApprovalSheet, width: float) -> list[Any]:
    """Return title, verdict and notices."""
    from reportlab.lib import colors

    color, amber = _COLORS[sheet.head.fits], colors.HexColor("#fbf1e0")
    verdict = _words(sheet.head.verdict, 10, bold=True, color=color)
    boxed = _table([[verdict]], [width], ("BOX", (0, 0), (-1, -1), 1.5, colors.HexColor(color)))
    notices = [[_words(notice, 8)] for notice in sheet.head.notices]
    title = _words(sheet.head.title, 14, bold=True)
    return [
        title,
        _space(5),
        boxed,
        _space(3),
        _table(notices, [width], ("BACKGROUND", (0, 0), (-1, -1), amber)),
        _space(4),
    ]


def _below(sheet: ApprovalSheet, width: float) -> list[Any]:
    """Return tables, explanation, and the lines to sign."""
    gap = 12
    half = (width - gap) / 2
    part, checks = _rows(sheet.part, half, 0.24, 8), _rows(sheet.checks, half, 0.52, 8)
    columns = _table([[part, "", checks]], [half, gap, half], ("LEFTPADDING", (0, 0), (-1, -1), 0), padding=0)
    files = _rows(sheet.files, width, 0.2, 6.5)
    return [
        _space(3),
        columns,
        _space(4),
        files,
        _space(3),
        _words(EXPLANATION, 6.5),
        _space(4),
        _signing(sheet, width),
    ]


def _signing(sheet: ApprovalSheet, width: float) -> Any:
    """Return the box with the sentence, the two answers, and name, date and signature."""
    from reportlab.lib import colors

    thin, inner = (0.6, colors.black), width - 12
    box, line = ("BOX", (0, 0), (0, 0), *thin), ("LINEBELOW", (4, 0), (4, 0), *thin)
    answers = ["", _words("Accepted as shown", 8.5), "", _words("Change:", 8.5), ""]
    sizes = [12, 100, 12, 46, inner - 170]
    choice = _table([answers], sizes, box, ("BOX", (2, 0), (2, 0), *thin), line, padding=1)
    names = [_words(name, 8.5) for name in ("Name:", "", "Date:", "", "Signature:", "")]
    rest = inner - 40 - 34 - 90 - 58
    lines = [("LINEBELOW", (column, 0), (column, 0), *thin) for column in (1, 3, 5)]
    signed = _table([names], [40, rest / 2, 34, 90, 58, rest / 2], *lines, padding=1)
    rows = [[_words(sheet.statement, 8.5)], [_space(2)], [choice], [_space(10)], [signed], [_space(2)]]
    return _table(rows, [width], ("BOX", (0, 0), (-1, -1), 1, colors.black))


def _rows(rows: Rows, width: float, share: float, size: float) -> Any:
    """Return a table of names and values, the names in a share of its width."""
    from reportlab.lib import colors

    words = [[_words(name, size, bold=True), _words(value, size)] for name, value in rows]
    return _table(words, [share * width, (1 - share) * width], ("LINEBELOW", (0, 0), (-1, -1), 0.3, colors.lightgrey))


def _table(cells: list[list[Any]], widths: list[float], *styles: Any, padding: float = 1.5) -> Any:
    from reportlab.platypus import Table

    sides = [(f"{side}PADDING", (0, 0), (-1, -1), padding) for side in ("TOP", "BOTTOM")]
    sides += [(f"{side}PADDING", (0, 0), (-1, -1), 4) for side in ("LEFT", "RIGHT")]
    return Table(cells, colWidths=widths, style=[("VALIGN", (0, 0), (-1, -1), "TOP"), *sides, *styles])


def _words(text: str, size: float, *, bold: bool = False, color: str = "#000000") -> Any:
    from reportlab.lib import colors
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Paragraph

    font = "Helvetica-Bold" if bold else "Helvetica"
    style = ParagraphStyle(
        "words", fontName=font, fontSize=size, leading=1.2 * size, textColor=colors.HexColor(color), splitLongWords=1
    )
    return Paragraph(escape(text), style)


def _space(points: float) -> Any:
    from reportlab.platypus import Spacer

    return Spacer(1, points)


def _picture(path: Path, width: float, height: float) -> Any:
    """Return the picture as large as the page allows, as JPEG, which the document holds as it is."""
    import PIL.Image
    from reportlab.platypus import Image

    jpeg = BytesIO()
    with PIL.Image.open(path) as picture:
        picture.convert("RGB").save(jpeg, "JPEG", quality=92, subsampling=0)
        scale = min(width / picture.width, height / picture.height)
        return Image(jpeg, picture.width * scale, picture.height * scale)
