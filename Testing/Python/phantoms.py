"""Generated heads with a defect, for tests that need a skull without a file."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from CraNeXtLib.datasets.manifest import DatasetCase, write_manifest
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import write_volume


class Head(NamedTuple):
    """A complete skull, the missing part, and the defective skull; Boolean volumes of one geometry."""

    complete: Volume
    implant: Volume
    defective: Volume


OBLIQUE = np.array(
    [
        [0.9362934, -0.2896295, 0.1986693],
        [0.3129918, 0.9447025, -0.0978434],
        [-0.1593451, 0.1537920, 0.9751703],
    ]
)
"""A rotation about all three axes, by about 20 degrees."""


def head(
    *,
    spacing: tuple[float, float, float] = (2.0, 2.0, 2.0),
    directions: np.ndarray | None = None,
    thickness_mm: float = 6.0,
    holes: tuple[tuple[tuple[float, float, float], float], ...] = (((40.0, 20.0, 60.0), 25.0),),
    half_axes_mm: tuple[float, float, float] = (75.0, 95.0, 75.0),
) -> Head:
    """Return an ellipsoid skull, by default 150 × 190 × 150 mm, with round holes.

    Args:
        spacing: Voxel spacing in mm.
        directions: 3×3 matrix whose columns are the directions of the voxel axes in RAS; identity by default. The
            head is upright in RAS regardless.
        thickness_mm: Thickness of the bone.
        holes: Center (RAS in mm, from the center of the head) and radius in mm of each ball that is cut out.
        half_axes_mm: Half axes of the outer surface along R, A and S.
    """
    directions = np.eye(3) if directions is None else directions
    half = np.array(half_axes_mm)
    reach = np.abs(directions).T @ (half + 6)
    shape = np.ceil(2 * reach / np.array(spacing)).astype(int) + 1
    affine = np.eye(4)
    affine[:3, :3] = directions * spacing
    affine[:3, 3] = -affine[:3, :3] @ ((shape - 1) / 2)
    grid = np.ogrid[tuple(slice(size) for size in shape)]
    points = [sum(affine[w, a] * grid[a] for a in range(3)) + affine[w, 3] for w in range(3)]
    points = [axis.astype(np.float32) for axis in points]

    def ball(center, radii) -> np.ndarray:
        return sum(((p - c) / r) ** 2 for p, c, r in zip(points, center, radii, strict=True)) <= 1

    complete = ball((0, 0, 0), half) & ~ball((0, 0, 0), half - thickness_mm)
    lost = np.zeros_like(complete)
    for center, radius in holes:
        lost |= ball(center, [radius] * 3)
    implant = complete & lost
    return Head(*(Volume(mask, affine) for mask in (complete, implant, complete & ~implant)))


def model_output(head: Head, *, error_mm: float = 0.6, seed: int = 0) -> Volume:
    """Simulate a network's output for the head: probabilities whose surface is displaced randomly.

    Args:
        head: The head.
        error_mm: Standard deviation of the displacement.
        seed: Seed of the displacement.
    """
    from scipy import ndimage

    mask, spacing = head.complete.voxels, head.complete.spacing
    blur_mm = 1.0
    probability = ndimage.gaussian_filter(mask.astype(np.float32), blur_mm / spacing)
    noise = np.random.default_rng(seed).standard_normal(mask.shape, dtype=np.float32)
    shift = ndimage.gaussian_filter(noise, 3 / spacing, truncate=2)
    slope = probability * (1 - probability) * 4 / (blur_mm * np.sqrt(2 * np.pi))  # per mm across the surface
    return head.complete.with_voxels(np.clip(probability + error_mm / shift.std() * shift * slope, 0, 1))


def write_data_set(folder: Path) -> Path:
    """Write three defective heads to a folder, two for training and one for validation; return the manifest."""
    cases = []
    for name, side, split in (("a", 40.0, "training"), ("b", -30.0, "training"), ("c", 30.0, "validation")):
        case = head(spacing=(3.0, 3.0, 3.0), thickness_mm=8.0, holes=(((side, 20.0, 60.0), 28.0),))
        paths = {role: folder / f"{name}_{role}.nrrd" for role in ("complete", "implant")}
        for role, path in paths.items():
            write_volume(getattr(case, role), path)
        cases.append(DatasetCase(subject=name, source="heads", split=split, **paths))
    write_manifest(cases, folder / "manifest.csv")
    return folder / "manifest.csv"


def every_second_voxel(volume: Volume) -> Volume:
    """Return a volume at twice its spacing, for tests that would take long on every voxel of a real skull."""
    return Volume(volume.voxels[::2, ::2, ::2], volume.affine @ np.diag([2.0, 2.0, 2.0, 1.0]))
