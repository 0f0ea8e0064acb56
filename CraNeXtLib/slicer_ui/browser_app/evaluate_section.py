"""Comparison of the implant with a reference, and the regions of the skull."""

from __future__ import annotations

import json
from typing import Any

from trame.widgets import html

from CraNeXtLib.anatomy.head.regions import ALL_REGIONS
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.slicer_ui.browser_app.companion import Companion
from CraNeXtLib.slicer_ui.browser_app.controls import file_select, run_button, section, table
from CraNeXtLib.slicer_ui.browser_app.implant_section import ImplantSection
from CraNeXtLib.slicer_ui.browser_app.run_control import RunControl
from CraNeXtLib.slicer_ui.browser_app.workbench import Workbench
from CraNeXtLib.slicer_ui.runs.categorization_run import CategorizationRun
from CraNeXtLib.slicer_ui.runs.evaluation_run import EvaluationRun
from CraNeXtLib.slicer_ui.scene.categorization_nodes import REGIONS_ATTRIBUTE
from CraNeXtLib.slicer_ui.scene.criteria_rows import measured
from CraNeXtLib.slicer_ui.scene.evaluation_nodes import checklist_rows, metric_rows, set_evaluation
from CraNeXtLib.slicer_ui.scene.node_volumes import is_ct
from CraNeXtLib.slicer_ui.scene.removal import remove_node
from CraNeXtLib.slicer_ui.scene.result_surfaces import DISTANCES
from CraNeXtLib.slicer_ui.translation import _


class EvaluateSection:
    """The sections “Evaluate” and “Regions”.

    Args:
        bench: The case.
        implant: The section that shows the result.
    """

    def __init__(self, bench: Workbench, implant: ImplantSection) -> None:
        self._bench = bench
        self._implant = implant
        self._reference = Companion(bench)
        self._regions: Any = None
        self._region_table: Any = None
        self.comparing = RunControl(
            bench.state,
            bench.runs,
            "compare",
            _("comparing implants"),
            start=self._start,
            succeeded=self._compared,
            fields=["reference"],
        )
        self.dividing = RunControl(
            bench.state, bench.runs, "divide", _("dividing a skull"), start=self._divide, succeeded=self._divided
        )
        bench.state.update({"reference": None})
        self.clear()

    def build(self) -> None:
        """Add the controls to the page."""
        with section(_("Evaluate"), "evaluate"):
            file_select(self._bench, "reference", _("Reference implant"))
            run_button(self.comparing, _("Compare"), disabled="!has_result || !reference")
            table("metrics", "metrics")
        with section(_("Regions"), "regions"):
            run_button(self.dividing, _("Divide into regions"), disabled="!has_result")
            table("region_rows", "region-rows")
            html.Div("{{ defect_place }}", id="defect-place", classes="text-caption mt-1")

    def clear(self) -> None:
        """Forget the comparison, because there is another case."""
        self._reference.clear()
        for node in (self._regions, self._region_table):
            remove_node(node)
        self._regions = self._region_table = None
        self._bench.state.update({"metrics": [], "region_rows": [], "defect_place": ""})
        for control in (self.comparing, self.dividing):
            control.clear()

    def _start(self, **callbacks: Any) -> EvaluationRun:
        bench = self._bench
        if bench.result is None:
            raise InputError(_("Make the implant first."))
        reference = self._reference.open(bench.state.reference or "")
        if is_ct(reference):
            raise InputError(
                _("{name} is a CT. Choose the mask or mesh of an implant.").format(name=reference.GetName())
            )
        return EvaluationRun((bench.result, None), (reference, None), (bench.result, None), **callbacks)

    def _compared(self, run: EvaluationRun) -> list[str]:
        assert run.description is not None  # the run succeeded
        set_evaluation(self._bench.result, run.table, run.models)
        rows = [*metric_rows(run.description), *checklist_rows(run.description)]
        self._bench.state.metrics = [[row[0], measured(row[1], row[2]), row[4]] for row in rows]
        self._implant.show_result()
        self._implant.show_surface(DISTANCES)
        return run.description["warnings"]

    def _divide(self, **callbacks: Any) -> CategorizationRun:
        result = self._bench.result
        if result is None:
            raise InputError(_("Make the implant first."))
        return CategorizationRun(result, self._regions, self._region_table, implant=result, **callbacks)

    def _divided(self, run: CategorizationRun) -> list[str]:
        description = json.loads(run.segmentation.GetAttribute(REGIONS_ATTRIBUTE))
        self._regions, self._region_table = run.segmentation, run.table
        self._regions.SetDisplayVisibility(False)  # it coincides with the skull
        defect = description["implant"]
        bone = {row["name"]: row["percent"] for row in description["regions"]}
        rows = [
            [region.name, f"{bone[region.name]:.1f}%", f"{defect['percent'][region.name]:.1f}%"]
            for region in ALL_REGIONS
        ]
        place = _("The defect is mostly in {region}: {area:.1f} cm².").format(
            region=defect["main_region"], area=defect["area_cm2"]
        )
        titles = [_("Region"), _("Of bone"), _("Of defect")]
        self._bench.state.update({"region_rows": [titles, *rows], "defect_place": place})
        return description["warnings"]
