"""Settings of a case: their defaults, those of a preview, and what JSON may say."""

from dataclasses import asdict, replace

import pytest

from CraNeXtLib.cases.case_settings import CaseSettings
from CraNeXtLib.completion.model_library import DEFAULT_MODEL, PREVIEW_MODEL
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.implant.finishing import FinishSettings


def test_settings_of_a_case_hold_those_of_finishing():
    settings = CaseSettings.from_dict({"finishing": {"clearance_mm": 0.8}, "material": "PMMA"})
    assert settings.finishing == FinishSettings(clearance_mm=0.8)
    assert CaseSettings().finishing == FinishSettings()
    assert CaseSettings.from_dict({"finishing": None}).finishing is None
    with pytest.raises(InputError, match="clearence"):
        CaseSettings.from_dict({"finishing": {"clearence_mm": 0.8}})


def test_an_unknown_setting_is_refused():
    with pytest.raises(InputError, match="no setting modle"):
        CaseSettings.from_dict({"modle": "pca_skull"})


def test_a_case_has_a_finished_part_and_a_report_unless_it_is_a_preview():
    case, preview = CaseSettings(), CaseSettings(preview=True)
    assert (case.model, case.finishing, case.report) == (DEFAULT_MODEL, FinishSettings(), True)
    assert (preview.model, preview.finishing, preview.report) == (PREVIEW_MODEL, None, False)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"report": True}, "'report'"),
        ({"finishing": FinishSettings()}, "'finishing'"),
        ({"model": "mine"}, "--model"),
    ],
)
def test_a_preview_refuses_what_it_cannot_have_instead_of_dropping_it(given, named):
    with pytest.raises(InputError, match=named):
        CaseSettings(preview=True, **given)
    with pytest.raises(InputError, match="quick preview"):
        replace(CaseSettings(**given), preview=True)


def test_a_preview_survives_replacement_and_json():
    preview = CaseSettings(preview=True, report=False, finishing=None, model=DEFAULT_MODEL)
    assert preview == CaseSettings(preview=True)
    assert replace(preview, orientation="LPS").orientation == "LPS"
    assert CaseSettings.from_dict(asdict(preview)) == preview
