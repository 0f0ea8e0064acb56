"""The outline of a sheet at its true size, seen from outside."""

import re
from xml.etree import ElementTree as ET

import numpy as np

from CraNeXtLib.cases.onlay_files import svg_outline


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
