"""``cranext doctor``."""


def test_packages_and_devices_are_shown(run):
    status, printed, _ = run("doctor")
    assert status == 0
    assert "torch" in printed
    assert "Devices: cpu" in printed
