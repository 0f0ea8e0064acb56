"""Each kind of input refuses settings that do not suit it."""

from typing import get_args, get_type_hints

import pytest

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.training.config import DataConfig
from CraNeXtLib.training.config_reading import read_config
from CraNeXtLib.training.samples.input_kind import NAMES, input_kind


def test_every_kind_can_be_configured():
    assert get_args(get_type_hints(DataConfig)["input"]) == NAMES


@pytest.mark.parametrize(
    ("preset", "data", "channels", "options"),
    [
        ("default", {}, 1, {}),
        ("default", {"input": "one-hot"}, 10, {"in_channels": 10}),
        ("paper", {"input": "labels"}, 1, {}),
        ("refiner-cpu", {}, 3, {"in_channels": 3}),
        ("face-cpu", {}, 2, {"in_channels": 2}),
    ],
)
def test_a_network_gets_the_channels_of_its_input(preset, data, channels, options):
    config = read_config(preset, overrides={"data": data})
    kind = input_kind(config)
    assert kind.channels == channels
    assert kind.network_options == config.network.options | options


def test_regions_and_their_numbers_need_grids_of_their_own():
    with pytest.raises(InputError, match="never mix"):
        read_config("paper", overrides={"data": {"input": "one-hot"}})
    with pytest.raises(InputError, match=r"data\.grid 'official'"):
        read_config("default", overrides={"data": {"input": "labels"}})


def test_the_face_needs_a_refined_model_and_a_folded_network():
    for changes, words in (
        ({"network": {"face_of": ""}}, "go together"),
        ({"data": {"input": "binary"}}, "go together"),
        ({"network": {"name": "cranext", "options": {}, "face_of": "cranext_refined"}}, "cranext_folded"),
        ({"data": {"target": "complete"}}, "implant"),
    ):
        with pytest.raises(InputError, match=words):
            read_config("face-cpu", overrides=changes)


def test_a_refiner_needs_proposals_and_proposals_a_refiner():
    for changes in ({"network": {"name": "cranext_folded"}}, {"data": {"input": "binary"}}):
        with pytest.raises(InputError, match="go together"):
            read_config("refiner-cpu", overrides=changes)
