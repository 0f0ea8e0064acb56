"""A device is the fastest one that exists, or exactly the one asked for."""

import pytest

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.runtime.devices import DEVICES, choose_device


@pytest.fixture
def machine(monkeypatch):
    """Return a function that pretends which graphics cards exist."""
    torch = pytest.importorskip("torch")

    def pretend(*, cuda: bool, mps: bool) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    return pretend


@pytest.mark.parametrize(
    ("cuda", "mps", "fastest"),
    [(True, False, "cuda"), (False, True, "mps"), (True, True, "cuda"), (False, False, "cpu")],
)
def test_auto_takes_the_fastest(machine, cuda, mps, fastest):
    machine(cuda=cuda, mps=mps)
    assert choose_device() == choose_device("auto") == fastest
    assert choose_device("cpu") == choose_device("auto", light=True) == "cpu"
    if fastest != "cpu":
        assert choose_device(fastest, light=True) == fastest


def test_without_pytorch_there_is_only_the_cpu(monkeypatch):
    monkeypatch.setattr("CraNeXtLib.core.runtime.devices.find_spec", lambda _name: None)
    assert choose_device("auto") == "cpu"


def test_a_missing_or_unknown_device_is_refused(machine):
    machine(cuda=False, mps=False)
    for name in ("cuda", "mps"):
        with pytest.raises(InputError, match=f"'{name}' is missing.* choose auto or cpu for --device"):
            choose_device(name)
    with pytest.raises(InputError, match=f"Unknown device 'tpu'; choose one of: {', '.join(DEVICES)}"):
        choose_device("tpu")
