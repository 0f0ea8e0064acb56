"""Synthetic defects on complete skulls: the kinds of SkullBreak and SkullFix, and clinical hard cases.

A defect is described in millimetres along the head's own directions, for heads are nodded in the scanner by up to 30°.
It is evaluated only at the bone around it, so that one seed gives the same defect on a coarse and on a fine grid of a
skull, in any orientation.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.head.head_pose import upright_frame
from CraNeXtLib.head.skull_frame import BASE_DEPTH, SkullFrame, skull_frame

MINIMUM_ML = 2.0
ATTEMPTS = 20
WAVES = 8
WAVE_LIMIT_MM = 4.0
SECONDARY = 7  # most spheres that widen the primary one
BEND_MM = 4.0  # radius that rounds the notches between two spheres, as bone remodels
BIN_MM = 4.0  # of the map that tells outer from inner table
REACH_MM = 20.0  # bone deeper below the outer surface is no vault


@dataclass(frozen=True, eq=False)
class DefectShape:
    """A defect as a function of points: negative inside, about the distance to its border in mm.

    Points are in mm along right, anterior and superior of the head.

    Attributes:
        centre: Middle of the defect on the vault, in mm, shape (3,).
        cut: Maps points relative to the centre, shape (N, 3), to the signed distance of the plain shape, in mm.
        radius: No point further than this from the centre, in mm, is inside.
        lowest: S coordinate, in mm, that the defect stays above.
        waves: Wave vectors (1/mm) and phases of the border's irregularity, shape (WAVES, 4).
        roughness: Standard deviation of that irregularity, in mm.
        rounding: How much wider the defect is at both tables of the bone than between them, in mm.
        slope: How much wider it is at the outer than at the inner table, in mm.
        lamella: Fraction of the thickness, from the inner table, that stays; negative for an open defect.
        residue: Pieces of bone that stay, as x, y, z relative to the centre and radius in mm, shape (M, 4).
    """

    centre: np.ndarray
    cut: Callable[[np.ndarray], np.ndarray]
    radius: float
    lowest: float
    waves: np.ndarray
    roughness: float = 0.0
    rounding: float = 0.0
    slope: float = 0.0
    lamella: float = -1.0
    residue: np.ndarray | None = None

    def field(self, points: np.ndarray, depth: np.ndarray) -> np.ndarray:
        """Evaluate the shape.

        Args:
            points: In mm relative to the centre, shape (N, 3).
            depth: Where each point lies in the bone, 0 inner to 1 outer table, shape (N,).

        Returns:
            Shape (N,), negative inside the defect.
        """
        wave = np.zeros(len(points), dtype=points.dtype)
        if self.roughness:
            amplitude = self.roughness * np.sqrt(2 / len(self.waves))
            vectors, phases = np.split(self.waves.astype(points.dtype), [3], axis=1)
            wave = amplitude * np.cos(vectors @ points.T + phases).sum(axis=0)
            np.clip(wave, -WAVE_LIMIT_MM, WAVE_LIMIT_MM, out=wave)
        field = self.cut(points) + wave - self.rounding * (2 * depth - 1) ** 2 - self.slope * depth
        margin = WAVE_LIMIT_MM if self.roughness else 0.0
        field = np.maximum(field, self.lowest - self.centre[2] + margin - points[:, 2] + wave)
        if self.lamella > 0:
            field = np.maximum(field, 10 * (self.lamella - depth) + wave)
        if self.residue is not None:
            field = np.maximum(field, -_spheres(points, self.residue) - wave)
        return field


@dataclass(frozen=True)
class DefectKind:
    """Where a kind of defect lies and how large it is.

    Attributes:
        azimuth: Range in degrees from the front, on either side of the head.
        elevation: Range in degrees above the level of the vault's centre.
        radius: Mean and standard deviation of the primary sphere, in mm.
        stretch: The spheres' half axes left-right, front-back and up-down, relative to their radius.
        lowest: How far it may reach below the vertex, as a fraction of the skull's length.
    """

    azimuth: tuple[float, float]
    elevation: tuple[float, float]
    radius: tuple[float, float] = (28.0, 8.0)
    stretch: tuple[float, float, float] = (1.0, 1.0, 1.0)
    lowest: float = BASE_DEPTH


_ANYWHERE = DefectKind(azimuth=(0, 180), elevation=(5, 90))
KINDS: dict[str, DefectKind | None] = {
    "bilateral": DefectKind((0, 12), (40, 85), radius=(38, 6), stretch=(1.5, 1.0, 1.0)),
    "fronto-orbital": DefectKind((8, 35), (0, 20), radius=(42, 6), lowest=0.62),
    "parieto-temporal": DefectKind((75, 120), (5, 40), radius=(45, 6), stretch=(1.0, 1.2, 1.0)),
    "random-1": _ANYWHERE,
    "random-2": _ANYWHERE,
    "skullfix": None,
    "sloped-edge": replace(_ANYWHERE, radius=(34, 6)),
    "non-break-through": replace(_ANYWHERE, radius=(34, 6)),
    "bone-residue": replace(_ANYWHERE, radius=(38, 6)),
}
"""The kinds by name.

