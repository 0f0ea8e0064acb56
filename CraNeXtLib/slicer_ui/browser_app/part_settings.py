"""How the part is finished, fixed and split, and when it fits, as fields of the page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from trame.widgets import vuetify3 as v3

from CraNeXtLib.implant.finishing import FinishSettings, FixationSettings
from CraNeXtLib.implant.finishing.segment_settings import SegmentSettings
from CraNeXtLib.implant.fit.fit_limits import FitLimits
from CraNeXtLib.implant.fit.materials import DENSITIES_G_CM3
from CraNeXtLib.slicer_ui.browser_app.controls import field_grid
from CraNeXtLib.slicer_ui.browser_app.page_parameters import PageParameters
from CraNeXtLib.slicer_ui.browser_app.typed_settings import names_in_messages
from CraNeXtLib.slicer_ui.runs.finish_settings import FINISHING, FIXATION, LIMITS, SEGMENTS, finish_settings
from CraNeXtLib.slicer_ui.translation import _

_CHOICES = ("insertion", "plateKind", "segmentJoint")


class PartSettings:
    """The settings of the finished part.

    Args:
        state: The state of the page.
    """

    def __init__(self, state: Any) -> None:
        self._parameters = PageParameters(state, "finish")
        self._parameters.add_settings(FINISHING, FinishSettings)
        self._parameters.add_settings(FIXATION, FixationSettings)
        self._parameters.add_settings(SEGMENTS, SegmentSettings)
        self._parameters.add("segmentCount", _("Segments"), 1)
        self._parameters.add_settings(LIMITS, FitLimits)
        self._parameters.add("gapLimit", _("Gap [mm], 0 for that of the clearance"), 0.0)
        self._parameters.add("material", _("Material"), next(iter(DENSITIES_G_CM3)))

    @property
    def keys(self) -> list[str]:
        """The keys of the fields in the state."""
        return self._parameters.keys

    @property
    def names(self) -> dict[str, str]:
        """The names of the fields in messages."""
        return names_in_messages([*FINISHING.names, *FIXATION.names, *SEGMENTS.names, *LIMITS.names])

    def read(self) -> dict[str, Any]:
        """Return the settings for a run.

        Raises:
            InputError: If one is no number, or they contradict each other.
        """
        return finish_settings(self._parameters)

    def build(self) -> None:
        """Add the fields to the page."""
        parameters = self._parameters
        with field_grid():
            parameters.build(name for name in FINISHING.names.values() if name not in _CHOICES)
            parameters.build_choice("insertion", {"auto": _("Remove undercuts"), "none": _("Keep undercuts")})
            parameters.build_choice("material", {name: name for name in DENSITIES_G_CM3})
        with v3.VExpansionPanels(multiple=True, variant="accordion", classes="my-2"):
            with _group(_("Plates and holes"), "fixation"):
                parameters.build(name for name in FIXATION.names.values() if name not in _CHOICES)
                kinds = {"straight": _("On the surface"), "pocket": _("In recesses")}
                parameters.build_choice("plateKind", kinds)
            with _group(_("Segments"), "segments"):
                parameters.build(name for name in SEGMENTS.names.values() if name not in _CHOICES)
                joints = {"lap": _("Overlapping halves"), "gap": _("Straight walls")}
                parameters.build_choice("segmentJoint", joints)
            with _group(_("Limits of the fit check"), "limits"):
                parameters.build(LIMITS.names.values())


@contextmanager
def _group(title: str, name: str) -> Iterator[None]:
    with v3.VExpansionPanel(id=f"section-{name}"):
        v3.VExpansionPanelTitle(title)
        with v3.VExpansionPanelText(), field_grid():
            yield
