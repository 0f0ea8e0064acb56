"""Fixtures: the logic of CraNeXtImplant, and a worker that returns the true implant of a phantom."""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from phantoms import Head, head
from slicer_ui.phantom_nodes import GEOMETRIES

from CraNeXtLib.anatomy.head.pose import HeadPose, PoseFit, bundled_template
from CraNeXtLib.cases import case_settings, reconstruction_case
from CraNeXtLib.completion.model_library import Model
from CraNeXtLib.core.runtime import jobs
from CraNeXtLib.geometry.volume_files import write_volume
from CraNeXtLib.implant.defect_choice import find_defects
from CraNeXtLib.implant.expected_error import summarize
from CraNeXtLib.implant.reconstruct import Reconstruction


@pytest.fixture
def logic(load_module):
    return load_module("CraNeXtImplant")[0].CraNeXtImplantLogic()


class Case(NamedTuple):
    """A head, and the folder that the worker would write if the model were perfect."""

    head: Head
    folder: Path


@pytest.fixture(scope="session")
def case(tmp_path_factory):
    """Make a case of a named geometry, once for all tests, with the real code except for the model."""

    @cache
    def make(geometry: str) -> Case:
        phantom, folder = head(**GEOMETRIES[geometry]), tmp_path_factory.mktemp(geometry)
        write_volume(phantom.defective, folder / "skull.nrrd")
        pose = HeadPose(np.eye(4), bundled_template(), PoseFit(0.0, 0.0, 0.0, (1.0, 1.0)))
        errors = phantom.implant.with_voxels(phantom.implant.voxels.astype(np.float16))
        truth = Reconstruction(
            defective_skull=phantom.defective,
            implant=phantom.implant,
            pose=pose,
            model=Model(Path(), {"name": "the truth", "sha256": "0" * 64}),
            postprocessing="default",
            device="cpu",
            found_defects=find_defects(phantom.implant, phantom.defective, pose)[1],
            seconds={"Completing the skull": 0.0},
            warnings=(),
            expected_error=summarize(errors, phantom.implant, pose),
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(reconstruction_case, "reconstruct", lambda *_args, **_settings: truth)
            reconstruction_case.reconstruct_case(
                folder / "skull.nrrd", folder / "result", case_settings.CaseSettings(report=False)
            )
        return Case(phantom, folder / "result")

    return make


@pytest.fixture
def answer(monkeypatch):
    """Make the worker return the result of a case; the fixture is a function that returns the case's head."""

    def answer_with(case: Case) -> Head:
        monkeypatch.setattr(jobs, "WORKER", Path(__file__).with_name("canned_implant_worker.py"))
        monkeypatch.setenv("CANNED_RESULT", str(case.folder))
        return case.head

    return answer_with


@pytest.fixture
def phantom(case, answer):
    return answer(case("oblique"))
