"""The settings that a part was finished with, in words that need no manual, with their units."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from CraNeXtLib.cases.report.wording import direction_text

_SIZES = {
    "clearance_mm": "gap to the bone of {} mm",
    "edge_radius_mm": "outline rounded with a radius of {} mm",
    "minimum_wall_mm": "edges, and walls between holes, at least {} mm thick",
    "rim_bevel_deg": "rim slanted by at least {}°, so that it rests on the bone",
    "under_contour_mm": "outer side set back by up to {} mm, for a wound without tension",
    "temporal_bulk_ml": "{} mL added on the outer side over the temple, in place of muscle",
    "minimum_thickness_mm": "thickened on the inner side to at least {} mm",
    "maximum_thickness_mm": "thinned on the inner side to at most {} mm",
    "engraving": "engraved on the outer side: “{}”",
}
"""How each setting that is on is worded; those of holes, plates and segments are put together below."""


def setting_words(settings: Mapping[str, Any], *, without: tuple[str, ...] = ()) -> list[str]:
    """Return a phrase for each setting that is on, in the order of the settings.

    Args:
        settings: ``settings`` of ``finishing``.
        without: Names of settings that are said elsewhere.
    """
    told: dict[str, Callable[[Any], str]] = {
        **{name: partial(_sized, text) for name, text in _SIZES.items()},
        "insertion": _insertion,
        "perforation_diameter_mm": partial(_perforations, settings),
        "fixation": _fixation,
        "segments": _segments,
    }
    on = {name: value for name, value in settings.items() if value and name not in without}
    return [told[name](value) for name, value in on.items() if name in told]


def _sized(text: str, value: Any) -> str:
    return text.format(value if isinstance(value, str) else f"{value:g}")


def _insertion(value: Any) -> str:
    if value == "none":
        return "undercuts kept, so it does not go in along a straight line"
    way = "the straight way that costs least of it" if value == "auto" else f"a given way, {direction_text(value)}"
    return f"undercuts removed along {way}"


def _perforations(settings: Mapping[str, Any], diameter: float) -> str:
    pitch, border = settings["perforation_pitch_mm"], settings["perforation_border_mm"]
    return f"round holes {diameter:g} mm wide, {pitch:g} mm apart and {border:g} mm or more from the border"


def _fixation(settings: Mapping[str, Any]) -> str:
    words = [_plates(settings)] if settings["plates"] or settings["plate_spacing_mm"] else []
    counts = [(settings[f"{purpose}_holes"], f"{purpose} holes") for purpose in ("suture", "suspension")]
    holes = " and ".join(f"{count} {name}" for count, name in counts if count)
    if holes:
        width, edge, spur = (settings.get(name) for name in ("hole_diameter_mm", "hole_edge_mm", "spur_mm"))
        tongue = f", each with a tongue of {spur:g} mm that holds the suture" if spur else ""
        words.append(f"{holes} {width:g} mm wide, {edge:g} mm or more from the edge{tongue}")
    midline = settings["midline_mm"]
    near = f"nothing of these within {midline:g} mm of the midline" if midline else "also at the midline"
    return "; ".join([*words, near])


def _plates(settings: Mapping[str, Any]) -> str:
    length, width, thickness, screw, edge, depth = (
        f"{settings[name]:g}"
        for name in (
            "plate_length_mm",
            "plate_width_mm",
            "plate_thickness_mm",
            "screw_diameter_mm",
            "screw_edge_mm",
            "screw_depth_mm",
        )
    )
    count, spacing = settings["plates"], settings["plate_spacing_mm"]
    number = f"{count} plates" if count else f"plates about {spacing:g} mm apart"
    where = "in recesses" if settings["plate_kind"] == "pocket" else "on the surface"
    return (
        f"{number} {where}, {length} × {width} × {thickness} mm, with {settings['screws_per_side']} screws {screw} mm "
        f"wide on each side, {edge} mm or more from an edge, in {depth} mm or more of bone and part"
    )


def _segments(settings: Mapping[str, Any]) -> str:
    joint = (
        f"that overlap by {settings['lap_mm']:g} mm in halves of the thickness"
        if settings["joint"] == "lap"
        else "with straight walls"
    )
    return f"in {settings['count']} segments {joint}, {settings['joint_gap_mm']:g} mm apart"
