"""A stroke from the few positions at which the mouse was seen."""

import numpy as np

from CraNeXtLib.slicer_ui.browser_app.ball_brush import along


def test_a_stroke_has_no_gaps_and_keeps_its_positions():
    seen = np.array([[0.0, 0, 0], [4, 3, 0], [4, 3, 0], [4, 3, -1]])
    line = along(seen, 1.0)
    assert np.linalg.norm(np.diff(line, axis=0), axis=1).max() <= 1.0 + 1e-9
    assert all((np.linalg.norm(line - position, axis=1) < 1e-9).any() for position in seen)
    assert np.array_equal(along(seen[:1], 1.0), seen[:1])
