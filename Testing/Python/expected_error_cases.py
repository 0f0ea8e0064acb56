"""Maps of the expected error on a generated head."""

import numpy as np

from CraNeXtLib.anatomy.head.pose import HeadPose, PoseFit, bundled_template

LEFT_HOLE = (((-60.0, 20.0, 40.0), 25.0),)


def pose() -> HeadPose:
    """A template that is moved onto a head of the phantom's place."""
    template = bundled_template()
    matrix = np.eye(4)
    matrix[:3, 3] = -template.to_ras((np.array([template.shape]) - 1) / 2)[0]
    return HeadPose(matrix, template, PoseFit(0.0, 0.0, 0.0, (1.0, 1.0)))


def errors(phantom, *, front=1.0, known=1.0):
    """A map that grows towards the front of the implant, unknown in its upper part."""
    places = np.argwhere(phantom.implant.voxels)
    points = phantom.implant.to_ras(places)
    values = 0.5 + (front - 0.5) * (points[:, 1] - points[:, 1].min()) / np.ptp(points[:, 1])
    values[np.argsort(points[:, 2])[round(known * len(points)) :]] = 0
    volume = np.zeros(phantom.implant.shape, np.float16)
    volume[tuple(places.T)] = values
    return phantom.implant.with_voxels(volume)
