"""Where the template lies on a skull, however the head was scanned: tilted, cropped, or upside down by its header."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.linalg import polar
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from CraNeXtLib.anatomy.head.alignment import Surface, align_surfaces, bone_surface
from CraNeXtLib.anatomy.head.landmarks import SkullFrame, skull_frame
from CraNeXtLib.anatomy.head.nearest_label_map import nearest_label_map
from CraNeXtLib.anatomy.head.template import load_template
from CraNeXtLib.geometry.affine import apply_affine
from CraNeXtLib.geometry.volume import Volume

SIZES = (1.0, 0.92, 1.08)  # of the template, to start from
FAR_MM = 5.0
BETTER_FLIPPED = 0.85  # a skull that fits this much better the other way round lies wrongly
ODD_FAR_SHARE = 0.2  # of the bone off the template; then other sizes of it are tried
STRETCHES = (0.75, 1.33)  # of the template; 24 SkullFix skulls needed 0.89 to 1.12, parts of a skull 1.5 and more
POOR_FAR_SHARE = 0.4  # SkullFix skulls have up to 0.26
OUTSIDE_MM, OUTSIDE_SHARE = 8.0, 0.02  # of the template's vault beyond the volume
UPRIGHT_DEG = 30.0  # heads turned by less stay as scanned; SkullFix skulls lie up to 25° from the template


@dataclass(frozen=True)
class PoseFit:
    """How well a moved template fits a skull.

    Attributes:
        distance_mm: Mean distance from the skull's surface to the template's, a wrong normal counted in, at most
            20 mm a point; 4 to 5.5 for adult skulls.
        far_fraction: Part of the skull's surface that lies further than 5 mm from the template's; 0.05 to 0.2.
        stretch: Least and largest scale of the template.
    """

    distance_mm: float
    far_fraction: float
    stretch: tuple[float, float]


@dataclass(frozen=True, eq=False)
class HeadPose:
    """How a template is moved onto a skull.

    Attributes:
        template_to_skull: 4×4 matrix from RAS points of the template to RAS points of the skull, in mm.
        template: Labels 1-8 of the regions; the head upright, left and right meet at R = 0.
        fit: How well the template fits.
    """

    template_to_skull: np.ndarray
    template: Volume
    fit: PoseFit

    def to_template(self, points: np.ndarray) -> np.ndarray:
        """Map RAS points of the skull, shape (N, 3), into the template, whose left and right meet at R = 0."""
        return apply_affine(np.linalg.inv(self.template_to_skull), points)

    def label_points(self, points: np.ndarray) -> np.ndarray:
        """Return the region, 1-9, that RAS points of the skull lie in, also where bone is missing."""
        return nearest_label_map(self.template).at(self.to_template(points))

    @property
    def center(self) -> np.ndarray:
        """Middle of the head, in RAS mm of the skull, however much of it was scanned, shape (3,)."""
        middle = self.template.to_ras((np.array([self.template.shape]) - 1) / 2)[0]
        return apply_affine(self.template_to_skull, middle)

    @property
    def rotation_deg(self) -> float:
        """Angle by which the head is turned against the template, about whatever axis, in degrees."""
        return float(np.degrees(Rotation.from_matrix(self._rotation).magnitude()))

    def upright(self, skull: Volume) -> Volume:
        """Return a skull in the template's pose: its voxels as they are, another affine.

        What is found in its voxels needs no way back. A head that lies nearly upright stays as it is.
        """
        if self.rotation_deg < UPRIGHT_DEG:
            return skull
        motion = np.eye(4)
        motion[:3, :3] = self.to_upright
        affine = motion @ skull.affine
        affine[3] = (0, 0, 0, 1)
        return Volume(skull.voxels, affine)

    @property
    def to_upright(self) -> np.ndarray:
        """Rotation of the skull's RAS points into the template's directions, shape (3, 3)."""
        return self._rotation.T

    @property
    def _rotation(self) -> np.ndarray:
        return polar(self.template_to_skull[:3, :3])[0]


@lru_cache(maxsize=1)
def bundled_template() -> Volume:
    """Return the template that comes with the library."""
    return load_template()


def find_pose(skull: Volume, *, template: Volume | None = None, any_way_up: bool = False) -> HeadPose:
    """Find where the template lies on a skull.

    Args:
        skull: Mask of a skull, complete or not; nodded, turned or tilted by up to about 50°.
        template: By default the bundled one.
        any_way_up: Also try the head turned by half a circle about each axis.

    Raises:
        InputError: If the mask holds no bone.
    """
    template = bundled_template() if template is None else template
    moving, surface = bone_surface(template.with_voxels(template.voxels > 0)), bone_surface(skull)
    turn, found = np.eye(4), align_surfaces(moving, surface)
    distance = measure_fit(moving, surface, found.matrix).distance_mm
    for axis in "xyz" if any_way_up else "":
        half = np.eye(4)
        half[:3, :3] = Rotation.from_euler(axis, 180, degrees=True).as_matrix()
        other = align_surfaces(moving, surface.moved(half))
        its_distance = measure_fit(moving, surface.moved(half), other.matrix).distance_mm
        if its_distance < BETTER_FLIPPED * distance:
            turn, found, distance = half, other, its_distance
    matrix = turn @ align_surfaces(moving, surface.moved(turn), kind="affine", start=found).matrix
    fit = measure_fit(moving, surface, matrix)
    if fit.far_fraction > ODD_FAR_SHARE:
        matrix, fit = best_affine(moving, surface.moved(turn))
        matrix = turn @ matrix
    return HeadPose(matrix, template, fit)


def upright_frame(skull: Volume) -> SkullFrame:
    """Find the landmarks of a skull along the head's own directions, however it was nodded in the scanner.

    It takes about two seconds.

    Raises:
        InputError: If the mask holds next to no bone.
    """
    skull_frame(skull)  # refuses an empty mask in words about skulls
    return skull_frame(skull, find_pose(skull).to_upright)


def pose_warnings(pose: HeadPose, skull: Volume) -> list[str]:
    """Return what the template's fit tells against a skull or its volume, as sentences."""
    doubts = []
    if pose.fit.far_fraction > POOR_FAR_SHARE:
        doubts.append(f"{pose.fit.far_fraction:.0%} of the bone lies where no skull has any; check the mask.")
    low, high = pose.fit.stretch
    if low < STRETCHES[0] or high > STRETCHES[1]:
        doubts.append(
            f"The head is {low:.2f} to {high:.2f} times as large as an adult's; check the distances between voxels."
        )
    template = pose.template
    places = np.argwhere(template.voxels[::3, ::3, ::3]) * 3
    vault = template.to_ras(places[places[:, 2] > template.shape[2] / 2])
    indices = skull.to_indices(apply_affine(pose.template_to_skull, vault))
    margin = OUTSIDE_MM / skull.spacing
    outside = ((indices < -margin) | (indices > np.array(skull.shape) - 1 + margin)).any(axis=1).mean()
    if outside > OUTSIDE_SHARE:
        doubts.append(f"{outside:.0%} of the vault lies outside the volume, where no implant can be made.")
    return doubts


