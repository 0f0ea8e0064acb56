"""The refiner adds to a proposal, and starts from a network that sees the skull alone."""

import pytest
import torch

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.networks.cranext_refiner import CraNeXtRefiner
from CraNeXtLib.networks.folded_cranext import FoldedCraNeXt

SMALL = {"depths": (1, 1, 1), "widths": (4, 8, 4), "grn": "3d", "drop_path": 0.0, "mirrored": True}


def test_a_refiner_starts_from_a_network_that_knows_the_skull_alone():
    torch.manual_seed(0)
    folded = FoldedCraNeXt(**SMALL).eval()
    refiner = CraNeXtRefiner(**SMALL).eval()
    refiner.start_from(folded.state_dict())
    x = torch.rand(1, 3, 64, 64, 64)
    with torch.inference_mode():
        torch.testing.assert_close(refiner(x), folded(x[:, :1]) + refiner.proposed(x), atol=1e-4, rtol=1e-4)
    with pytest.raises(RuntimeError):
        refiner.start_from({"network.other": torch.zeros(1)})
    with pytest.raises(InputError, match="3 channels"):
        CraNeXtRefiner(in_channels=1)
