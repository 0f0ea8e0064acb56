"""The pose of a head: where the template lies on a skull, even one scanned tilted, cropped or upside down."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.linalg import polar
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from CraNeXtLib.anatomy.head.alignment import Alignment, align_surfaces
from CraNeXtLib.anatomy.head.bone_surface import Surface, bone_surface
from CraNeXtLib.anatomy.head.landmarks import SkullFrame, skull_frame
from CraNeXtLib.anatomy.head.nearest_label_map import labels_near
from CraNeXtLib.anatomy.head.template import load_template
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.affine import apply_affine
from CraNeXtLib.geometry.volume import Volume

BETTER_FLIPPED = 0.85
"""A skull is taken as flipped if its distance to the template falls below this fraction when flipped back."""
STRETCHES = (0.75, 1.33)
"""Plausible scales of the template; 24 SkullFix skulls needed 0.89 to 1.12, parts of a skull 1.5 and more."""
_SIZES = (1.0, 0.92, 1.08)  # The affine fit starts from the template at each of these scales.
_FAR_MM = 5.0
_ODD_FAR_FRACTION = 0.2  # If more of the bone is off the template than this, other sizes of it are tried.
# Above this, what is taken for bone spoils the pose. In the upper half of the head, 12 SkullFix skulls have up to 0.17,
# halves, quarters and faces of them up to 0.28, and one with twice its spacing 0.32. With a headrest or specks in the
# mask it is up to 0.34 where the pose is right all the same, and 0.44 to 0.6 where it is not. Shoulders lie below.
_MOST_VAULT_FAR_FRACTION = 0.38
_UPRIGHT_DEG = 30.0  # Heads rotated by less stay as scanned; SkullFix skulls are up to 25° off the template.


@dataclass(frozen=True)
class PoseFit:
    """How well a registered template fits a skull.

    Attributes:
        distance_mm: Mean distance from the skull's surface to the template's, in mm, at most 20 mm per point, with
            differing normals counted as distance; 4 to 5.5 for adult skulls.
        far_fraction: Fraction of the skull's surface further than 5 mm from the template's; 0.05 to 0.2.
        vault_far_fraction: The same of the upper half of the head, where neither neck nor shoulders are; up to 0.25.
        stretch: Smallest and largest scale of the template.
    """

    distance_mm: float
    far_fraction: float
    vault_far_fraction: float
    stretch: tuple[float, float]

    @property
    def is_adult(self) -> bool:
        """Whether the template has a plausible size for an adult's head."""
        return STRETCHES[0] <= self.stretch[0] and self.stretch[1] <= STRETCHES[1]


@dataclass(frozen=True, eq=False)
class HeadPose:
    """The registration of a template to a skull.

    Attributes:
        template_to_skull: 4×4 matrix from RAS points of the template to RAS points of the skull, in mm.
        template: Labels 1-8 of the regions; the head is upright, left and right meet at R = 0.
        fit: How well the template fits.
    """

    template_to_skull: np.ndarray
    template: Volume
    fit: PoseFit

    def to_template(self, points: np.ndarray) -> np.ndarray:
        """Map RAS points of the skull, shape (N, 3), into the template, whose left and right meet at R = 0."""
        return apply_affine(np.linalg.inv(self.template_to_skull), points)

    def label_points(self, points: np.ndarray) -> np.ndarray:
        """Return the region, 1-9, of RAS points of the skull, even where bone is missing; uint8, shape (N,)."""
        return labels_near(self.template, self.to_template(points))

    @property
    def template_center(self) -> np.ndarray:
        """Center of the registered template's box, RAS mm of the skull, shape (3,), however little was scanned.

        :mod:`CraNeXtLib.anatomy.head.landmarks` compares it with the other points in the middle of a head.
        """
        middle = self.template.to_ras((np.array([self.template.shape]) - 1) / 2)[0]
        return apply_affine(self.template_to_skull, middle)

    def mirrored(self, skull: Volume) -> Volume:
        """Return a skull with left and right exchanged: the same voxels, mirrored at the template's R = 0."""
        return _moved(skull, self._mirror)

    def mirrored_points(self, points: np.ndarray) -> np.ndarray:
        """Return RAS points of the skull, shape (N, 3), mirrored at the template's R = 0."""
        return apply_affine(self._mirror, points)

    @property
    def placed_template(self) -> Volume:
        """The template's bone where it lies on the skull, bool."""
        return _moved(self.template.with_voxels(self.template.voxels > 0), self.template_to_skull)

    @property
    def rotation_deg(self) -> float:
        """Angle of the head's rotation relative to the template, about any axis, in degrees."""
        return float(np.degrees(Rotation.from_matrix(self._rotation).magnitude()))

    def upright(self, skull: Volume) -> Volume:
        """Return a skull in the template's orientation, with the same voxels and another affine.

        Since the voxels stay, what is found in them needs no transform back. A nearly upright head is left alone.
        """
        if self.rotation_deg < _UPRIGHT_DEG:
            return skull
        motion = np.eye(4)
        motion[:3, :3] = self.to_upright
        return _moved(skull, motion)

    @property
    def similarity(self) -> Alignment:
        """The pose on the :meth:`upright` skull without its stretch and shear: where any adult's head lies, nearly."""
        turn = np.eye(3) if self.rotation_deg < _UPRIGHT_DEG else self.to_upright
        middle = self.template.to_ras((np.array([self.template.shape]) - 1) / 2)[0]
        matrix = np.eye(4)
        matrix[:3, :3] = np.cbrt(np.linalg.det(self.template_to_skull[:3, :3])) * turn @ self._rotation
        matrix[:3, 3] = turn @ self.template_center - matrix[:3, :3] @ middle
        return Alignment(matrix, self.fit.distance_mm)

    @property
    def to_upright(self) -> np.ndarray:
        """Rotation from the skull's RAS axes to the template's, shape (3, 3)."""
        return self._rotation.T

    @property
    def _mirror(self) -> np.ndarray:
        """Matrix that exchanges left and right, shape (4, 4)."""
        return self.template_to_skull @ np.diag([-1.0, 1, 1, 1]) @ np.linalg.inv(self.template_to_skull)

    @property
    def _rotation(self) -> np.ndarray:
        rotation: np.ndarray = polar(self.template_to_skull[:3, :3])[0]
        return rotation


