"""The statistics of the expected error, and what they warn of."""

import numpy as np
from expected_error_cases import LEFT_HOLE, errors, pose
from phantoms import OBLIQUE, head

from CraNeXtLib.implant.expected_error import KNOWN_PERCENT, P95_MM, summarize


def test_statistics_and_the_worst_location():
    phantom = head(directions=OBLIQUE, holes=LEFT_HOLE)
    found = summarize(errors(phantom), phantom.implant, pose())
    assert 0.6 < found.mean_mm < 0.9 < found.p95_mm < 1.0
    assert (found.worst.error_mm, found.worst.side, found.known_percent) == (1.0, "left", 100.0)
    points = phantom.implant.to_ras(np.argwhere(phantom.implant.voxels))
    np.testing.assert_allclose(found.worst.position_ras_mm, points[points[:, 1].argmax()], atol=0.06)
    assert found.warnings == ()
    middle = head(holes=(((0.0, 20.0, 70.0), 25.0),))
    one = np.zeros(middle.implant.shape, np.float16)
    one[tuple(np.argwhere(middle.implant.voxels)[middle.implant.voxels.sum() // 2])] = 0.7
    assert summarize(middle.implant.with_voxels(one), middle.implant, pose()).worst.side == "midline"


def test_warns_of_a_large_error_and_of_what_is_not_known():
    phantom = head(holes=LEFT_HOLE)
    unsure = summarize(errors(phantom, front=2 * P95_MM), phantom.implant, pose())
    assert len(unsure.warnings) == 1
    assert f"more than {unsure.p95_mm:.1f} mm" in unsure.warnings[0]
    assert f"on the left ({unsure.worst.region})" in unsure.warnings[0]
    unknown = summarize(errors(phantom, known=KNOWN_PERCENT / 100 - 0.15), phantom.implant, pose())
    assert unknown.warnings[0].startswith(f"{100 - unknown.known_percent:.0f} % of this implant")
    nothing = summarize(errors(phantom, known=0), phantom.implant, pose())
    assert (nothing.known_percent, nothing.mean_mm, nothing.worst) == (0, None, None)
    assert len(nothing.warnings) == 1
