"""The outer surface is what faces out of the head, in any frame."""

import numpy as np
import pytest

from CraNeXtLib.anatomy.categorization.outer_surface import outer_surface
from CraNeXtLib.geometry.volume import Volume


def test_the_outer_surface_of_a_shell_is_its_outside():
    grid = np.indices((64, 64, 64)) - 31.5
    radius = np.sqrt((grid**2).sum(axis=0))
    for affine in (np.diag([2.0, 2, 2, 1]), np.diag([-2.0, 2, 2, 1])):
        centers, areas = outer_surface(Volume((radius < 28) & (radius > 24), affine))
        assert areas.sum() == pytest.approx(4 * np.pi * 56**2, rel=0.04)
        assert np.linalg.norm(centers - centers.mean(axis=0), axis=1).min() > 52
