"""Too little memory is never called damaged or unsuitable weights."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from CraNeXtLib import networks
from CraNeXtLib.completion import model_library
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.runtime.memory import memory_advice
from CraNeXtLib.training import module
from CraNeXtLib.training.runs.checkpoints import epoch_of

SHORT = RuntimeError(
    "[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 99999999999 bytes"
)


def failing(error):
    def fail(*_, **__):
        raise error

    return fail


def start_from(monkeypatch, error):
    model = SimpleNamespace(weights=Path("weights.safetensors"), description={"kind": "network"})
    monkeypatch.setattr(model_library, "find", lambda _name: model)
    monkeypatch.setattr("safetensors.torch.load_file", failing(error))
    module._start_from(torch.nn.Identity(), "some", face=False)


def load_weights(_monkeypatch, error):
    networks.load_weights(SimpleNamespace(load_state_dict=failing(error)), {})


def read_epoch(monkeypatch, error):
    monkeypatch.setattr(torch, "load", failing(error))
    epoch_of(Path("last.ckpt"))


@pytest.mark.parametrize("work", [start_from, load_weights, read_epoch])
def test_too_little_memory_is_called_that(monkeypatch, work):
    with pytest.raises(RuntimeError) as short:
        work(monkeypatch, SHORT)
    assert memory_advice(short.value)
    with pytest.raises(InputError):
        work(monkeypatch, RuntimeError("size mismatch for stem.weight"))
