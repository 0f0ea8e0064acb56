"""A synthetic CT of a skull, for demonstrations and tests in which no patient's scan may be used."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from CraNeXtLib.geometry.resampling import shrink
from CraNeXtLib.geometry.volume import Volume

AIR_HU, TISSUE_HU, BONE_HU, REST_HU = -1000, 40, 1000, 450
_COARSE_MM = 3.0  # The outside of the head is found at this spacing.
# A ball of the first radius does not enter the orbits, and one of the second no defect. The skin spans both.
_FACE_MM, _DEFECT_MM = 36.0, 84.0
_SUNKEN_MM = 12.0  # The scalp over a wide defect is sunken by this much.


def synthetic_ct(
    skull: Volume,
    *,
    scalp_mm: float = 6.0,
    blur_mm: float = 0.5,
    noise_hu: float = 0.0,
    headrest: bool = False,
    seed: int = 0,
) -> Volume:
    """Return a CT of a skull: bone blurred as by a scanner, with soft tissue in and around it, in air.

    Args:
        skull: Mask of a skull.
        scalp_mm: Thickness of the soft tissue over the bone.
        blur_mm: Standard deviation of the scanner's blur.
        noise_hu: Standard deviation of the noise.
        headrest: Whether the head lies in a headrest, a shell of 3 mm.
        seed: Seed of the noise.

    Returns:
        Hounsfield units, int16, of the skull's geometry.
    """
    bone = skull.voxels != 0
    occupancy = ndimage.gaussian_filter(bone.astype(np.float32), blur_mm / skull.spacing)
    outside = _outside(skull)
    head = np.clip(0.5 + (scalp_mm - outside) / (2 * blur_mm), 0, 1)
    soft = AIR_HU + (TISSUE_HU - AIR_HU) * head
    values = soft + occupancy * (BONE_HU - soft)
    if headrest:
        values[_shell(skull, scalp_mm + 8.0)] = REST_HU
    if noise_hu:
        values += np.random.default_rng(seed).standard_normal(values.shape, dtype=np.float32) * noise_hu
    return skull.with_voxels(np.rint(values).clip(-1024, 3071).astype(np.int16))


def _outside(skull: Volume) -> np.ndarray:
    """Return each voxel's signed distance to the skull with its openings closed, in mm, negative inside, float32."""
    coarse = shrink(skull.with_voxels(skull.voxels != 0), _COARSE_MM)
    margin = int(1.2 * _DEFECT_MM / _COARSE_MM)
    bone = np.pad(coarse.voxels > 0.1, margin)

    def closed_depth(radius_mm: float) -> np.ndarray:
        """Return how deep each voxel lies in the closing of the bone with a ball, in mm."""
        reach = ndimage.distance_transform_edt(~bone, sampling=coarse.spacing) <= radius_mm
        depth: np.ndarray = ndimage.distance_transform_edt(reach, sampling=coarse.spacing) - radius_mm
        return depth

    head = bone | (closed_depth(_FACE_MM) > 0) | (closed_depth(_DEFECT_MM) > _SUNKEN_MM)
    signed = ndimage.distance_transform_edt(~head, sampling=coarse.spacing)
    signed -= ndimage.distance_transform_edt(head, sampling=coarse.spacing)
    affine = coarse.affine.copy()
    affine[:3, 3] = coarse.to_ras(np.full((1, 3), -margin))[0]
    matrix = np.linalg.inv(affine) @ skull.affine
    outside: np.ndarray = ndimage.affine_transform(
        signed.astype(np.float32), matrix[:3, :3], matrix[:3, 3], skull.shape, order=1, mode="nearest"
    )
    return outside


def _shell(skull: Volume, distance_mm: float) -> np.ndarray:
    """Return the voxels of a headrest: a third of a cylinder behind the head, at a distance from its bone."""
    indices = np.argwhere(skull.voxels)
    points = skull.to_ras(indices[:: max(1, len(indices) // 20_000)])[:, :2]
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    radius = np.linalg.norm(points - middle, axis=1).max() + distance_mm
    i, j, k = np.ogrid[tuple(slice(n) for n in skull.shape)]
    x, y = (
        skull.affine[w, 0] * i + skull.affine[w, 1] * j + skull.affine[w, 2] * k + skull.affine[w, 3] - middle[w]
        for w in range(2)
    )
    away = np.hypot(x, y)
    return (away >= radius) & (away < radius + 3) & (y < -0.5 * away)
