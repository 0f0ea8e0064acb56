"""Opening a skull or a CT, from the folder or by upload, and choosing the threshold of bone."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from trame.widgets import html
from trame.widgets import vuetify3 as v3

from CraNeXtLib.anatomy.ct.bone_threshold import BONE_THRESHOLD_HU
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.resources import DEFECTIVE_SKULL
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.slicer_ui.browser_app.controls import file_select, message, section, with_fields
from CraNeXtLib.slicer_ui.browser_app.input_files import OpenedFile, chosen_file, open_file
from CraNeXtLib.slicer_ui.browser_app.run_control import CONTROLS
from CraNeXtLib.slicer_ui.browser_app.workbench import Workbench
from CraNeXtLib.slicer_ui.scene import input_nodes
from CraNeXtLib.slicer_ui.scene.threshold_preview import ThresholdPreview
from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.slicer_ui.widgets.run_outcome import outcome_of, still_working

_LOWEST_HU, _HIGHEST_HU = 100, 1000


class SkullSection:
    """The section “Skull”.

    Args:
        bench: The case.
        opened: Called when another skull was opened.
    """

    def __init__(self, bench: Workbench, opened: Callable[[], None]) -> None:
        self._bench = bench
        self._opened = opened
        self.dicom: tuple[Path, str] | None = None
        """Folder or file of the opened CT and the chosen series, if it is one of DICOM images."""
        self._uploaded: Path | None = None  # folder of what was uploaded for the open case
        self._asked: tuple[str, str] = ("", "")
        self._ct: Volume | None = None
        self._surface_node: Any = None
        self._preview = ThresholdPreview()
        bench.state.update(
            {
                "skull_file": None,
                "skull_part": "",
                "skull_uploads": None,
                "skull_name": "",
                "skull_opening": False,
                "skull_is_ct": False,
                "skull_threshold": BONE_THRESHOLD_HU,
                "skull_kind": "",
                "skull_text": "",
            }
        )
        bench.state.change("skull_threshold")(self._show_threshold)
        bench.state.change("skull_uploads")(self._upload)
        bench.state.change("skull_file", "skull_part")(self._forget_error)

    def build(self) -> None:
        """Add the controls to the page."""
        with section(_("Skull"), "skull"):
            file_select(self._bench, "skull_file", _("File"))
            v3.VTextField(
                v_model=("skull_part",),
                label=_("Segment or series"),
                placeholder=_("if there are several"),
                id="skull-part",
                classes="mb-2",
            )
            with html.Div(classes="d-flex", style="gap: 8px"):
                v3.VBtn(
                    _("Open"),
                    id="skull-open",
                    click=with_fields(self.open_chosen, ["skull_file", "skull_part"]),
                    color="primary",
                    disabled=("!skull_file || skull_opening",),
                    loading=("skull_opening",),
                )
                v3.VBtn(_("Sample skull"), id="skull-sample", click=self.open_sample, disabled=("skull_opening",))
            v3.VFileInput(
                v_model=("skull_uploads",),
                label=_("or upload files"),
                multiple=True,
                id="skull-upload",
                classes="mt-2",
            )
            html.Div("{{ skull_name }}", id="skull-name", classes="mt-2 font-weight-bold")
            with html.Div(v_if=("skull_is_ct",)):
                v3.VSlider(
                    v_model=("skull_threshold",),
                    min=_LOWEST_HU,
                    max=_HIGHEST_HU,
                    step=10,
                    label=_("Bone from"),
                    hide_details=True,
                    id="skull-threshold",
                    end=self.show_bone,
                )
                html.Div(_("{{ skull_threshold }} HU. Orange in the slices is bone."), classes="text-caption")
            message("skull")

    async def open_chosen(self, filled_in: Mapping[str, Any]) -> None:
        """Open the file that is chosen in the list.

        Args:
            filled_in: What the page's fields said at the click, as for :meth:`RunControl.press`.
        """
        state = self._bench.state
        state.update({key: filled_in[key] for key in ("skull_file", "skull_part") if key in filled_in})
        try:
            path = chosen_file(self._bench.folder, state.skull_file or "")
        except InputError as error:
            self._say(error)
            return
        await self.open(path)

    async def open_sample(self) -> None:
        """Open the bundled skull."""
        await self.open(DEFECTIVE_SKULL)

    async def open(self, path: Path) -> bool:
        """Open a skull or a CT in the place of the present case, and return whether it could be used."""
        state = self._bench.state
        self._asked = self._filled_in()
        if self._bench.runs.working is not None:
            self._say(InputError(still_working(self._bench.runs.working.work)))
            return False
        with state:
            state.update({"skull_opening": True, "skull_text": ""})
        try:
            _file, part = self._asked
            file = await asyncio.to_thread(open_file, path, part)
            bone = await asyncio.to_thread(self._bone_of, file)
            surface = await asyncio.to_thread(input_nodes.display_surface, bone)
            self._put(file, path.name, surface)
            self.dicom = (path, part) if file.is_dicom else None
        except Exception as error:
            self._say(error)
            return False
        finally:
            with state:
                state.skull_opening = False
        return True

    async def show_bone(self, *_event: Any) -> None:
        """Show the bone at the threshold in 3D, which takes a moment, when the slider is released."""
        if self._ct is None or self._surface_node is None:
            return
        try:
            bone = await asyncio.to_thread(self._bone_of, OpenedFile(self._ct, True))
            surface = await asyncio.to_thread(input_nodes.display_surface, bone)
        except InputError as error:
            self._say(error)
            return
        self._surface_node.SetAndObservePolyData(surface)
        self._bench.display.redraw()

    @property
    def threshold_hu(self) -> float | None:
        """The threshold of bone; None for a mask."""
        return float(self._bench.state.skull_threshold) if self._bench.state.skull_is_ct else None

    def hide_bone(self) -> None:
        """Hide the preview of a CT's bone, which a result would coincide with."""
        self._preview.hide()
        if self._surface_node is not None:
            self._surface_node.SetDisplayVisibility(False)

    def _bone_of(self, file: OpenedFile) -> Volume:
        if not file.is_ct:
            return file.volume
        bone = file.volume.with_voxels(file.volume.voxels >= float(self._bench.state.skull_threshold))
        if not bone.voxels.any():
            raise InputError(_("The CT shows no bone at this threshold. Lower it."))
        return bone

    def _put(self, file: OpenedFile, name: str, surface: Any) -> None:
        bench, state = self._bench, self._bench.state
        self._preview.hide()
        bench.clear()
        self._delete_upload()
        self._surface_node, self._ct = None, file.volume if file.is_ct else None
        if file.is_ct:
            bench.skull = bench.background = input_nodes.add_ct(file.volume, name)
            self._surface_node = input_nodes.add_bone_preview(surface, _("Bone preview"))
        else:
            bench.skull = input_nodes.add_skull(file.volume, name, surface)
            bench.background = input_nodes.add_empty_background(file.volume, _("Slices"))
        bench.display.show_background(bench.background)
        bench.display.fit(bench.skull)
        self._opened()
        with state:
            warnings = "\n".join(file.warnings)
            state.update({"skull_name": name, "skull_is_ct": file.is_ct, "skull_kind": "warning"})
            state.skull_text = warnings
        self._show_threshold()

    def _show_threshold(self, **_state: Any) -> None:
        if self._ct is not None and self._bench.skull is not None and self._bench.result is None:
            self._preview.show(self._bench.skull, float(self._bench.state.skull_threshold))
            self._bench.display.redraw()

    async def _upload(self, **_state: Any) -> None:
        """Open the uploaded file; several, such as the images of a series, are a folder.

        Each upload has a folder of its own, since the open case may still need the files of the former one.
        """
        given = self._bench.state.skull_uploads
        files = [file for file in (given if isinstance(given, list) else [given]) if file and file.get("content")]
        if not files:
            return
        folder = Path(tempfile.mkdtemp(prefix="upload-", dir=self._bench.temporary))
        for file in files:
            content = file["content"]
            data = content if isinstance(content, bytes) else b"".join(content)
            (folder / Path(file["name"]).name).write_bytes(data)
        with self._bench.state as state:
            state.skull_uploads = None
        if await self.open(folder / Path(files[0]["name"]).name if len(files) == 1 else folder):
            self._uploaded = folder
        else:
            shutil.rmtree(folder)

    def _delete_upload(self) -> None:
        """Delete what was uploaded for a case that is gone."""
        if self._uploaded is not None:
            shutil.rmtree(self._uploaded)
            self._uploaded = None

    def _forget_error(self, **_state: Any) -> None:
        """Forget an error when another skull is chosen."""
        if self._bench.state.skull_kind == "error" and self._filled_in() != self._asked:
            self._bench.state.skull_text = ""

    def _filled_in(self) -> tuple[str, str]:
        return self._bench.state.skull_file or "", (self._bench.state.skull_part or "").strip()

    def _say(self, error: Exception) -> None:
        outcome = outcome_of(error, CONTROLS)
        with self._bench.state as state:
            state.update({"skull_kind": {"information": "info"}.get(outcome.kind, outcome.kind)})
            state.skull_text = outcome.text
