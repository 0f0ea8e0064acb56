"""Outlines at their true size, not mirrored."""

import re
from xml.etree import ElementTree as ET

import numpy as np

from CraNeXtLib.cases.outlines import dxf_outline, svg_outline


def test_the_outline_has_its_size_in_millimeters_and_is_not_mirrored():
    outline = np.array([[10.0, 5], [40, 5], [40, 25], [10, 45]])
    notes = ["Case <7>", "For research use, not for clinical decisions."]
    page = ET.fromstring(svg_outline(outline, notes))
    width, height = (float(page.get(side).removesuffix("mm")) for side in ("width", "height"))
    assert [float(number) for number in page.get("viewBox").split()] == [0, 0, width, height]  # 1:1
    paths = {element.get("id"): element.get("d") for element in page if element.tag.endswith("path")}
    drawn = np.array([[float(n) for n in pair.split(",")] for pair in re.findall(r"[\d.]+,[\d.]+", paths["outline"])])
    up = drawn * (1, -1)
    np.testing.assert_allclose(up - up[0], outline - outline[0], atol=1e-3)
    assert paths["outline"].endswith("Z")
    assert paths["ruler"].endswith("h50.0")
    assert [element.text for element in page if element.tag.endswith("text")] == ["50 mm", *notes]
    assert (drawn.max(axis=0) < (width, height)).all()


def entities_of(text):
    """The entities of a DXF file as lists of (code, value), by a reader that knows only what any DXF file is."""
    lines = text.splitlines()
    pairs = [(int(code), value) for code, value in zip(lines[::2], lines[1::2], strict=True)]
    start = pairs.index((2, "ENTITIES")) + 1
    entities = []
    for code, value in pairs[start:]:
        if code == 0:
            entities.append([])
        entities[-1].append((code, value))
    return [dict(entity) for entity in entities]


def test_the_dxf_outline_has_its_size_and_closes():
    outline = np.array([[10.0, 5], [40, 5], [40, 25], [10, 45]])
    notes = ["Case \u00fc7.", "For research use, not for clinical decisions."]
    text = dxf_outline(outline, notes)
    assert text.isascii()
    assert text.endswith("  0\nEOF\n")
    entities = entities_of(text)
    assert [entity[0] for entity in entities] == [
        "POLYLINE", *["VERTEX"] * 4, "SEQEND", "LINE", *["TEXT"] * 3, "ENDSEC", "EOF",
    ]  # fmt: skip
    assert entities[0][70] == "1"
    corners = np.array([[float(vertex[10]), float(vertex[20])] for vertex in entities[1:5]])
    np.testing.assert_allclose(corners, outline - outline.min(axis=0), atol=1e-6)
    ruler = entities[6]
    assert float(ruler[11]) - float(ruler[10]) == 50
    assert [entity[1] for entity in entities[7:10]] == ["50 mm, as all lengths", "Case ?7.", notes[1]]
    assert max(float(entity[20]) for entity in entities[6:10]) < 0
