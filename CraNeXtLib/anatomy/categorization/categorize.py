"""Skull categorization: the eight regions on every voxel of a skull (paper, section III.C)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from CraNeXtLib.anatomy.head.alignment import Surface, align_surfaces, bone_surface
from CraNeXtLib.anatomy.head.nearest_label_map import REACH_MM, nearest_label_map
from CraNeXtLib.anatomy.head.orientation import orientation_warnings
from CraNeXtLib.anatomy.head.pose import (
    BETTER_FLIPPED,
    STRETCHES,
    HeadPose,
    PoseFit,
    best_affine,
    bundled_template,
    measure_fit,
)
from CraNeXtLib.anatomy.head.regions import ALL_REGIONS
from CraNeXtLib.anatomy.head.skull_mask import skull_mask
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.progress import ProgressCallback, Stages
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.mesh import Mesh, face_centers, face_normals
from CraNeXtLib.geometry.resampling import shrink
from CraNeXtLib.geometry.volume import Volume

METHODS = ("default", "official")
STAGE_SHARES = {"Registering the template": 0.7, "Mapping the regions": 0.2, "Measuring the regions": 0.1}
POOR_FAR_SHARE = 0.25  # 24 SkullFix skulls had 0.01 to 0.16
NO_FAR_SHARE = 0.45
UNDEFINED_SHARE = 0.01
OUTER_ANGLE = 0.5  # cosine between a face's normal and the way out of the head


@dataclass(frozen=True)
class RegionShare:
    """One row of the table.

    Attributes:
        label: 1-9.
        name: Of the region.
        voxels: How many of the skull's voxels.
        volume_ml: Bone, in mL.
        percent: Of the skull's bone.
        area_cm2: Of the surface that looks outwards, in cm².
    """

    label: int
    name: str
    voxels: int
    volume_ml: float
    percent: float
    area_cm2: float


@dataclass(frozen=True, eq=False)
class Categorization:
    """The regions of one skull.

    Attributes:
        labels: 0 outside bone, 1-8, 9 undefined; uint8, of the skull's geometry.
        table: One row per region, in the order of the labels, undefined last.
        pose: How the template was registered to the skull.
        method: ``"default"`` or ``"official"``.
        warnings: What to know before trusting the result, as sentences.
    """

    labels: Volume
    table: tuple[RegionShare, ...]
    pose: HeadPose
    method: str
    warnings: tuple[str, ...]


def categorize(
    skull: Volume,
    *,
    method: Literal["default", "official"] = "default",
    template: Volume | None = None,
    progress: ProgressCallback | None = None,
) -> Categorization:
    """Divide a skull into the eight regions of a template.

    The template is moved onto the skull by an affine map, and each voxel of bone takes the region nearest to it.
    ``"official"`` follows the published code instead, see :mod:`CraNeXtLib.anatomy.categorization.official`.

    Args:
        skull: Mask of a skull, complete or not.
        method: ``"default"`` or ``"official"``.
        template: Labels 1-8, as ``build_template`` makes them; by default the bundled one.
        progress: Told the stage and the fraction of the whole; may raise CancelledError to stop.

    Raises:
        InputError: If the mask cannot be used, is no skull or lies wrongly in its volume.
    """
    if method not in METHODS:
        raise InputError(f"There is no method '{method}'; choose one of: {', '.join(METHODS)}.")
    skull = skull_mask(skull)
    template = bundled_template() if template is None else template
    stages = Stages(STAGE_SHARES, progress)
    with stages.stage("Registering the template"):
        surface = bone_surface(skull)
        moving = bone_surface(template.with_voxels(template.voxels > 0))
        matrix, fit = best_affine(moving, surface)
        warnings = _check_fit(skull, surface, moving, fit)
        if method == "official":
            from CraNeXtLib.anatomy.categorization.official import ants_affine

            matrix = ants_affine(template, skull)
            fit = measure_fit(moving, surface, matrix)
    with stages.stage("Mapping the regions"):
        labels = np.zeros(skull.shape, np.uint8, order="F" if skull.voxels.flags.f_contiguous else "C")
        box = foreground_box(skull.voxels)
        if method == "official":
            from CraNeXtLib.anatomy.categorization.official import official_labels_on

            labels[box] = official_labels_on(skull.crop(box), template, matrix)
        else:
            labels[box] = nearest_label_map(template).of_mask(skull.crop(box), np.linalg.inv(matrix))
    with stages.stage("Measuring the regions"):
        table = measure_regions(skull.with_voxels(labels))
    undefined = table[-1].percent / 100
    if method == "default" and undefined > UNDEFINED_SHARE:
        warnings.append(f"{undefined:.1%} of the bone lies further than {REACH_MM:g} mm from every region.")
    pose = HeadPose(matrix, template, fit)
    return Categorization(skull.with_voxels(labels), table, pose, method, tuple(warnings))


def measure_regions(labels: Volume) -> tuple[RegionShare, ...]:
    """Measure the bone and the outer surface of every region of a label map (0-9)."""
    labels = labels.crop(foreground_box(labels.voxels))
    counts = np.bincount(labels.voxels.ravel("K"), minlength=len(ALL_REGIONS) + 1)
    bone = counts[1:].sum()
    places, areas = outer_surface(labels.with_voxels(labels.voxels > 0))
    of_face = _nearest_labels(labels, places)
    rows = []
    for region in ALL_REGIONS:
        voxels = int(counts[region.label])
        rows.append(
            RegionShare(
                label=region.label,
                name=region.name,
                voxels=voxels,
                volume_ml=round(voxels * labels.voxel_volume_mm3 / 1000, 3),
                percent=round(100 * voxels / bone, 3),
                area_cm2=round(float(areas[of_face == region.label].sum()) / 100, 2),
            )
        )
    return tuple(rows)


def outer_surface(
    mask: Volume, *, center: np.ndarray | None = None, spacing_mm: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Return the part of a mask's surface that looks away from the middle of the head, by less than 60°.

    Args:
        mask: Of type bool; reduced to about ``spacing_mm`` and smoothed by a voxel, since stairs have too much area.
        center: Of the head, RAS mm; by default the middle of the mask's box.

    Returns:
        Middles of the faces in RAS mm, shape (N, 3), and their areas in mm², shape (N,).
    """
    from skimage.measure import marching_cubes

    reduced = shrink(mask, spacing_mm)
    values = ndimage.gaussian_filter(np.pad(reduced.voxels, 2), 0.7)
    if values.max() <= 0.5:
        return np.zeros((0, 3)), np.zeros(0)
    vertices, faces, _, _ = marching_cubes(values, 0.5)
    mesh = Mesh(reduced.to_ras(vertices - 2), faces)
    normals = face_normals(mesh)
    normals *= -np.sign(np.linalg.det(reduced.affine[:3, :3]))
    doubled = np.linalg.norm(normals, axis=1)
    places = face_centers(mesh)
    center = reduced.to_ras((np.array([reduced.shape]) - 1) / 2)[0] if center is None else center
    out = places - center
    outer = (normals * out).sum(axis=1) > OUTER_ANGLE * doubled * np.linalg.norm(out, axis=1)
    return places[outer], doubled[outer] / 2


