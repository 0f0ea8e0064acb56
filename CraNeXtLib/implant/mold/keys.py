"""Registration keys: cones on one half that fit into sockets of the other, so that the halves meet in one way only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from CraNeXtLib.implant.mold.settings import MoldSettings

if TYPE_CHECKING:
    from manifold3d import Manifold

LARGER = 1.25
"""Size of the first key by that of the others."""

_TOP = 0.6  # radius of a key's top by that of its foot: it opens along its axis
_SEGMENTS = 48


@dataclass(frozen=True)
class Key:
    """A key.

    Attributes:
        place: Middle of its foot, in the frame of the mold, shape (3,).
        radius_mm: Radius of its foot.
        height_mm: Its height.
    """

    place: tuple[float, float, float]
    radius_mm: float
    height_mm: float

    def boss(self, bottom: float) -> Manifold:
        """Return the key, on a foot that stands on a plane: the parting surface may slope."""
        return self._cone(bottom, 0.0)

    def socket(self, bottom: float, clearance_mm: float) -> Manifold:
        """Return what the other half leaves free for the key and its foot."""
        return self._cone(bottom, clearance_mm)

    def socket_radius_mm(self, clearance_mm: float) -> float:
        """Return the radius of the socket's mouth, with which the gap is as wide along the slope as on top."""
        return self.radius_mm + clearance_mm * float(np.hypot(1, self._slope))

    @property
    def _slope(self) -> float:
        return (1 - _TOP) * self.radius_mm / self.height_mm

    def _cone(self, bottom: float, larger_mm: float) -> Manifold:
        from manifold3d import Manifold

        x, y, z = self.place
        slope, radius = self._slope, self.socket_radius_mm(larger_mm)
        height = self.height_mm + larger_mm
        foot = Manifold.cylinder(z - bottom, radius, radius, _SEGMENTS).translate([x, y, bottom])
        return foot + Manifold.cylinder(height, radius, radius - height * slope, _SEGMENTS).translate([x, y, z])


def keys_at(free_mm: np.ndarray, heights: np.ndarray, places: np.ndarray, settings: MoldSettings) -> list[Key]:
    """Return keys as far from each other as possible, the larger one first; fewer than asked for if there is no room.

    Args:
        free_mm: How far each place is from where a key or its socket must not reach, shape (I, J).
        heights: Height of the parting surface, shape (I, J).
        places: The places, shape (I, J, 2).
        settings: Number and size of the keys.
    """
    radius, clearance_mm = settings.key_mm / 2, settings.key_clearance_mm
    largest = Key((0.0, 0.0, 0.0), LARGER * radius, LARGER * settings.key_height_mm).socket_radius_mm(clearance_mm)
    allowed = free_mm >= largest
    flat, tall = places[allowed], heights[allowed]
    if not len(flat):
        return []
    chosen = [int(np.linalg.norm(flat - flat.mean(axis=0), axis=1).argmax())]
    nearest = np.linalg.norm(flat - flat[chosen[0]], axis=1)
    apart = 2 * largest + settings.wall_mm
    while len(chosen) < settings.keys and nearest.max() >= apart:
        chosen.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, np.linalg.norm(flat - flat[chosen[-1]], axis=1))
    keys = []
    for number, place in enumerate(chosen):
        size = LARGER if number == 0 else 1.0
        x, y = flat[place].tolist()
        keys.append(Key((x, y, float(tall[place])), size * radius, size * settings.key_height_mm))
    return keys