def best_affine(template: Surface, skull: Surface) -> tuple[np.ndarray, PoseFit]:
    """Find the affine map from the template to a skull that fits best, from several sizes of the template.

    The paper registers with ANTs; matching surfaces was as accurate on deformed skulls, holds at any tilt and gives the
    same labels on the rotated skull (``Testing/benchmarks/categorization.py``).

    Returns:
        4×4 matrix between RAS points, in mm, and how well it fits.
    """
    found = []
    for size in SIZES:
        scale = np.diag([size, size, size, 1.0])
        matrix = align_surfaces(template.moved(scale), skull, kind="affine").matrix @ scale
        found.append((matrix, measure_fit(template, skull, matrix)))
    return min(found, key=lambda candidate: candidate[1].distance_mm)


def measure_fit(template: Surface, skull: Surface, matrix: np.ndarray) -> PoseFit:
    moved, skull = template.moved(matrix), skull.sample(5_000)
    matches = np.minimum(cKDTree(moved.features()).query(skull.features())[0], 20.0)
    distances = cKDTree(moved.points).query(skull.points)[0]
    stretches = np.linalg.svd(matrix[:3, :3], compute_uv=False)
    return PoseFit(
        float(matches.mean()), float((distances > FAR_MM).mean()), (float(stretches[-1]), float(stretches[0]))
    )
