"""The views of the page: which skull or result they show, and where they look."""

from __future__ import annotations

from typing import Any

import numpy as np

from CraNeXtLib.slicer_ui.browser_app.orientation_marks import mark_3d, mark_slice
from CraNeXtLib.slicer_ui.scene import views

_MARGIN = 1.15  # of a slice around what it shows
_LAYOUT = "CraNeXt"


class Display:
    """The 3D view beside three slices.

    Args:
        application: The ``SlicerApp`` of trame-slicer.
        server: The trame server, which sends the pictures.
    """

    def __init__(self, application: Any, server: Any) -> None:
        from trame_slicer.core import LayoutManager
        from trame_slicer.rca_view import register_rca_factories

        self._application = application
        self._scene = application.scene
        register_rca_factories(application.view_manager, server, target_fps=20)
        self.layouts = LayoutManager(self._scene, application.view_manager, server)
        self.layouts.register_layout_dict({_LAYOUT: LayoutManager.default_grid_configuration()["3D Primary"]})
        self.layouts.set_layout(_LAYOUT)
        for view in self.slice_views():
            mark_slice(view)
        for view in application.view_manager.get_threed_views():
            mark_3d(view)

    def slice_views(self) -> list[Any]:
        """Return the slice views of trame-slicer."""
        return self._application.view_manager.get_slice_views()

    def show_background(self, volume: Any) -> None:
        """Show a volume in all slices."""
        self._application.display_manager.show_volume_in_slice_background(volume)

    def let_go(self) -> None:
        """Free the volumes that were in the slices, of which a layer without a volume keeps the last one."""
        for slice_logic in self._application.app_logic.GetSliceLogics():
            for layer in (slice_logic.GetBackgroundLayer(), slice_logic.GetForegroundLayer()):
                if layer.GetVolumeNode() is None:
                    for reslice in (layer.GetReslice(), layer.GetResliceUVW()):
                        reslice.SetInputData(None)

    def fit(self, node: Any) -> None:
        """Let every view show a node whole."""
        bounds = np.zeros(6)
        node.GetRASBounds(bounds)
        size = float((bounds[1::2] - bounds[::2]).max()) * _MARGIN
        manager = self._application.view_manager
        for view in manager.get_slice_views():
            view.reset_view()
            slice_node = view.get_view_node()
            width, height, depth = slice_node.GetFieldOfView()
            across = size * max(1.0, width / height)
            slice_node.SetFieldOfView(across, across * height / width, depth)
            slice_node.JumpSliceByCentering(*views.center_of(node))
        for view in manager.get_threed_views():
            view.reset_view()
        self.redraw()

    def look_at(self, position_ras: Any, node: Any) -> None:
        """Look at a position from outside a node, and mark it.

        Args:
            position_ras: Position in mm, in the node's coordinates.
            node: The node, of whose center the views keep a distance.
        """
        position = views.to_world(node, position_ras)
        views.show_position(self._scene, position, views.center_of(node))
        views.mark(self._scene, position)
        self._fill_3d(node)

    def hides(self, target: Any, node: Any) -> bool:
        """Return whether a target lies on the far side of a node in 3D."""
        return views.on_far_side(self._scene, views.center_of(target), views.center_of(node))

    def face(self, target: Any, node: Any) -> None:
        """Look at the center of a target, such as an implant, from outside a node."""
        views.show_position(self._scene, views.center_of(target), views.center_of(node))
        self._fill_3d(node)

    def _fill_3d(self, node: Any) -> None:
        """Let the 3D view show a node whole, whatever its shape, from the direction in which it looks."""
        bounds = np.zeros(6)
        node.GetRASBounds(bounds)
        for view in self._application.view_manager.get_threed_views():
            view.renderer().ResetCameraScreenSpace(bounds)
        self.redraw()

    def redraw(self, *_arguments: Any, **_options: Any) -> None:
        """Draw every view again."""
        for view in self._application.view_manager.get_views():
            view.schedule_render()
