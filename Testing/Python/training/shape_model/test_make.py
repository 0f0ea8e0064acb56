"""The model folder of a fitted shape model can be found and used."""

from eggshells import MEAN_AXES, fitted_model, head, hole_at, implant_by, without

from CraNeXtLib.completion import model_library
from CraNeXtLib.completion.model_loading import load_model
from CraNeXtLib.datasets.manifest import DatasetCase
from CraNeXtLib.evaluation.metrics import dice
from CraNeXtLib.training.shape_model.make import write_model


def test_a_written_model_can_be_found_and_used(tmp_path):
    cases = [DatasetCase(subject="a", complete=tmp_path / "a.nrrd", split="training")]
    write_model(tmp_path / "model", fitted_model(), cases=cases, data="made-up heads", licence="none")
    found = model_library.find(tmp_path / "model")
    assert found.description["split"] == {"training": ["a"], "validation": [], "test": []}
    assert "made-up heads" in (tmp_path / "model" / "MODEL_CARD.md").read_text(encoding="utf-8")
    skull = head(MEAN_AXES)
    implant = hole_at(skull, (0.3, -0.5, 0.8))
    assert dice(implant_by(load_model(found), without(skull, implant)), implant) > 0.88
