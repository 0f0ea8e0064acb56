"""What report and sheet say of the settings: each that is on, in words with its unit."""

from dataclasses import asdict, fields

from CraNeXtLib.cases.report.setting_words import setting_words
from CraNeXtLib.implant.finishing import FinishSettings, FixationSettings, SegmentSettings

ALL = FinishSettings(
    rim_bevel_deg=10,
    under_contour_mm=1,
    minimum_thickness_mm=3.5,
    maximum_thickness_mm=6,
    perforation_diameter_mm=3,
    engraving="ID 042",
    fixation=FixationSettings(
        plates=4, plate_kind="pocket", suture_holes=6, suspension_holes=2, hole_diameter_mm=5, spur_mm=3
    ),
    segments=SegmentSettings(),
)


def test_every_setting_that_is_on_is_said_with_its_unit():
    assert setting_words(asdict(ALL)) == [
        "gap to the bone of 0.5 mm",
        "outline rounded with a radius of 1 mm",
        "edges, and walls between holes, at least 2 mm thick",
        "rim slanted by at least 10°, so that it rests on the bone",
        "outer side set back by up to 1 mm, for a wound without tension",
        "thickened on the inner side to at least 3.5 mm",
        "thinned on the inner side to at most 6 mm",
        "undercuts removed along the straight way that costs least of it",
        "round holes 3 mm wide, 12 mm apart and 8 mm or more from the border",
        "engraved on the outer side: “ID 042”",
        (
            "4 plates in recesses, 24 × 5 × 0.6 mm, with 2 screws 1.5 mm wide on each side, 3 mm or more from an edge, "
            "in 3 mm or more of bone and part; 6 suture holes and 2 suspension holes 5 mm wide, 5 mm or more from the "
            "edge, each with a tongue of 3 mm that holds the suture; nothing of these within 15 mm of the midline"
        ),
        "in 2 segments that overlap by 8 mm in halves of the thickness, 0.3 mm apart",
    ]
    assert setting_words({"temporal_bulk_ml": 5.0}) == [
        "5 mL added on the outer side over the temple, in place of muscle"
    ]
    assert setting_words({"insertion": (-1.0, 0.0, 0.0), "clearance_mm": 1}, without=("clearance_mm",)) == [
        "undercuts removed along a given way, L 1.0"
    ]


def test_no_setting_is_left_out():
    together = {"perforation_pitch_mm", "perforation_border_mm"}  # said with the diameter
    for name in {field.name for field in fields(FinishSettings)} - together:
        value = getattr(ALL, name) or 1.0
        settings = asdict(ALL) | {name: value if isinstance(value, (int, float, str)) else asdict(value)}
        assert len(setting_words(settings)) - len(setting_words(settings, without=(name,))) == 1, name
