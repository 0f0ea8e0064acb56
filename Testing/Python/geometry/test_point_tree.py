import numpy as np
from scipy.spatial.distance import cdist

from CraNeXtLib.geometry.point_tree import point_tree


def test_the_nearest_of_many_points_is_found():
    rng = np.random.default_rng(0)
    points, others = rng.normal(size=(500, 3)), np.round(rng.normal(size=(400, 3)), 1)  # some of these share a plane
    distances, which = point_tree(others).query(points)
    np.testing.assert_allclose(distances, cdist(points, others).min(axis=1))
    np.testing.assert_allclose(np.linalg.norm(points - others[which], axis=1), distances)
