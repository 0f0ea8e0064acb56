"""``cranext doctor``."""


def test_packages_and_devices_are_shown(run):
    status, printed, _ = run("doctor")
    assert status == 0
    assert "torch" in printed
    assert "Devices: cpu" in printed


def test_a_broken_model_is_shown_with_the_reason(run, tmp_path, monkeypatch):
    monkeypatch.setenv("CRANEXT_HOME", str(tmp_path))
    (tmp_path / "models" / "mine").mkdir(parents=True)
    _status, printed, _ = run("doctor")
    assert "Model: mine, broken: " in printed
    assert "Model: pca_skull, weights " in printed
