"""A model goes into a MONAI bundle and comes out the same."""

import json

import monai.bundle
import numpy as np
import pytest
import torch
from monai.bundle import ConfigParser

from CraNeXtLib import models, networks
from CraNeXtLib.demo_skull import DEFECTIVE_SKULL
from CraNeXtLib.errors import InputError
from CraNeXtLib.reconstruction import reconstruct
from CraNeXtLib.training.config import read_config
from CraNeXtLib.training.model_folder import write_model_folder
from CraNeXtLib.training.monai_bundle import write_monai_bundle
from CraNeXtLib.volume_files import read_volume


def test_a_bundle_runs_by_monais_own_means(tmp_path):
    """With the bundled network, on the demo skull, as ``python -m monai.bundle run`` does."""
    bundle = write_monai_bundle(models.find("cranext"), tmp_path / "bundle")
    monai.bundle.run(
        config_file=str(bundle / "configs" / "inference.json"),
        meta_file=str(bundle / "configs" / "metadata.json"),
        bundle_root=str(bundle),
        input=str(DEFECTIVE_SKULL),
        output_dir=str(tmp_path / "out"),
    )
    implant = read_volume(tmp_path / "out" / "implant.nrrd")
    expected = reconstruct(read_volume(DEFECTIVE_SKULL), model="cranext", device="cpu").implant
    assert np.array_equal(implant.voxels != 0, expected.voxels)


def test_a_bundle_gives_the_models_output(tmp_path):
    options = {"widths": [4, 4, 4, 4, 4], "depths": [1, 1, 1, 1, 1]}
    config = read_config("default", overrides={"network": {"options": options}, "data": {"shape": [32, 32, 32]}})
    torch.manual_seed(0)
    network = networks.build("cranext", **options).eval()
    folder = write_model_folder(tmp_path / "model", network.state_dict(), config, data="none")
    bundle = write_monai_bundle(models.find(folder), tmp_path / "bundle")
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
        write_monai_bundle(models.find(folder), tmp_path / "bundle")
