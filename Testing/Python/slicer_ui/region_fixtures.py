"""Fixtures: the logic of CraNeXtCategorize, and what its worker writes about the bundled skull, however it lies."""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from slicer_ui.phantom_nodes import REGION_GEOMETRIES

from CraNeXtLib.anatomy.categorization.categorize import Categorization, categorize, measure_regions
from CraNeXtLib.anatomy.head.pose import HeadPose
from CraNeXtLib.cases import categorization_case
from CraNeXtLib.core.resources import DEFECTIVE_SKULL, REFERENCE_IMPLANT
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_volume, write_volume


class RegionHead(NamedTuple):
    """A skull, the implant that it lacks on its left, its regions (0-9), and how the head was turned (4×4)."""

    skull: Volume
    implant: Volume
    labels: Volume
    turn: np.ndarray


class RegionCase(NamedTuple):
    """A head, and the folder of what the worker writes about it."""

    head: RegionHead
    folder: Path


@pytest.fixture
def categorizer(load_module):
    return load_module("CraNeXtCategorize")[0].CraNeXtCategorizeLogic()


@pytest.fixture(scope="session")
def region_case(tmp_path_factory):
    """Make a case of a named geometry, once for all tests, with the real code after the registration."""
    known = categorize(read_volume(DEFECTIVE_SKULL))

    @cache
    def make(geometry: str) -> RegionCase:
        folder = tmp_path_factory.mktemp("regions")
        steps, directions = REGION_GEOMETRIES[geometry]
        turn = np.eye(4)
        turn[:3, :3] = directions
        volumes = [read_volume(DEFECTIVE_SKULL), read_volume(REFERENCE_IMPLANT), known.labels]
        head = RegionHead(*(placed(volume, steps, turn) for volume in volumes), turn)
        truth = Categorization(
            labels=head.labels,
            table=measure_regions(head.labels),
            method="default",
            warnings=(),
            pose=HeadPose(turn @ known.pose.template_to_skull, known.pose.template, known.pose.fit),
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


def placed(volume: Volume, steps: tuple[int, int, int], turn: np.ndarray) -> Volume:
    """Return every so manyth voxel of a volume, some axes from their ends, in a head that is turned."""
    first = [0 if step > 0 else size - 1 for step, size in zip(steps, volume.shape, strict=True)]
    affine = volume.affine @ np.diag([*steps, 1.0])
    affine[:3, 3] = volume.to_ras(np.array([first]))[0]
    return Volume(volume.voxels[tuple(slice(None, None, step) for step in steps)].copy(), turn @ affine)
