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
