"""Fitting PCA-skull to complete skulls: mean skull, radial maps, and principal components."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from CraNeXtLib.anatomy.head.alignment import Alignment, align_surfaces
from CraNeXtLib.anatomy.head.bone_surface import Surface, bone_surface
from CraNeXtLib.anatomy.head.radial_maps import RADIUS_MM, RadialGrid, cast_radial_maps
from CraNeXtLib.completion.shape_model.model import PCASkull
from CraNeXtLib.completion.shape_model.observation import MIN_BONE_MM, SAMPLING_MM, observe
from CraNeXtLib.completion.shape_model.shape_prior import Kernel, ShapePrior
from CraNeXtLib.geometry.resampling import shrink
from CraNeXtLib.geometry.volume import Volume

# The mean skull: how often the skulls are averaged and aligned to it, its box and spacing, the points of its surface.
_ROUNDS = 2
_MEAN_BOX_MM = ((-90, 90), (-120, 120), (-130, 90))
_MEAN_SPACING_MM = 2.0
_SURFACE_POINTS = 20_000
# The model covers pixels that at least this fraction of the skulls has in view, where at least this fraction of those
# has bone, and where the robust standard deviation of the outer radius is below this.
_MIN_IN_VIEW, _MIN_BONE, _MAX_DEVIATION_MM = 0.5, 0.95, 6.0
# Values further from the median than so many robust standard deviations are clipped.
_OUTLIER_SDS = 4.0
_MIN_STD_MM = 0.3
"""Added to the standard deviations, so that little is clipped where all skulls agree."""

# Chosen by threefold cross-validation on 71 training skulls, see Docs/decisions/001-shape-prior.md; little depends on
# the exact values.
_KERNELS = (
    (Kernel(1.0, 25, symmetry=0.5), Kernel(15.0, 150, symmetry=0.95)),
    (Kernel(0.6, 10, symmetry=0.5), Kernel(3.0, 100, symmetry=0.9)),
)
_NOISE_MM = (0.3, 0.5)
_REACH_MM = 50.0


@dataclass(frozen=True, eq=False)
class _Skull:
    """One skull to fit to.

    Args:
        surface: Points of its bone surface.
        packed: Its occupancy at about 1 mm in 255ths, uint8, to save memory.
        view: Its field of view; the voxels take no memory.
    """

    surface: Surface
    packed: Volume
    view: Volume

    @classmethod
    def of(cls, skull: Volume) -> _Skull:
        occupancy = shrink(skull, SAMPLING_MM)
        packed = occupancy.with_voxels(np.round(occupancy.voxels * 255).astype(np.uint8))
        view = Volume(np.broadcast_to(np.False_, skull.shape), skull.affine)
        return cls(bone_surface(occupancy).sample(_SURFACE_POINTS), packed, view)

    @property
    def occupancy(self) -> Volume:
        return self.packed.with_voxels(self.packed.voxels / np.float32(255))


def fit(
    skulls: Iterable[Volume],
    template: Volume,
    *,
    components: int = 100,
    grid: RadialGrid | None = None,
    progress: Callable[[str], None] | None = None,
) -> PCASkull:
    """Fit a shape model.

    Args:
        skulls: Masks of complete skulls. Only one is in memory at a time, so this may be a generator.
        template: Mask of an upright, symmetrical skull with R = 0 as its plane of symmetry: the first mean.
        components: Number of principal components to keep.
        grid: Pixels of the radial maps.
        progress: Called with the current step in words.
    """
    grid, progress = grid or RadialGrid(), progress or (lambda _: None)
    kept: list[_Skull] = []
    for mask in skulls:
        kept.append(_Skull.of(mask))
        progress(f"read {len(kept)} skulls")
    mean, mean_skull = _centered(bone_surface(template)), template
    alignments = [align_surfaces(mean, skull.surface) for skull in kept]
    for number in range(1, _ROUNDS + 1):
        progress(f"mean skull, round {number} of {_ROUNDS}")
        mean_skull = _mean_skull(kept, alignments)
        mean = bone_surface(mean_skull).sample(_SURFACE_POINTS)
        alignments = [align_surfaces(mean, s.surface, start=a) for s, a in zip(kept, alignments, strict=True)]
    disc = np.isfinite(grid.directions[..., 0])
    directions = grid.directions[disc]
    expected = cast_radial_maps(mean_skull, np.zeros(3), directions, np.eye(4))[0]
    radial_maps: list[np.ndarray] = []
    for skull, alignment in zip(kept, alignments, strict=True):
        progress(f"radial maps of skull {len(radial_maps) + 1} of {len(kept)}")
        radial_maps.append(observe(skull.view, skull.occupancy, alignment, directions, expected))
    domain, average, modes = components_of(np.array(radial_maps, np.float32), disc, components)
    positions = grid.directions[domain] * average[0][:, None]
    return PCASkull(mean, grid, domain, ShapePrior(average, modes, positions, _KERNELS, _NOISE_MM, _REACH_MM))


def components_of(radial_maps: np.ndarray, disc: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mean and principal components of radial maps, where enough skulls have bone.

    Skulls and their mirror images count equally. Outliers, such as a strap on the forehead or a motion artifact, are
    clipped.

    Args:
        radial_maps: Outer radius and thickness of N skulls, shape (N, 2, pixels of the disc), in mm.
        disc: The pixels that they are given for, bool image; symmetrical.
        count: Number of principal components to keep.

    Returns:
        The P pixels of the model, bool image; the mean, shape (2, P); and the principal components times their
        standard deviations, shape (K, 2, P).
    """
    image = np.full(disc.shape, -1)
    image[disc] = np.arange(disc.sum())
    radial_maps = np.concatenate([radial_maps, radial_maps[:, :, image[::-1][disc]]])
    in_view, bone = np.isfinite(radial_maps[:, 1]).sum(axis=0), (radial_maps[:, 1] >= MIN_BONE_MM).sum(axis=0)
    radial_maps[np.broadcast_to(~(radial_maps[:, 1:] >= MIN_BONE_MM), radial_maps.shape)] = np.nan
    inside = np.flatnonzero((in_view > _MIN_IN_VIEW * len(radial_maps)) & (bone > _MIN_BONE * in_view))
    radial_maps = radial_maps[:, :, inside]
    median = np.nanmedian(radial_maps, axis=0)
    robust_std = 1.4826 * np.nanmedian(np.abs(radial_maps - median), axis=0)
    domain = np.zeros(disc.shape, bool)
    domain.flat[np.flatnonzero(disc)[inside]] = robust_std[0] < _MAX_DEVIATION_MM
    labels, _ = ndimage.label(ndimage.binary_opening(domain, iterations=4))
    domain &= labels == labels[tuple(size // 2 for size in disc.shape)]  # the component around the vertex
    chosen = domain[disc][inside]
    radial_maps, median, robust_std = radial_maps[..., chosen], median[:, chosen], robust_std[:, chosen]
    limit = _OUTLIER_SDS * (robust_std + _MIN_STD_MM)
    mean = np.nanmean(np.clip(radial_maps, median - limit, median + limit), axis=0)
    deviations = np.nan_to_num(np.clip(radial_maps - mean, -limit, limit)).reshape(len(radial_maps), -1)
    # Fewer skulls than pixels: the components follow from the skulls' products (Sirovich 1987).
    values, vectors = np.linalg.eigh(deviations @ deviations.T / len(deviations))
    leading = np.argsort(values)[::-1][:count]
    modes = vectors[:, leading].T @ deviations / np.sqrt(len(deviations))
    return domain, mean.astype(np.float32), modes.reshape(-1, *mean.shape).astype(np.float32)


def _centered(surface: Surface) -> Surface:
    """Return the surface with the origin in the middle of the brain case, 80 mm below the vertex."""
    top = np.percentile(surface.points[:, 2], 99.9)
    upper = surface.points[surface.points[:, 2] > top - 100]
    ends = np.percentile(upper[:, 1], (0.5, 99.5))
    return Surface(surface.points - (0, ends.mean(), top - RADIUS_MM), surface.normals)


def _mean_skull(skulls: list[_Skull], alignments: list[Alignment]) -> Volume:
    """Return the mean occupancy of skulls and mirror images, in each voxel over the scans that have it in view."""
    low, high = np.array(_MEAN_BOX_MM).T
    affine = np.diag([_MEAN_SPACING_MM] * 3 + [1.0])
    affine[:3, 3] = low
    shape = tuple(((high - low) / _MEAN_SPACING_MM).astype(int) + 1)
    points = np.indices(shape).reshape(3, -1).T * _MEAN_SPACING_MM + low
    total, seen = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    for skull, alignment in zip(skulls, alignments, strict=True):
        occupancy = skull.occupancy
        matrix = np.linalg.inv(occupancy.affine) @ alignment.matrix @ affine
        total += ndimage.affine_transform(occupancy.voxels, matrix[:3, :3], matrix[:3, 3], shape, order=1)
        indices = skull.view.to_indices(alignment.apply(points))
        seen += ((indices >= 0) & (indices < skull.view.shape)).all(axis=1).reshape(shape)
    return Volume((total + total[::-1]) / np.maximum(seen + seen[::-1], 0.2 * len(skulls)), affine)
