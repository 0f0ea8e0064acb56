"""``cranext train``: its configuration. What a run does is in the tests of ``training``."""


def test_the_configuration_is_printed_with_all_defaults(run):
    status, printed, _ = run("train", "--print-config")
    assert status == 0
    assert "learning_rate:" in printed
    assert "manifest:" in printed


def test_a_misspelled_setting_is_named(run, tmp_path):
    (tmp_path / "typo.yaml").write_text("data:\n  manifesto: x\n")
    status, _, error = run("train", tmp_path / "typo.yaml")
    assert status == 2
    assert "manifesto" in error
