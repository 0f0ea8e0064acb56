"""Fit PCA-skull to complete skulls: mean skull, radial maps, principal components."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from scipy import ndimage

from CraNeXtLib.alignment import Alignment, Surface, align_surfaces, bone_surface, shrink
from CraNeXtLib.pca_skull import SAMPLING_MM, PCASkull, observe
from CraNeXtLib.radial_maps import RADIUS_MM, RadialGrid, cast
from CraNeXtLib.shape_prior import Kernel, ShapePrior
from CraNeXtLib.volumes import Volume

ROUNDS = 2
MEAN_SPACING_MM = 2.0
MEAN_BOX_MM = ((-90, 90), (-120, 120), (-130, 90))
# The maps go as far as nearly every skull has bone in about the same place.
LEAST_SHARE = 0.95
LARGEST_DEVIATION_MM = 6.0
OUTLIER_SDS = 4.0
KERNELS = ((Kernel(0.8, 20, 0.5),), (Kernel(0.8, 15, 0.5),))
NOISE_MM = (0.3, 0.4)
REACH_MM = 50.0


def fit(
    skulls: Iterable[Volume],
    template: Volume,
    *,
    components: int = 100,
    grid: RadialGrid | None = None,
    progress: Callable[[float], None] | None = None,
) -> PCASkull:
    """Fit the model.

    Args:
        skulls: Masks or occupancies of complete skulls; kept at about 1 mm, so a generator's worth fits into memory.
        template: Mask of an upright symmetrical skull whose plane of symmetry is R = 0: the first mean.
        components: How many principal components are kept.
        grid: Pixels of the radial maps.
        progress: Told the fraction done.
    """
    grid, progress = grid or RadialGrid(), progress or (lambda _: None)
    occupancies, surfaces, views = [], [], []
    for number, skull in enumerate(skulls):
        occupancies.append(shrink(skull, SAMPLING_MM))
        surfaces.append(bone_surface(occupancies[-1]).sample(20_000))
        views.append(Volume(np.broadcast_to(np.False_, skull.shape), skull.affine))
        progress(0.3 * (1 - 0.98**number))
    mean = _centred(bone_surface(template))
    for turn in range(ROUNDS):
        alignments = [align_surfaces(mean, surface) for surface in surfaces]
        progress(0.3 + 0.2 * (turn + 0.5))
        mean_skull = _mean_skull(occupancies, views, alignments)
        mean = bone_surface(mean_skull).sample(20_000)
        progress(0.3 + 0.2 * (turn + 1))
    disc = np.isfinite(grid.directions[..., 0])
    directions = grid.directions[disc]
    expected = cast(mean_skull, np.zeros(3), directions, np.eye(4))[0]
    shells = []
    for view, occupancy, surface in zip(views, occupancies, surfaces, strict=True):
        shells.append(observe(view, occupancy, align_surfaces(mean, surface), directions, expected))
        progress(0.7 + 0.3 * len(shells) / len(views))
    domain, average, modes = components_of(np.array(shells, np.float32), disc, components)
    places = grid.directions[domain] * average[0][:, None]
    return PCASkull(mean, grid, domain, ShapePrior(average, modes, places, KERNELS, NOISE_MM, REACH_MM))


def components_of(shells: np.ndarray, disc: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the domain of the model, an image, the mean there, (2, P), and the principal components, (K, 2, P).

    Args:
        shells: Outer radius and thickness of N skulls on the whole disc, shape (N, 2, pixels of the disc).
        disc: Bool image of the pixels that the shells are given for; symmetrical.
        count: How many principal components are kept.
    """
    image = np.full(disc.shape, -1)
    image[disc] = np.arange(disc.sum())
    shells = np.concatenate([shells, shells[:, :, image[::-1][disc]]])
    shells[np.broadcast_to(shells[:, 1:] < 1, shells.shape)] = np.nan
    middle = np.nanmedian(shells, axis=0)
    spread = 1.4826 * np.nanmedian(np.abs(shells - middle), axis=0)
    usual = (np.isfinite(shells[:, 1]).mean(axis=0) > LEAST_SHARE) & (spread[0] < LARGEST_DEVIATION_MM)
    domain = np.zeros(disc.shape, bool)
    domain[disc] = usual
    labels, _ = ndimage.label(ndimage.binary_opening(domain, iterations=4))
    domain = ndimage.binary_fill_holes(labels == labels[domain.shape[0] // 2, domain.shape[1] // 2])
    inside = domain[disc]
    shells, middle, spread = shells[..., inside], middle[:, inside], spread[:, inside]
    limit = OUTLIER_SDS * (spread + 0.3)
    mean = np.nanmean(np.clip(shells, middle - limit, middle + limit), axis=0)
    deviations = np.nan_to_num(np.clip(shells - mean, -limit, limit)).reshape(len(shells), -1)
    values, vectors = np.linalg.eigh(deviations @ deviations.T / len(deviations))
    leading = np.argsort(values)[::-1][:count]
    modes = vectors[:, leading].T @ deviations / np.sqrt(len(deviations))
    return domain, mean.astype(np.float32), modes.reshape(-1, *mean.shape).astype(np.float32)


def _centred(surface: Surface) -> Surface:
    """Return the surface with the origin in the middle of the brain case, 80 mm below the vertex."""
    top = np.percentile(surface.points[:, 2], 99.9)
    upper = surface.points[surface.points[:, 2] > top - 100]
    ends = np.percentile(upper[:, 1], (0.5, 99.5))
    return Surface(surface.points - (0, ends.mean(), top - RADIUS_MM), surface.normals)


def _mean_skull(occupancies: list[Volume], views: list[Volume], alignments: list[Alignment]) -> Volume:
    """Return the mean occupancy of skulls and their mirror images; only scans that see a voxel count there."""
    low, high = np.array(MEAN_BOX_MM).T
    affine = np.diag([MEAN_SPACING_MM] * 3 + [1.0])
    affine[:3, 3] = low
    shape = tuple(((high - low) / MEAN_SPACING_MM).astype(int) + 1)
    points = np.indices(shape).reshape(3, -1).T * MEAN_SPACING_MM + low
    total, seen = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    for skull, view, alignment in zip(occupancies, views, alignments, strict=True):
        matrix = np.linalg.inv(skull.affine) @ alignment.matrix @ affine
        total += ndimage.affine_transform(skull.voxels, matrix[:3, :3], matrix[:3, 3], shape, order=1)
        indices = view.to_indices(alignment.apply(points))
        seen += ((indices >= 0) & (indices < view.shape)).all(axis=1).reshape(shape)
    enough = 0.2 * len(occupancies)
    return Volume((total + total[::-1]) / np.maximum(seen + seen[::-1], enough), affine)
