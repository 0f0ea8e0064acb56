"""Text on the outer side of an implant."""

import pytest
from phantoms import head

from CraNeXtLib import finish
from CraNeXtLib.implant.finishing import FinishSettings


@pytest.mark.slow
def test_text_is_engraved_and_left_out_where_there_is_no_room():
    phantom = head(spacing=(0.9, 0.9, 0.9), holes=(((40.0, 20.0, 60.0), 35.0),))
    plain = finish(phantom.implant, phantom.defective)
    finished = finish(phantom.implant, phantom.defective, FinishSettings(engraving="F7"))
    cut = plain.pieces[0].finished_ml - finished.pieces[0].finished_ml
    assert 0.005 < cut < 0.1
    assert finished.mesh.is_watertight
    crowded = finish(phantom.implant, phantom.defective, FinishSettings(engraving=24 * "W"))
    assert crowded.pieces[0].finished_ml == plain.pieces[0].finished_ml
    assert "engraving" in crowded.warnings[0]
