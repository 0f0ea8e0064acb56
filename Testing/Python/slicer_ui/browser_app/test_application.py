"""The application without a page: what another skull leaves of the former one.

Skipped without the extra ``app``, which wants an older slicer-core than the tests of Slicer's panels.
"""

import asyncio
import gc

import numpy as np
import pytest

from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import write_volume

pytest.importorskip("trame_slicer", reason="the extra app is not installed")

BALL = np.linalg.norm(np.indices((40, 40, 40)) - 20, axis=0) < 15
AFFINE = np.diag([4.0, 4.0, 4.0, 1.0])


@pytest.fixture
def folder(tmp_path):
    """A folder with two skulls and a CT."""
    folder = tmp_path / "skulls"
    folder.mkdir()
    for name in ("first.nrrd", "second.nrrd"):
        write_volume(Volume(BALL.astype("uint8"), AFFINE), folder / name)
    write_volume(Volume(np.where(BALL, 1500, -1000).astype("int16"), AFFINE), folder / "ct.nrrd")
    return folder


def _data_of(bench):
    """The data that the nodes of the case hold."""
    node = bench.skull
    if node.IsA("vtkMRMLVolumeNode"):
        return [node, node.GetImageData()]
    segment = node.GetSegmentation().GetNthSegment(0)
    surface, voxels = (segment.GetRepresentation(kind) for kind in ("Closed surface", "Binary labelmap"))
    return [node, surface, voxels, bench.background.GetImageData()]


def test_another_skull_leaves_nothing_of_the_former_in_memory(folder, tmp_path):
    import vtk

    from CraNeXtLib.slicer_ui.browser_app.application import BrowserApplication

    async def freed_by_opening():
        bench = (application := BrowserApplication(folder, tmp_path)).bench
        views = bench.display._application.view_manager.get_views()
        counts = []
        for name in ("first.nrrd", "ct.nrrd", "second.nrrd"):
            freed = []
            await application.skull.open(folder / name)
            assert bench.skull.GetName() == name
            for view in views:
                view.render_window().Render()
            held = _data_of(bench)
            for one in held:
                one.AddObserver(vtk.vtkCommand.DeleteEvent, lambda *_event, freed=freed: freed.append(1))
            counts.append((freed, len(held)))
            del held, one
        gc.collect()
        return [(len(freed), count) for freed, count in counts]

    assert asyncio.run(freed_by_opening()) == [(4, 4), (2, 2), (0, 4)]


def test_a_stroke_that_changes_nothing_is_no_step_to_undo(folder, tmp_path):
    from CraNeXtLib.slicer_ui.browser_app.application import BrowserApplication
    from CraNeXtLib.slicer_ui.scene.implant_edits import implant_of
    from CraNeXtLib.slicer_ui.scene.implant_nodes import DEFECTIVE_SKULL, IMPLANT
    from CraNeXtLib.slicer_ui.scene.node_volumes import oriented_image
    from CraNeXtLib.slicer_ui.scene.result_nodes import OBJECT, Segment, fill_segments

    async def undoable_after_strokes():
        application = BrowserApplication(folder, tmp_path)
        bench, edit = application.bench, application.edit
        voxels = BALL.astype("uint8")
        voxels[20, 20, 36:38] = 2
        labels = Volume(voxels, AFFINE)
        image = oriented_image(labels)
        bench.result = bench.scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "result")
        segments = [(DEFECTIVE_SKULL, 1), (IMPLANT, 2)]
        kind = ("40388003", "Implant")
        fill_segments(
            bench.result,
            labels,
            [Segment(name, name, image, value, (1, 1, 1), OBJECT, kind) for name, value in segments],
        )
        bench.state.update({"brush": "paint", "brush_mm": 12})
        told = []
        for stroke in ([80.0, 80, 80], [80.0, 80, 150]):  # in bone, and beside the implant
            edit._stroke(np.array([stroke]))
            told.append((bench.state.undoable, int(implant_of(bench.result).voxels.sum()) > 2))
        edit.undo()
        return [*told, (bench.state.undoable, int(implant_of(bench.result).voxels.sum()) > 2)]

    assert asyncio.run(undoable_after_strokes()) == [(False, False), (True, True), (False, False)]
