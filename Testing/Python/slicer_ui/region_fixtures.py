"""Fixtures: the logic of CraNeXtCategorize, and its worker's result for the bundled skull in several geometries."""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from slicer_ui.phantom_nodes import REGION_GEOMETRIES

from CraNeXtLib.anatomy.categorization.categorize import Categorization, categorize
from CraNeXtLib.anatomy.categorization.region_measures import measure_regions
from CraNeXtLib.anatomy.head.pose import HeadPose
from CraNeXtLib.cases import categorization_case
from CraNeXtLib.core.resources import DEFECTIVE_SKULL, REFERENCE_IMPLANT
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_volume, write_volume


class RegionHead(NamedTuple):
    """A skull, its implant on the left side, its region labels (0-9), and the rotation of the head (4×4)."""

    skull: Volume
    implant: Volume
    labels: Volume
    rotation: np.ndarray


class RegionCase(NamedTuple):
    """A head, and the folder with the worker's result for it."""

    head: RegionHead
    folder: Path


@pytest.fixture
def categorizer(load_module):
    return load_module("CraNeXtCategorize")[0].CraNeXtCategorizeLogic()


@pytest.fixture(scope="session")
def region_case(tmp_path_factory):
    """Make a case of a named geometry, once for all tests, with the real code except for the registration."""
    known = categorize(read_volume(DEFECTIVE_SKULL))

    @cache
    def make(geometry: str) -> RegionCase:
        folder = tmp_path_factory.mktemp("regions")
        steps, directions = REGION_GEOMETRIES[geometry]
        rotation = np.eye(4)
        rotation[:3, :3] = directions
        volumes = [read_volume(DEFECTIVE_SKULL), read_volume(REFERENCE_IMPLANT), known.labels]
        head = RegionHead(*(placed(volume, steps, rotation) for volume in volumes), rotation)
        truth = Categorization(
            labels=head.labels,
            table=measure_regions(head.labels),
            method="default",
            warnings=(),
            pose=HeadPose(rotation @ known.pose.template_to_skull, known.pose.template, known.pose.fit),
        )
        write_volume(head.skull, folder / "skull.nrrd")
        write_volume(head.implant, folder / "implant.nrrd")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(categorization_case, "categorize", lambda *_args, **_options: truth)
            categorization_case.categorize_case(
                folder / "skull.nrrd", folder / "result", implant=folder / "implant.nrrd", picture=False
            )
        return RegionCase(head, folder / "result")

    return make


def placed(volume: Volume, steps: tuple[int, int, int], rotation: np.ndarray) -> Volume:
    """Return every n-th voxel of a volume, counted from the end for negative steps, in a rotated head."""
    first = [0 if step > 0 else size - 1 for step, size in zip(steps, volume.shape, strict=True)]
    affine = volume.affine @ np.diag([*steps, 1.0])
    affine[:3, 3] = volume.to_ras(np.array([first]))[0]
    return Volume(volume.voxels[tuple(slice(None, None, step) for step in steps)].copy(), rotation @ affine)
