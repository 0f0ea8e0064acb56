"""Models of bone without the rest of a case."""

import pytest
from phantoms import head

from CraNeXtLib.cases.model_files import write_models
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume_files import write_volume


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder, phantom = tmp_path_factory.mktemp("masks"), head(spacing=(4.0, 4.0, 4.0))
    write_volume(phantom.implant, folder / "implant.nrrd")
    write_volume(phantom.defective, folder / "skull.nrrd")
    return folder / "implant.nrrd", folder / "skull.nrrd"


def test_only_what_is_asked_for_is_written(files, tmp_path):
    described = write_models(*files, tmp_path / "out", bone_model_mm=10)
    assert described["bone_model"]["margin_mm"] == 10
    assert described["bone_model"]["watertight"]
    assert "skull_model" not in described
    assert described["files"] == ["bone_model.3mf", "bone_model.stl", "models.json"]


def test_nothing_is_asked_for(files, tmp_path):
    with pytest.raises(InputError, match="give --bone-model, --skull-model or --onlay-mm"):
        write_models(*files, tmp_path / "out")
    with pytest.raises(InputError, match=r"thickness of --onlay-mm must be a number from 0\.2 to 3 mm, not 5"):
        write_models(*files, tmp_path / "out", onlay_mm=(5, 10))
    assert not (tmp_path / "out").exists()
