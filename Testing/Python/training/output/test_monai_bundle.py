"""A model goes into a MONAI bundle and comes out the same."""

import json

import monai.bundle
import numpy as np
import pytest
import torch
from monai.bundle import ConfigParser
from phantoms import head

from CraNeXtLib import networks
from CraNeXtLib.completion import model_library
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume_files import read_volume, write_volume
from CraNeXtLib.implant.reconstruct import reconstruct
from CraNeXtLib.training.config_reading import read_config
from CraNeXtLib.training.output.monai_bundle import write_monai_bundle
from CraNeXtLib.training.samples.input_kind import input_kind

OPTIONS = {"widths": [4, 4, 4, 4, 4], "depths": [1, 1, 1, 1, 1]}


@pytest.fixture
def network():
    """A small network, untrained: what it adds to a skull means nothing, but is the same each time."""
    torch.manual_seed(0)
    return networks.build("cranext", **OPTIONS).eval()


@pytest.fixture
def model(network, tmp_path):
    data = {"shape": [32, 32, 32], "target": "implant"}
    config = read_config("default", overrides={"network": {"options": OPTIONS}, "data": data})
    folder = tmp_path / "model"
    input_kind(config).write_model(folder, network.state_dict(), (), data="none")
    description = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps(description | {"threshold": 0.7}))  # the implant is small then
    return model_library.find(folder)


def test_a_bundle_runs_by_monais_own_means(model, tmp_path):
    """As ``python -m monai.bundle run`` does, but without finishing and report, which take long."""
    skull = head(spacing=(4.0, 4.0, 4.0)).defective
    write_volume(skull, tmp_path / "skull.nrrd")
    bundle = write_monai_bundle(model, tmp_path / "bundle")
    monai.bundle.run(
        config_file=str(bundle / "configs" / "inference.json"),
        meta_file=str(bundle / "configs" / "metadata.json"),
        bundle_root=str(bundle),
        input=str(tmp_path / "skull.nrrd"),
        output_dir=str(tmp_path / "out"),
        **{"settings#report": False, "settings#finishing": "$None"},  # MONAI ignores None itself
    )
    implant = read_volume(tmp_path / "out" / "implant.nrrd")
    expected = reconstruct(skull, model=model.folder, device="cpu").implant
    assert 0 < expected.voxels.sum() < expected.voxels.size / 2
    assert np.array_equal(implant.voxels != 0, expected.voxels)


def test_a_bundle_gives_the_models_output(network, model, tmp_path):
    bundle = write_monai_bundle(model, tmp_path / "bundle")
    parser = ConfigParser()
    parser.read_config(bundle / "configs" / "inference.json")
    parser.read_meta(bundle / "configs" / "metadata.json")
    parser["bundle_root"] = str(bundle)
    parser["device"] = "$torch.device('cpu')"
    parser.get_parsed_content("load")
    x = torch.rand(1, 1, 32, 32, 32)
    with torch.inference_mode():
        # The weights went through half precision.
        torch.testing.assert_close(parser.get_parsed_content("network")(x), network(x), atol=1e-2, rtol=1e-2)
    assert json.loads((bundle / "configs" / "metadata.json").read_text())["network_data_format"]["outputs"]["pred"]
    with pytest.raises(InputError, match="exists"):
        write_monai_bundle(model, tmp_path / "bundle")