def _check_fit(skull: Volume, surface: Surface, template: Surface, fit: PoseFit) -> list[str]:
    """Return warnings about the registration, or refuse what cannot be a skull that lies as its file says."""
    doubts = orientation_warnings(skull)
    if doubts:
        best = np.inf
        for signs in ((-1, 1), (1, -1), (-1, -1)):
            flipped = surface.moved(np.diag([1.0, *signs, 1]))
            matrix = align_surfaces(template, flipped, kind="affine").matrix
            best = min(best, measure_fit(template, flipped, matrix).distance_mm)
        if best < BETTER_FLIPPED * fit.distance_mm:
            raise InputError(f"The template does not fit this mask as its file says it lies. {doubts[0]}")
    if fit.far_fraction > NO_FAR_SHARE or fit.stretch[0] < STRETCHES[0] or fit.stretch[1] > STRETCHES[1]:
        raise InputError("The template does not fit this mask; check that it holds a whole skull and nothing else.")
    if fit.far_fraction > POOR_FAR_SHARE:
        doubts.append(f"The template fits poorly ({fit.far_fraction:.0%} of the bone is off); look at the borders.")
    return doubts


def _nearest_labels(labels: Volume, points: np.ndarray) -> np.ndarray:
    """Return the label of the bone nearest to each point, among the voxels around it."""
    steps = np.maximum(1, np.floor(2.0 / labels.spacing)).astype(int)
    places = np.argwhere(labels.voxels[tuple(slice(None, None, s) for s in steps)]) * steps
    _, nearest = cKDTree(labels.to_ras(places)).query(points, workers=1)
    return labels.voxels[tuple(places[nearest].T)]