The five SkullBreak kinds are known by name only; place and size of the first three are our choice. ``random-1`` and
``random-2`` are two draws of one distribution, with the radii and number of spheres of the AutoImplant 2020 generator
that SkullBreak's random kinds came from. ``skullfix`` imitates the 86 implants measured: a box, upright in the head, at
the top back, with round columns at its front corners. The last three are the hard cases of the paper's Table 7.

Median and 5th to 95th percentile of 200 defects a kind on 86 SkullFix skulls at about 2 mm, by
``Testing/benchmarks/defects.py`` (the real SkullFix implants have 46 ± 11 mL, SkullBreak's by the paper's Table 1
43 ± 24 mL on average over its kinds):

================= ============== ==============
kind              area in cm²    volume in mL
================= ============== ==============
bilateral         72 (41-107)    51 (24-87)
fronto-orbital    53 (31-83)     39 (21-63)
parieto-temporal  68 (39-103)    43 (23-73)
random-1          30 (11-63)     20 (8-47)
random-2          30 (10-57)     21 (6-42)
skullfix          65 (53-79)     48 (34-62)
sloped-edge       58 (35-88)     38 (19-60)
non-break-through 39 (21-60)     17 (8-32)
bone-residue      45 (25-71)     30 (15-54)
================= ============== ==============
"""


def make_defect(
    skull: Volume, kind: str, *, seed: int | np.random.Generator, frame: SkullFrame | None = None
) -> Volume:
    """Cut a synthetic defect into a complete skull.

    Args:
        skull: Mask of a complete skull, shape (I, J, K).
        kind: A name in ``KINDS``.
        seed: The same seed gives the same defect.
        frame: The skull's landmarks as ``upright_frame`` gives them, to save the two seconds that it takes.

    Returns:
        The implant, bool, of the skull's geometry; the defective skull is ``skull & ~implant``.

    Raises:
        InputError: If the kind is unknown or the skull has no bone where the defect should be.
    """
    if kind not in KINDS:
        raise InputError(f"There is no defect kind '{kind}'; choose from {', '.join(KINDS)}.")
    if not isinstance(seed, np.random.Generator):
        seed = [seed, zlib.crc32(kind.encode())]  # two kinds with one seed share nothing
    rng = np.random.default_rng(seed)
    if kind == "skullfix":
        frame = skull_frame(skull)  # the challenge's boxes lie along the scanner's directions
    frame = frame or upright_frame(skull)
    for _ in range(ATTEMPTS):
        implant = cut_implant(skull, draw_shape(kind, frame, rng), frame)
        if np.count_nonzero(implant.voxels) * skull.voxel_volume_mm3 >= 1000 * MINIMUM_ML:
            return implant
    raise InputError(f"No '{kind}' defect of {MINIMUM_ML:g} mL fits this skull; is its vault complete and upright?")


def draw_shape(kind: str, frame: SkullFrame, rng: np.random.Generator) -> DefectShape:
    """Draw place, size and border of a defect."""
    waves = _draw_waves(rng)
    if kind == "skullfix":
        return _skullfix_shape(frame, rng, waves)
    shape = _sphere_shape(KINDS[kind], frame, rng, waves)
    if kind == "sloped-edge":
        slope = rng.uniform(6, 14)
        return replace(shape, slope=slope, radius=shape.radius + slope)
    if kind == "non-break-through":
        return replace(shape, lamella=rng.uniform(0.25, 0.6))
    if kind == "bone-residue":
        return replace(shape, residue=_draw_residue(shape, frame, rng))
    return shape


def cut_implant(skull: Volume, shape: DefectShape, frame: SkullFrame) -> Volume:
    """Return the bone of a skull inside a shape along the frame's directions, bool, of the skull's geometry."""
    implant = np.zeros_like(skull.voxels, dtype=bool)
    turn = np.eye(4)
    turn[:3, :3] = frame.turn
    turned = Volume(skull.voxels, turn @ skull.affine)
    box = _box_around(turned, shape)
    part = turned.crop(box)
    order = "F" if skull.voxels.flags.f_contiguous else "C"  # reading along memory is several times faster
    places = np.flatnonzero(part.voxels.ravel(order))
    indices = np.column_stack(np.unravel_index(places, part.shape, order=order)).astype(np.float32)
    points = indices @ part.affine[:3, :3].astype(np.float32).T + (part.affine[:3, 3] - shape.centre).astype(np.float32)
    near = np.einsum("ij,ij->i", points, points) < shape.radius**2
    places, points = places[near], points[near]
    if len(places):
        depth, below = _depth_in_bone(points, shape.centre - frame.centre)
        inside = (shape.field(points, depth) < 0) & (below < REACH_MM)
        places, points = places[inside], points[inside]
        if shape.lowest >= frame.base:
            offset = (shape.centre - frame.centre).astype(np.float32)
            places = places[frame.depth(points + offset) < REACH_MM]
        implant[box][np.unravel_index(places, part.shape, order=order)] = True
    return skull.with_voxels(implant)


def _depth_in_bone(points: np.ndarray, centre: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Tell how deep in the vault's bone each point lies.

    A map of the directions seen from the vault's centre (stereographic about the defect) keeps the outermost and the
    innermost bone.

    Args:
        points: Bone in mm, relative to the defect's centre, shape (N, 3).
        centre: The defect's centre relative to the vault's, shape (3,).

    Returns:
        Depth from 0 at the inner to 1 at the outer table, and mm below the outer surface, each of shape (N,).
    """
    from scipy.ndimage import map_coordinates

    reach = float(np.linalg.norm(centre))
    axes = np.linalg.qr(np.column_stack([centre, np.eye(3)]))[0]
    axes[:, 0] = centre / reach
    rays = (points + centre.astype(np.float32)) @ axes.astype(np.float32)
    radius = np.linalg.norm(rays, axis=1)
    places = rays[:, 1:] * (2 * reach / BIN_MM / np.maximum(radius + rays[:, 0], 1e-3))[:, None]
    places = np.clip(places, -80, 80)
    places -= places.min(axis=0) - 2
    bins = np.rint(places).astype(np.intp)
    shape = bins.max(axis=0) + 3
    flat = bins[:, 0] * shape[1] + bins[:, 1]

    outer = _smooth_map(flat, radius, shape, np.maximum)
    below = map_coordinates(outer, places.T, order=1) - radius
    vault = below < REACH_MM
    inner = _smooth_map(flat[vault], radius[vault], shape, np.minimum)
    height = radius - map_coordinates(inner, places.T, order=1)
    depth = np.clip(height / np.maximum(height + below, 1.0), 0, 1)
    return depth.astype(np.float32), below


