"""Skull categorization as published, errors included.

The paper (section III.C) registers the template to the skull with the affine of ANTs. Its notebook then enlarges the
template by 40 gray dilations with scikit-image and returns ``skull * template | skull``. The dilation moves borders by
up to 40 voxels toward lower labels. The bitwise OR turns labels 1-8 into 1, 3, 3, 5, 5, 7, 7, 9, and bone that the
template does not reach into 1 instead of 9.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from scipy import ndimage

from CraNeXtLib.anatomy.categorization.ants import LPS, ants_image, import_ants
from CraNeXtLib.geometry.resampling import shrink
from CraNeXtLib.geometry.volume import Volume

DILATIONS = 40
"""Number of dilations in the published notebook."""
_REGISTRATION_MM = 3.0


def official_labels(skull: np.ndarray, template: np.ndarray, *, dilations: int = DILATIONS) -> np.ndarray:
    """Return ``skull * dilated template | skull``, bit for bit as the published notebook.

    A gray dilation with scikit-image's default footprint, repeated n times, is the maximum over the voxels within n
    steps along the axes. One taxicab distance transform per label finds it faster.

    Args:
        skull: Mask, uint8, of shape (I, J, K).
        template: Labels on the same voxels, uint8.
        dilations: Number of dilations of the template.
    """
    dilated = np.zeros_like(template)
    for label in np.unique(template[template > 0])[::-1]:
        steps = ndimage.distance_transform_cdt(template < label, metric="taxicab")
        dilated[(steps <= dilations) & (dilated == 0)] = label
    return skull * dilated | skull


def official_labels_on(skull: Volume, template: Volume, template_to_skull: np.ndarray) -> np.ndarray:
    """Label a registered skull, with the template resampled to its voxels by nearest neighbor.

    Args:
        skull: Mask of type bool.
        template: Labels 1-8.
        template_to_skull: 4×4 matrix from RAS points of the template to RAS points of the skull, in mm.
    """
    # Labels come from no further than the dilations reach, so a margin of as many voxels around the bone gives the same
    # result as the whole volume.
    padded = np.pad(skull.voxels.astype(np.uint8), DILATIONS)
    affine = skull.affine.copy()
    affine[:3, 3] = skull.to_ras(np.full((1, 3), -DILATIONS))[0]
    to_template = np.linalg.inv(template_to_skull @ template.affine) @ affine
    moved = ndimage.affine_transform(template.voxels, to_template[:3, :3], to_template[:3, 3], padded.shape, order=0)
    inside = (slice(DILATIONS, -DILATIONS),) * 3
    return official_labels(padded, moved)[inside]


def ants_affine(template: Volume, skull: Volume) -> np.ndarray:
    """Register affinely with ANTs: the template is moving, the skull fixed, both reduced to about 3 mm.

    Only for processes without another ITK, such as the worker.

    Returns:
        4×4 matrix from RAS points of the template to RAS points of the skull, in mm.
    """
    ants = import_ants()
    moving = ants_image(shrink(template.with_voxels(template.voxels > 0), _REGISTRATION_MM))
    fixed = ants_image(shrink(skull, _REGISTRATION_MM))
    with tempfile.TemporaryDirectory() as folder:
        result = ants.registration(fixed, moving, type_of_transform="Affine", outprefix=str(Path(folder) / "affine"))
        (path,) = result["fwdtransforms"]
        transform = ants.read_transform(path)
        corners = np.vstack([np.zeros(3), 100 * np.eye(3)])
        moved = np.array([ants.apply_ants_transform_to_point(transform, corner) for corner in corners])
    # ITK's transforms map fixed to moving points, in LPS.
    to_moving = np.eye(4)
    to_moving[:3, :3] = (moved[1:] - moved[0]).T / 100
    to_moving[:3, 3] = moved[0]
    return np.linalg.inv(LPS @ to_moving @ LPS)
