"""Fit PCA-skull to complete skulls: mean skull, radial maps, principal components.

``python -m CraNeXtLib.training.shape_model.make MANIFEST --out FOLDER`` fits the training cases of a manifest and
writes a model folder with its scores on the validation cases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from CraNeXtLib.anatomy.head.alignment import Alignment, align_surfaces
from CraNeXtLib.anatomy.head.bone_surface import Surface, bone_surface
from CraNeXtLib.anatomy.head.radial_maps import RADIUS_MM, RadialGrid, cast_radial_maps
from CraNeXtLib.completion.shape_model.model import PCASkull
from CraNeXtLib.completion.shape_model.observation import SAMPLING_MM, observe
from CraNeXtLib.completion.shape_model.shape_prior import Kernel, ShapePrior
from CraNeXtLib.geometry.resampling import shrink
from CraNeXtLib.geometry.volume import Volume

ROUNDS = 2
MEAN_SPACING_MM = 2.0
MEAN_BOX_MM = ((-90, 90), (-120, 120), (-130, 90))
SURFACE_POINTS = 20_000
# The maps go as far as nearly every skull that is in view has bone, and in about the same place.
LEAST_SHARE, LEAST_IN_VIEW = 0.95, 0.5
LARGEST_DEVIATION_MM = 6.0
OUTLIER_SDS = 4.0
# Chosen by threefold cross-validation on 71 training skulls, see the model card; little depends on the exact values.
KERNELS = (
    (Kernel(1.0, 25, symmetry=0.5), Kernel(15.0, 150, symmetry=0.95)),
    (Kernel(0.6, 10, symmetry=0.5), Kernel(3.0, 100, symmetry=0.9)),
)
NOISE_MM = (0.3, 0.5)
REACH_MM = 50.0


@dataclass(frozen=True, eq=False)
class _Skull:
    """One skull to fit to: its surface, its occupancy at about 1 mm in 255ths, and its field of view without voxels."""

    surface: Surface
    packed: Volume
    view: Volume

    @classmethod
    def of(cls, skull: Volume) -> _Skull:
        occupancy = shrink(skull, SAMPLING_MM)
        packed = occupancy.with_voxels(np.round(occupancy.voxels * 255).astype(np.uint8))
        view = Volume(np.broadcast_to(np.False_, skull.shape), skull.affine)
        return cls(bone_surface(occupancy).sample(SURFACE_POINTS), packed, view)

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
    """Fit the model.

    Args:
        skulls: Masks of complete skulls; one is in memory at a time, so it may be a generator.
        template: Mask of an upright symmetrical skull whose plane of symmetry is R = 0: the first mean.
        components: How many principal components are kept.
        grid: Pixels of the radial maps.
        progress: Told what is being done.
    """
    grid, progress = grid or RadialGrid(), progress or (lambda _: None)
    kept = []
    for skull in skulls:
        kept.append(_Skull.of(skull))
        progress(f"read {len(kept)} skulls")
    mean = _centred(bone_surface(template))
    alignments = [None] * len(kept)
    for turn in range(ROUNDS):
        progress(f"mean skull, round {turn + 1} of {ROUNDS}")
        alignments = [align_surfaces(mean, s.surface, start=a) for s, a in zip(kept, alignments, strict=True)]
        mean_skull = _mean_skull(kept, alignments)
        mean = bone_surface(mean_skull).sample(SURFACE_POINTS)
    alignments = [align_surfaces(mean, s.surface, start=a) for s, a in zip(kept, alignments, strict=True)]
    disc = np.isfinite(grid.directions[..., 0])
    directions = grid.directions[disc]
    expected = cast_radial_maps(mean_skull, np.zeros(3), directions, np.eye(4))[0]
    shells = []
    for skull, alignment in zip(kept, alignments, strict=True):
        progress(f"radial maps of skull {len(shells) + 1} of {len(kept)}")
        shells.append(observe(skull.view, skull.occupancy, alignment, directions, expected))
    domain, average, modes = components_of(np.array(shells, np.float32), disc, components)
    places = grid.directions[domain] * average[0][:, None]
    return PCASkull(mean, grid, domain, ShapePrior(average, modes, places, KERNELS, NOISE_MM, REACH_MM))


def components_of(shells: np.ndarray, disc: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the domain of the model, an image, the mean there, (2, P), and the principal components, (K, 2, P).

    Skulls and their mirror images count alike. Outliers are pulled in: a strap on the forehead, a motion band.

    Args:
        shells: Outer radius and thickness of N skulls on the whole disc, shape (N, 2, pixels of the disc).
        disc: Bool image of the pixels that the shells are given for; symmetrical.
        count: How many principal components are kept, each times its standard deviation.
    """
    image = np.full(disc.shape, -1)
    image[disc] = np.arange(disc.sum())
    shells = np.concatenate([shells, shells[:, :, image[::-1][disc]]])
    in_view, bone = np.isfinite(shells[:, 1]).sum(axis=0), (shells[:, 1] >= 1).sum(axis=0)
    shells[np.broadcast_to(~(shells[:, 1:] >= 1), shells.shape)] = np.nan
    inside = np.flatnonzero((in_view > LEAST_IN_VIEW * len(shells)) & (bone > LEAST_SHARE * in_view))
    shells = shells[:, :, inside]
    middle = np.nanmedian(shells, axis=0)
    spread = 1.4826 * np.nanmedian(np.abs(shells - middle), axis=0)
    domain = np.zeros(disc.shape, bool)
    domain.flat[np.flatnonzero(disc)[inside]] = spread[0] < LARGEST_DEVIATION_MM
    labels, _ = ndimage.label(ndimage.binary_opening(domain, iterations=4))
    domain &= labels == labels[domain.shape[0] // 2, domain.shape[1] // 2]
    chosen = domain[disc][inside]
    shells, middle, spread = shells[..., chosen], middle[:, chosen], spread[:, chosen]
    limit = OUTLIER_SDS * (spread + 0.3)
    mean = np.nanmean(np.clip(shells, middle - limit, middle + limit), axis=0)
    deviations = np.nan_to_num(np.clip(shells - mean, -limit, limit)).reshape(len(shells), -1)
    # Fewer skulls than pixels: the components follow from the skulls' products (Sirovich 1987).
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


def _mean_skull(skulls: list[_Skull], alignments: list[Alignment]) -> Volume:
    """Return the mean occupancy of skulls and their mirror images; only scans that see a voxel count there."""
    low, high = np.array(MEAN_BOX_MM).T
    affine = np.diag([MEAN_SPACING_MM] * 3 + [1.0])
    affine[:3, 3] = low
    shape = tuple(((high - low) / MEAN_SPACING_MM).astype(int) + 1)
    points = np.indices(shape).reshape(3, -1).T * MEAN_SPACING_MM + low
    total, seen = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    for skull, alignment in zip(skulls, alignments, strict=True):
        occupancy = skull.occupancy
        matrix = np.linalg.inv(occupancy.affine) @ alignment.matrix @ affine
        total += ndimage.affine_transform(occupancy.voxels, matrix[:3, :3], matrix[:3, 3], shape, order=1)
        indices = skull.view.to_indices(alignment.apply(points))
        seen += ((indices >= 0) & (indices < skull.view.shape)).all(axis=1).reshape(shape)
    return Volume((total + total[::-1]) / np.maximum(seen + seen[::-1], 0.2 * len(skulls)), affine)
