"""Generated heads for the shape model: half eggshells with a hole, and a model that was fitted to four of them."""

from functools import lru_cache

import numpy as np

from CraNeXtLib.anatomy.head.radial_maps import RadialGrid
from CraNeXtLib.completion.shape_model.completer import PCACompleter
from CraNeXtLib.completion.shape_model.model import PCASkull
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.extraction import extract_implant
from CraNeXtLib.training.shape_model.fit import fit

GRID = RadialGrid(pixel_mm=5.0)


MEAN_AXES = np.array([70.0, 90.0, 75.0])


def head(axes, thickness=7.0, spacing=2.5, signs=(1, 1, 1), floor=-60.0) -> Volume:
    """Mask of half an eggshell: an ellipsoid, narrower in front, cut off below."""
    steps = np.multiply(spacing, signs)
    shape = tuple(int(n) for n in np.array([170, 215, 160]) / spacing)
    affine = np.diag([*np.broadcast_to(steps, 3), 1.0])
    affine[:3, 3] = -(np.array(shape) - 1) / 2 * steps + (0, 0, 15)
    volume = Volume(np.zeros(shape, bool), affine)
    points = volume.to_ras(np.indices(shape).reshape(3, -1).T)
    points[:, 0] *= 1 + points[:, 1] / 600
    depths = [(1 - np.linalg.norm(points / (axes - cut), axis=1)) for cut in (0, thickness)]
    bone = (depths[0] > 0) & (depths[1] < 0) & (points[:, 2] > floor)
    return volume.with_voxels(bone.reshape(shape))


def hole_at(skull: Volume, direction, radius_mm=30.0) -> Volume:
    """The bone of a skull around where a ray from its middle leaves it."""
    direction = np.array(direction) / np.linalg.norm(direction)
    centre = direction / np.linalg.norm(direction / MEAN_AXES)
    points = skull.to_ras(np.indices(skull.shape).reshape(3, -1).T)
    return skull.with_voxels(skull.voxels & (np.linalg.norm(points - centre, axis=1) < radius_mm).reshape(skull.shape))


def without(skull: Volume, implant: Volume) -> Volume:
    return skull.with_voxels(skull.voxels & ~implant.voxels)


def implant_by(completer: PCACompleter, defective: Volume) -> Volume:
    proposal = completer.propose(defective)
    part = defective.crop(proposal.box)
    voxels = np.zeros(defective.shape, bool)
    voxels[proposal.box] = extract_implant(part, part.with_voxels(proposal.probability)).voxels
    return defective.with_voxels(voxels)


@lru_cache(maxsize=1)
def fitted_model() -> PCASkull:
    """Return a shape model that was fitted to four eggshells."""
    rng = np.random.default_rng(0)
    skulls = (head(MEAN_AXES * rng.uniform(0.95, 1.05, 3), thickness=rng.uniform(6, 8)) for _ in range(4))
    return fit(skulls, head(MEAN_AXES), components=8, grid=GRID)