def _smooth_map(flat: np.ndarray, values: np.ndarray, shape: np.ndarray, extreme: np.ufunc) -> np.ndarray:
    """Return a smoothed map of the extreme value of each bin; bins without values are filled from beside them."""
    from scipy.ndimage import gaussian_filter

    empty = np.inf if extreme is np.minimum else -np.inf
    grid = np.full(int(shape.prod()), empty, dtype=np.float32)
    extreme.at(grid, flat, values)
    grid = grid.reshape(shape)
    known = np.isfinite(grid)
    weight = gaussian_filter(known.astype(np.float32), 1.0)
    return gaussian_filter(np.where(known, grid, 0), 1.0) / np.maximum(weight, 1e-6)


def _box_around(skull: Volume, shape: DefectShape) -> tuple[slice, slice, slice]:
    """Return the array slices that hold every voxel within the shape's radius."""
    middle = skull.to_indices(shape.centre[None])[0]
    reach = shape.radius * np.linalg.norm(np.linalg.inv(skull.affine[:3, :3]), axis=1)
    start = np.clip(np.floor(middle - reach), 0, skull.shape).astype(int)
    stop = np.clip(np.ceil(middle + reach) + 1, start, skull.shape).astype(int)
    return tuple(slice(a, b) for a, b in zip(start.tolist(), stop.tolist(), strict=True))


