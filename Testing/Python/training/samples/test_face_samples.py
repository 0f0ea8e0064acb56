"""Samples for the network of the face are defects of forehead and orbit, and reproducible."""

import torch

from CraNeXtLib.core import resources
from CraNeXtLib.datasets.skull_pair import SkullPair
from CraNeXtLib.geometry.volume_files import read_mask
from CraNeXtLib.training.config_reading import read_config
from CraNeXtLib.training.samples.face_samples import FaceSamples
from CraNeXtLib.training.samples.numbered_samples import TrainingSamples, ValidationSamples
from CraNeXtLib.training.samples.placed_case import bundled_shape_model, place_case


def test_a_sample_of_the_face_is_a_defect_there_and_the_same_each_time():
    folder, config = resources.BUNDLED.parent / "Demo", read_config("face-cpu")
    defective, implant = (read_mask(folder / f"{name}.nrrd") for name in ("defective_skull", "reference_implant"))
    complete = defective.with_voxels(defective.voxels | implant.voxels)
    case = place_case(SkullPair(complete, defective, implant), bundled_shape_model()).packed()
    samples, others = (TrainingSamples(FaceSamples([case], config, training=True), config.run.seed) for _ in range(2))
    first, again, other = samples[3], others[3], samples[4]
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["complete"], other["complete"])
    assert first["input"].shape == (2, 88, 64, 72)
    implant = first["complete"] - first["defective"]
    assert implant.min() >= 0
    assert implant.sum() * 1.5**3 > 2000  # mm³
    still = ValidationSamples(FaceSamples([case], config, training=False))
    assert still[0]["counts"]
    assert not still[1]["counts"]
