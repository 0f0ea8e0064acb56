"""The finished part in the scene: what belongs to it, and which of it is shown."""

import numpy as np
import pytest
from slicer_ui.boxed_molds import box

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.mesh_formats.mesh_files import write_stl
from CraNeXtLib.geometry.poly_data import poly_data, write_poly_data

pytest_plugins = ["slicer_stand_ins.pytest_plugin"]


def test_segments_are_shown_together_and_leave_with_the_part(scene, tmp_path):
    import slicer

    from CraNeXtLib.slicer_ui.scene.part_nodes import add_part, remove_part, segments_of
    from CraNeXtLib.slicer_ui.scene.result_surfaces import show_surface, surfaces_of

    for name, right in (("", 0.0), ("_segment_1", 0.0), ("_segment_2", 20.0)):
        write_stl(box(right), tmp_path / f"finished_implant{name}.stl")
    maps = {name: np.zeros(8, np.float32) for name in ("gap_mm", "thickness_mm", "symmetry_mm")}
    write_poly_data(poly_data(box(0.0), maps), tmp_path / "fit_maps.vtp")
    result = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Result")
    part = add_part(result, tmp_path, "Patient")
    first, second = segments_of(part)
    np.testing.assert_allclose(slicer.util.arrayFromModelPoints(second).min(axis=0), (20, 5, 7), atol=1e-4)
    assert first.GetDisplayNode().GetColor() != second.GetDisplayNode().GetColor()
    assert surfaces_of(result)["segments"] == ("Finished part: segments", first)
    for chosen, shown in (("segments", [1, 1, 0]), ("part", [0, 0, 1])):
        show_surface(result, chosen)
        assert [node.GetDisplayVisibility() for node in (first, second, part)] == shown
    for damaged in ("finished_implant_segment_2.stl", "fixation.mrk.json"):
        (tmp_path / damaged).write_text("solid cut off")
        with pytest.raises(InputError, match="Cannot read the result"):
            add_part(result, tmp_path, "Patient")
        assert segments_of(part) == [first, second]  # the earlier part is as it was
        write_stl(box(20.0), tmp_path / "finished_implant_segment_2.stl")
    remove_part(result)
    assert scene.GetNumberOfNodesByClass("vtkMRMLModelNode") == 0
