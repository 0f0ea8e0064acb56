"""A closed outline at its true size as a drawing: SVG to print, DXF to cut.

The DXF file is of release 12, which any program reads: a polyline, a line and texts need no library; the best one,
ezdxf, is 57 MB with what it needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

import numpy as np

_MARGIN_MM, _RULER_MM, _LINE_MM, _TEXT_MM = 10.0, 50.0, 6.0, 4.0


def svg_outline(outline: np.ndarray, notes: Sequence[str]) -> str:
    """Return a closed outline at its true size as SVG, with a ruler and lines of text below it.

    Args:
        outline: Corners in mm, x to the right and y up, shape (N, 2).
        notes: The lines of text.
    """
    low, high = outline.min(axis=0), outline.max(axis=0)
    below = (2 + len(notes)) * _LINE_MM
    width, height = max(float(high[0] - low[0]), 3 * _RULER_MM) + 2 * _MARGIN_MM, float(high[1] - low[1])
    points = np.column_stack([outline[:, 0] - low[0], high[1] - outline[:, 1]]) + _MARGIN_MM
    path = "M" + " L".join(f"{x:.3f},{y:.3f}" for x, y in points) + " Z"
    ruler = height + 2 * _MARGIN_MM
    style = 'fill="none" stroke="black" stroke-width="0.2"'
    size = f'font-size="{_TEXT_MM:g}"'
    text = "".join(
        f'<text x="{_MARGIN_MM}" y="{ruler + (1 + number) * _LINE_MM:.3f}" {size}>{escape(note)}</text>'
        for number, note in enumerate(notes, 1)
    )
    full = height + 2 * _MARGIN_MM + below
    length = f'<text x="{_MARGIN_MM + _RULER_MM + 2}" y="{ruler + 1:.3f}" {size}>{_RULER_MM:g} mm</text>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.3f}mm" height="{full:.3f}mm" '
        f'viewBox="0 0 {width:.3f} {full:.3f}"><path id="outline" d="{path}" {style}/>'
        f'<path id="ruler" d="M{_MARGIN_MM},{ruler:.3f} h{_RULER_MM}" {style}/>'
        f"{length}{text}</svg>\n"
    )


def dxf_outline(outline: np.ndarray, notes: Sequence[str]) -> str:
    """Return a closed outline at its true size as DXF, with a ruler and lines of text below it, each on its own layer.

    Release 12 has no unit: the text says that it is millimeters.

    Args:
        outline: Corners in mm, x to the right and y up, shape (N, 2).
        notes: The lines of text, in which characters beyond ASCII become question marks.
    """
    low, high = outline.min(axis=0), outline.max(axis=0)
    points = outline - low
    ruler = -_MARGIN_MM
    lines = [f"{_RULER_MM:g} mm, as all lengths", *notes]
    texts = [(0.0, ruler - (1 + number) * _LINE_MM, line) for number, line in enumerate(lines)]
    lowest, (width, height) = texts[-1][1], (high - low).tolist()
    groups: list[tuple[int, object]] = [
        (0, "SECTION"), (2, "HEADER"), (9, "$ACADVER"), (1, "AC1009"),
        (9, "$EXTMIN"), (10, 0.0), (20, lowest), (30, 0.0),
        (9, "$EXTMAX"), (10, max(width, _RULER_MM)), (20, height), (30, 0.0),
        (0, "ENDSEC"), (0, "SECTION"), (2, "ENTITIES"),
        (0, "POLYLINE"), (8, "OUTLINE"), (66, 1), (70, 1), (10, 0.0), (20, 0.0), (30, 0.0),
    ]  # fmt: skip
    for x, y in points.tolist():
        groups += [(0, "VERTEX"), (8, "OUTLINE"), (10, x), (20, y), (30, 0.0)]
    groups += [(0, "SEQEND"), (8, "OUTLINE")]
    groups += [(0, "LINE"), (8, "RULER"), (10, 0.0), (20, ruler), (30, 0.0), (11, _RULER_MM), (21, ruler), (31, 0.0)]
    for x, y, line in texts:
        plain = line.encode("ascii", "replace").decode()
        groups += [(0, "TEXT"), (8, "NOTES"), (10, x), (20, y), (30, 0.0), (40, _TEXT_MM), (1, plain)]
    groups += [(0, "ENDSEC"), (0, "EOF")]
    return "".join(
        f"{code:3d}\n{value:.6f}\n" if isinstance(value, float) else f"{code:3d}\n{value}\n" for code, value in groups
    )