def _moved(volume: Volume, motion: np.ndarray) -> Volume:
    """Return the same voxels elsewhere; ``motion`` is a 4×4 matrix between RAS points, in mm."""
    affine = motion @ volume.affine
    affine[3] = (0, 0, 0, 1)  # which rounding may have changed
    return Volume(volume.voxels, affine)


@lru_cache(maxsize=1)
def bundled_template() -> Volume:
    """Return the template that comes with the library."""
    return load_template()


@lru_cache(maxsize=1)
def template_surface(template: Volume) -> Surface:
    """Return the bone surface of a template, which is kept for the next skull."""
    return bone_surface(template.with_voxels(template.voxels > 0))


def find_pose(skull: Volume, *, template: Volume | None = None, any_way_up: bool = False) -> HeadPose:
    """Register a template to a skull.

    Args:
        skull: Mask of a skull, complete or not, nodded, turned or tilted by up to about 50°.
        template: By default the bundled one.
        any_way_up: Whether to try the head rotated by 180° about each axis, too.

    Raises:
        InputError: If the mask contains no bone.
    """
    template = bundled_template() if template is None else template
    moving, surface = template_surface(template), bone_surface(skull)
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
    if fit.far_fraction > _ODD_FAR_FRACTION:
        matrix, fit = best_affine(moving, surface.moved(turn))
        matrix = turn @ matrix
    return HeadPose(matrix, template, fit)


def upright_frame(skull: Volume) -> SkullFrame:
    """Find the landmarks of a skull along the head's own axes, however the head was tilted in the scanner.

    It takes about two seconds.

    Raises:
        InputError: If the mask contains almost no bone.
    """
    skull_frame(skull)  # raises the error about skulls for an empty mask
    return skull_frame(skull, find_pose(skull).to_upright)


def is_plausible(pose: HeadPose) -> bool:
    """Return whether the template fits so well that it predicts where bone is missing."""
    return pose.fit.vault_far_fraction <= _MOST_VAULT_FAR_FRACTION and pose.fit.is_adult


def check_pose(pose: HeadPose) -> None:
    """Check that a mask shows a head and not much else.

    Raises:
        InputError: If so much of it lies where no skull has bone that the head was not found.
    """
    odd = pose.fit.vault_far_fraction
    if odd > _MOST_VAULT_FAR_FRACTION:
        raise InputError(
            f"{odd:.0%} of the bone around the brain lies where no skull has bone, so the head cannot be found; remove "
            "what is no bone from the mask, such as a headrest, a table or specks, or keep its largest piece alone."
        )


def best_affine(template: Surface, skull: Surface) -> tuple[np.ndarray, PoseFit]:
    """Return the best affine alignment of a template to a skull, starting from several sizes of the template.

    The paper registers with ANTs. Matching surfaces was as accurate on deformed skulls, works at any tilt and gives a
    rotated skull the same labels (``Testing/benchmarks/categorization.py``).

    Returns:
        4×4 matrix between RAS points, in mm, and how well it fits.
    """
    found = []
    for size in _SIZES:
        scale = np.diag([size, size, size, 1.0])
        matrix = align_surfaces(template.moved(scale), skull, kind="affine").matrix @ scale
        found.append((matrix, measure_fit(template, skull, matrix)))
    return min(found, key=lambda candidate: candidate[1].distance_mm)


def measure_fit(template: Surface, skull: Surface, matrix: np.ndarray) -> PoseFit:
    """Measure how well a template fits a skull.

    Args:
        template: Surface of the template.
        skull: Surface of the skull; 5,000 of its points are measured.
        matrix: 4×4 matrix from RAS points of the template to RAS points of the skull, in mm.
    """
    moved, skull = template.moved(matrix), skull.sample(5_000)
    matches = np.minimum(cKDTree(moved.features()).query(skull.features(), distance_upper_bound=20.0)[0], 20.0)
    far = np.isinf(cKDTree(moved.points).query(skull.points, distance_upper_bound=_FAR_MM)[0])
    middle = (template.points[:, 2].min() + template.points[:, 2].max()) / 2
    vault = far[apply_affine(np.linalg.inv(matrix), skull.points)[:, 2] > middle]
    stretches = np.linalg.svd(matrix[:3, :3], compute_uv=False)
    return PoseFit(
        distance_mm=float(matches.mean()),
        far_fraction=float(far.mean()),
        vault_far_fraction=float(vault.mean()) if vault.size else 0.0,
        stretch=(float(stretches[-1]), float(stretches[0])),
    )
