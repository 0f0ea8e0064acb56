"""Filters on maps of a radial view: arrays of shape (U, V) with one cell per ray, ``CELL_MM`` apart."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from CraNeXtLib.anatomy.head.radial_view import CELL_MM, RadialView

_SLOPE_CELLS = 3  # standard deviation of the smoothing before slopes are taken


def cosines(view: RadialView, radii: np.ndarray) -> np.ndarray:
    """Return the cosines between the rays and the normals of a surface.

    Args:
        view: The view.
        radii: Distance of the surface from the center in mm, finite everywhere; smoothed over a few cells first.
    """
    smooth = ndimage.gaussian_filter(radii, _SLOPE_CELLS)
    across = np.hypot(*np.gradient(smooth)) / (view.cell * smooth)
    return 1 / np.hypot(1, across)


def filled(values: np.ndarray) -> np.ndarray:
    """Return a map whose NaN cells take the nearest cell's value; zeros if all cells are NaN."""
    if np.isnan(values).all():
        return np.zeros_like(values)
    nearest = ndimage.distance_transform_edt(np.isnan(values), return_distances=False, return_indices=True)
    return values[tuple(nearest)]


def local_median(values: np.ndarray, region: np.ndarray, radius_mm: float) -> np.ndarray:
    """Return the median of the values of a region around each of its cells; NaN outside the region."""
    inside = np.where(region, values, np.nan)
    return np.where(region, ndimage.median_filter(filled(inside), footprint=disk(radius_mm)), np.nan)


def disk(radius_mm: float) -> np.ndarray:
    """Return a disk as a footprint of filters, bool of shape (2 N + 1, 2 N + 1)."""
    n = round(radius_mm / CELL_MM)
    x, y = np.ogrid[-n : n + 1, -n : n + 1]
    return np.hypot(x, y) <= n + 0.5


def grown(region: np.ndarray, by_mm: float) -> np.ndarray:
    """Return a region with all cells that lie within a distance of it."""
    return ndimage.distance_transform_edt(~region) <= by_mm / CELL_MM if region.any() else region


def shrunk(region: np.ndarray, by_mm: float) -> np.ndarray:
    """Return a region without the cells that lie within a distance of its border."""
    return ndimage.distance_transform_edt(np.pad(region, 1))[1:-1, 1:-1] > by_mm / CELL_MM
