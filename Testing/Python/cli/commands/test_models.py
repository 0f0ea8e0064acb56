"""``cranext models``: what it lists. Scores are in the tests of ``cases/model_evaluation.py``."""

from CraNeXtLib.completion import model_library


def test_the_default_model_is_listed(run):
    status, printed, _ = run("models", "list")
    assert status == 0
    (line,) = [line for line in printed.splitlines() if line.startswith(f"{model_library.DEFAULT_MODEL} ")]
    assert "bundled, default" in line


def test_a_model_is_described_with_its_card(run):
    status, printed, _ = run("models", "info", model_library.PREVIEW_MODEL)
    assert status == 0
    assert f'"name": "{model_library.PREVIEW_MODEL}"' in printed
    assert "# " in printed
