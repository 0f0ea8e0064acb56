"""The application without a page: its cases, uploads, edits and views.

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


def test_an_upload_is_kept_as_long_as_its_case(folder, tmp_path):
    from CraNeXtLib.slicer_ui.browser_app.application import BrowserApplication

    async def uploaded_files():
        skull = (application := BrowserApplication(folder, tmp_path)).skull
        kept = []
        for name, content in (
            ("first.nrrd", (folder / "first.nrrd").read_bytes()),
            ("broken.nrrd", b"no volume"),
            ("second.nrrd", (folder / "second.nrrd").read_bytes()),
        ):
            application.state.skull_uploads = [{"name": name, "content": content}]
            await skull._upload()
            kept.append([path.name for path in tmp_path.glob("upload*/*")])
        await skull.open(folder / "ct.nrrd")
        return [*kept, list(tmp_path.glob("upload*"))]

    assert asyncio.run(uploaded_files()) == [["first.nrrd"], ["first.nrrd"], ["second.nrrd"], []]


def test_the_view_turns_to_a_chosen_surface_on_the_far_side_only(folder, tmp_path):
    import vtk

    from CraNeXtLib.slicer_ui.browser_app.application import BrowserApplication
    from CraNeXtLib.slicer_ui.scene.result_references import PART, SURFACE, set_referenced_node
    from CraNeXtLib.slicer_ui.scene.result_surfaces import IMPLANT_SURFACE, PART_SURFACE

    async def directions():
        application = BrowserApplication(folder, tmp_path)
        await application.skull.open(folder / "first.nrrd")
        bench = application.bench
        bench.result = bench.skull
        for role, left_mm in ((SURFACE, 30.0), (PART, 130.0)):  # of the center, 80 mm
            sphere = vtk.vtkSphereSource()
            sphere.SetCenter(left_mm, 80.0, 80.0)
            sphere.Update()
            model = bench.scene.AddNewNodeByClass("vtkMRMLModelNode")
            model.SetAndObservePolyData(sphere.GetOutput())
            model.CreateDefaultDisplayNodes()
            set_referenced_node(bench.result, role, model)
        camera = bench.scene.GetFirstNodeByClass("vtkMRMLCameraNode")
        seen = []
        for key in (IMPLANT_SURFACE, PART_SURFACE):
            camera.SetFocalPoint(80, 80, 80)
            camera.SetPosition(480, 380, 80)
            application.implant.show_surface(key)
            offset = np.array(camera.GetPosition()) - camera.GetFocalPoint()
            seen.append((offset / np.linalg.norm(offset)).round(2).tolist())
        return seen

    assert asyncio.run(directions()) == [[-1, 0, 0], [0.8, 0.6, 0]]
