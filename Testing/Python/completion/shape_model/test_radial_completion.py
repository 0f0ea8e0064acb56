"""The defect is found in radial maps, in thin bone too."""

import numpy as np

from CraNeXtLib.completion.shape_model.radial_completion import complete


def test_thin_bone_that_lost_its_outer_table_is_found(completer):
    """A millimeter is a third of it, and less than the tolerance in bone of usual thickness."""
    model = completer.model
    whole = model.prior.mean * np.array([[1.0], [0.55]])
    patch = model.directions @ np.array([0.6, 0, 0.8]) > np.cos(np.deg2rad(30))
    radial_maps = whole - np.where(patch, 0.35 * whole[1], 0)
    assert 1.0 < (whole - radial_maps)[1, patch].mean() < 1.45
    completed, to_fill, *_ = complete(model, radial_maps)
    assert to_fill[patch].mean() > 0.85  # the rest is rim, which is judged as in any other skull
    filled = patch & to_fill
    np.testing.assert_allclose(completed[1, filled].mean(), whole[1, filled].mean(), atol=0.3)