def _spheres(points: np.ndarray, spheres: np.ndarray) -> np.ndarray:
    """Return the signed distance to a union of spheres (x, y, z, radius) whose notches are rounded."""
    centres, radii = spheres[:, :3].astype(points.dtype), spheres[:, 3:].astype(points.dtype)
    squared = (centres**2).sum(axis=1, keepdims=True) - 2 * centres @ points.T + np.einsum("ij,ij->i", points, points)
    distances = np.sqrt(np.maximum(squared, 0)) - radii
    nearest = distances.min(axis=0)
    if len(spheres) == 1:
        return nearest
    return nearest - BEND_MM / 2 * np.log(np.exp((nearest - distances) * (2 / BEND_MM)).sum(axis=0))


def _sphere_shape(kind: DefectKind, frame: SkullFrame, rng: np.random.Generator, waves: np.ndarray) -> DefectShape:
    """Draw a primary sphere on the vault and secondary spheres centred on its surface."""
    side = rng.choice([-1, 1])
    centre = frame.surface(frame.direction(side * rng.uniform(*kind.azimuth), _elevation(rng, kind.elevation)))
    primary = float(np.clip(rng.normal(*kind.radius), 12, 55))
    secondary = float(np.clip(rng.normal(16, 4), 6, 28))
    towards = rng.normal(size=(rng.integers(SECONDARY, endpoint=True), 3))
    towards *= primary / np.linalg.norm(towards, axis=1, keepdims=True)
    spheres = np.vstack([[0, 0, 0, primary], np.column_stack([towards, np.full(len(towards), secondary)])])
    stretch = np.array(kind.stretch, dtype=np.float32)
    rounding = rng.uniform(0.5, 2.0)
    furthest = (primary + secondary * bool(len(towards))) * max(kind.stretch)
    return DefectShape(
        centre=centre,
        cut=lambda points: _spheres(points / stretch, spheres),
        radius=furthest + BEND_MM / 2 * np.log(len(spheres)) + WAVE_LIMIT_MM + rounding,
        lowest=frame.level(kind.lowest),
        waves=waves,
        roughness=2.0,
        rounding=rounding,
    )


def _skullfix_shape(frame: SkullFrame, rng: np.random.Generator, waves: np.ndarray) -> DefectShape:
    """Draw a SkullFix box; means and deviations were measured on its implants."""
    width, column = rng.normal(79, 6), 4.3
    middle = frame.centre[0] + rng.normal(-2, 4.5)
    front = frame.centre[1] - frame.length * rng.normal(0.10, 0.03)
    lowest = frame.vertex - np.clip(rng.normal(48, 5), 36, 66)
    back = frame.centre[1] - frame.length / 2
    centre = np.array([middle, (front + back) / 2, (frame.vertex + lowest) / 2])

    def cut(points: np.ndarray) -> np.ndarray:
        sideways, forwards = np.abs(points[:, 0]) - width / 2, points[:, 1] - (front - centre[1])
        return np.minimum(np.maximum(sideways, forwards), np.hypot(sideways, forwards) - column)

    radius = float(np.linalg.norm([width / 2 + column, (front - back) / 2 + column, (frame.vertex - lowest) / 2 + 5]))
    return DefectShape(centre=centre, cut=cut, radius=radius, lowest=lowest, waves=waves)


def _draw_residue(shape: DefectShape, frame: SkullFrame, rng: np.random.Generator) -> np.ndarray:
    """Draw one to four pieces of bone that lie in the defect: rows of x, y, z relative to its centre, and radius."""
    pieces = []
    for _ in range(rng.integers(1, 4, endpoint=True)):
        aside = shape.centre + rng.normal(0, 14, size=3) - frame.centre
        place = frame.surface(aside / np.linalg.norm(aside))
        pieces.append([*(place - shape.centre), np.clip(rng.normal(8, 3), 4, 14)])
    return np.array(pieces)


def _draw_waves(rng: np.random.Generator) -> np.ndarray:
    """Draw plane waves of 15 to 45 mm length, rows of wave vector (1/mm) and phase."""
    towards = rng.normal(size=(WAVES, 3))
    towards /= np.linalg.norm(towards, axis=1, keepdims=True)
    return np.column_stack([towards * (2 * np.pi / rng.uniform(15, 45, size=(WAVES, 1))), rng.uniform(0, 7, WAVES)])


def _elevation(rng: np.random.Generator, limits: tuple[float, float]) -> float:
    """Draw an elevation, in degrees, so that every area of the vault is as likely."""
    return float(np.rad2deg(np.arcsin(rng.uniform(*np.sin(np.deg2rad(limits))))))
