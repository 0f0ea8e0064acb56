"""The report says what the result says, needs no network, and does not name files, which may be called by patients."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest
from page_texts import Texts, pdf_words
from PIL import Image

from CraNeXtLib.cases.report import Figure, write_report
from CraNeXtLib.cases.report.places import criteria_places
from CraNeXtLib.cases.report.sign_off import sign_off_rows
from CraNeXtLib.cases.report.viewer.scene import Scene
from CraNeXtLib.evaluation.criterion import Bound, Criterion

FAILURE = "The part does NOT fit: highest step to the skull 1.67 mm (at most 1.2 mm)."

RESULT = {
    "notice": "For research use, not for clinical decisions.",
    "case_id": "A-7 <b>",
    "created": "2026-01-02T03:04:05+00:00",
    "input": {
        "path": "/data/Mustermann_Max.nrrd",
        "sha256": "ab" * 32,
        "shape": [512, 512, 200],
        "spacing_mm": [0.45, 0.45, 1.0],
        "orientation": "LPS",
    },
    "model": {"name": "pca_skull", "sha256": "cd" * 32},
    "parameters": {"device": "cpu", "reference_implant": "/data/Mustermann_Max_truth.nrrd", "finishing": {"gap_mm": 1}},
    "implant_volume_ml": 33.55,
    "defect_area_cm2": 88.3,
    "thickness_mm": {"min": 0.2, "p05": 1.5, "median": 4.1, "p95": 5.0, "max": 6.0},
    "pieces": [{"volume_ml": 33.5, "centre_ras_mm": [-58.0, 14.0, -53.0]}],
    "watertight": True,
    "defects": [  # on the right, though its coordinates are left of the scanner's origin
        {
            "number": 3,  # the first two were not chosen
            "centre_ras_mm": [-95.9, 182.9, 102.3],
            "percent": {"Temporal": 0.0, "Upper Frontal": 45.76, "Lower Frontal": 54.24},
            "side": "right",
            "area_cm2": 16.9,
            "volume_ml": 8.752,
            "extent_mm": 60.4,
            "perimeter_mm": 186.1,
            "opening_cm2": {"before": 7.73, "after": 0.0},
        }
    ],
    "expected_error": {
        "mean_mm": 0.61,
        "p95_mm": 1.22,
        "known_percent": 98.4,
        "worst": {"error_mm": 2.03, "place_ras_mm": [-60.0, 50.0, 12.0], "side": "left", "region": "Temporal"},
    },
    "checklist": {
        "criteria": [
            Criterion("smooth_transition", 1.67, "mm", Bound(at_most=1.2), (-57.0, 53.0, 25.0)).as_dict(),
            Criterion("restored_shape", None, "mm", Bound(at_most=3.0)).as_dict(),
        ]
    },
    "metrics": {"dsc": 0.85, "dh95_mm": None},
    "warnings": [FAILURE, "The slices are 3 mm thick."],
    "verdict": {"answer": "does not fit", "reasons": ["step to the skull 1.67 mm"], "sentence": FAILURE},
    "seconds": {"Reading": 0.25},
    "versions": {"cranext": "1.0"},
}


@pytest.fixture
def written(tmp_path):
    """The folder of a report with three pictures and two maps."""
    figures = []
    for name, colour in (("facing", "navy"), ("six", "red"), ("slices", "white"), ("gap", "black"), ("doubt", "pink")):
        Image.new("RGB", (1600, 1300), colour).save(tmp_path / f"{name}.png")
        figures.append(Figure(tmp_path / f"{name}.png", f"What {name} shows."))
    write_report(RESULT, figures[:3], tmp_path, maps=figures[3:4], expected=figures[4:])
    return tmp_path


def test_page_says_what_the_result_says(written):
    page = Texts()
    page.feed((written / "report.html").read_text(encoding="utf-8"))
    words = " ".join(page.words)
    for expected in (
        "case A-7 <b>",
        "For research use, not for clinical decisions.",
        "The slices are 3 mm thick.",
        "33.5 mL at RAS -58, 14, -53 mm",
        "NO: highest step to the skull 1.67 mm (at most 1.2 mm); worst at RAS -57, 53, 25 mm",
        "right; Lower Frontal 54 %, Upper Frontal 46 %; 16.9 cm², 8.8 mL, 60 mm across, 186 mm around",
        "open before 7.7 cm², after 0.0 cm²; middle at RAS -96, 183, 102 mm",
        "mean 0.6 mm, 95 % below 1.2 mm",
        "2.0 mm: left, Temporal, at RAS -60, 50, 12 mm",
        "98 % of the implant",
        "not measured",
        "infinite",
        "0.8500",
        "cd" * 32,
        "ab" * 32,
        "gap mm: 1",
        "What gap shows.",
        "What doubt shows.",
    ):
        assert expected in words
    assert len(page.sources) == 5
    assert all(source.startswith("data:image/png;base64,") for source in page.sources)


def test_the_verdict_comes_first_and_once(written):
    page = (written / "report.html").read_text(encoding="utf-8")
    assert page.count(FAILURE) == 1
    assert page.index("<h1>") < page.index(f'<p class="verdict fails">{FAILURE}') < page.index('class="notice"')
    words = pdf_words(written / "report.pdf")
    assert words.count("The part does NOT fit") == 1
    assert words.index("The part does NOT fit") < words.index("For research use", words.index("case A-7") + 20)


def test_neither_file_names_the_patient(written):
    assert "Mustermann" not in (written / "report.html").read_text(encoding="utf-8")
    words = pdf_words(written / "report.pdf")
    assert "Against the reference implant" in words
    assert "Mustermann" not in words


def test_pdf_is_whole_and_has_its_pictures(written):
    content = (written / "report.pdf").read_bytes()
    assert content.startswith(b"%PDF-")
    assert content.rstrip().endswith(b"%%EOF")
    assert len(re.findall(rb"/Subtype /Image", content)) == 5
    assert len(re.findall(rb"/Type /Page\b", content)) >= 3


def test_what_the_result_does_not_know_is_left_out(tmp_path):
    result = {key: value for key, value in RESULT.items() if key not in ("metrics", "checklist", "expected_error")}
    write_report(result, [], tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Checklist" not in page
    assert "Expected error" not in page
    assert "reference implant</h2>" not in page


class Elements(HTMLParser):
    """Collects the text of a page's scripts and styles, and the attributes of its elements."""

    def __init__(self):
        super().__init__()
        self.inside, self.texts, self.attributes = None, [], []

    def handle_starttag(self, tag, attributes):
        self.attributes.append((tag, dict(attributes)))
        if tag in ("script", "style"):
            self.inside = [tag, dict(attributes).get("type"), ""]

    def handle_data(self, data):
        if self.inside:
            self.inside[2] += data

    def handle_endtag(self, tag):
        if self.inside and tag == self.inside[0]:
            self.texts.append(tuple(self.inside))
            self.inside = None


@pytest.fixture
def page(tmp_path):
    """The elements of a page with a picture and a scene."""
    Image.new("RGB", (16, 13)).save(tmp_path / "facing.png")
    scene = Scene({"case": "</script><b>", "surfaces": [], "maps": []}, b"meshes")
    write_report(RESULT, [Figure(tmp_path / "facing.png", "Facing.")], tmp_path, scene=scene)
    elements = Elements()
    elements.feed((tmp_path / "report.html").read_text(encoding="utf-8"))
    return elements


def test_the_policy_allows_the_pages_own_script_and_style_and_nothing_else(page):
    policy = next(a["content"] for _, a in page.attributes if a.get("http-equiv") == "Content-Security-Policy")
    directives = dict(directive.strip().split(" ", 1) for directive in policy.split(";"))
    runs = {"script-src": ("script", "module"), "style-src": ("style", None)}
    for directive, (tag, kind) in runs.items():
        text = next(text for *of, text in page.texts if of == [tag, kind])
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert directives.pop(directive) == f"'sha256-{digest}'"
    assert directives == {
        "default-src": "'none'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    # What the policy would refuse to run is not there, and the other scripts hold data.
    assert not [a for _, a in page.attributes if any(name.startswith("on") or name == "style" for name in a)]
    assert [kind for tag, kind, _ in page.texts if tag == "script"] == [
        "application/json",
        "application/gzip",
        "module",
    ]


def test_the_scene_is_in_the_page_as_it_was_made(page):
    texts = {kind: text for _, kind, text in page.texts}
    assert json.loads(texts["application/json"])["case"] == "</script><b>"
    assert base64.b64decode(texts["application/gzip"]) == b"meshes"


def test_lines_with_a_place_say_where_it_is_and_which_map_shows_it(page):
    places = [(a["data-place"], a["data-map"]) for tag, a in page.attributes if tag == "tr" and "data-place" in a]
    assert places == [
        ("-95.9 182.9 102.3", ""),  # the defect
        ("-60 50 12", "expected_error_mm"),
        ("-57 53 25", ""),  # the step to the skull
    ]


def test_without_a_scene_the_page_runs_no_script(written):
    page = (written / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "script-src 'none'" in page


def test_a_criterion_leads_to_the_map_that_shows_it():
    criteria = [{"name": name, "place_ras_mm": [1.0, 2.0, 3.0]} for name in ("overlap", "wall", "insertion")]
    places = criteria_places({"criteria": criteria})
    assert [place.map for place in places.values()] == ["gap_mm", "thickness_mm", ""]


def test_the_block_to_sign_names_the_part_by_the_hash_of_its_file(tmp_path):
    (tmp_path / "finished_implant.stl").write_bytes(b"solid")
    settings = {"clearance_mm": 0.5, "engraving": ""}
    rows = dict(
        sign_off_rows({**RESULT, "fit": {"of": "finished_implant"}, "finishing": {"settings": settings}}, tmp_path)
    )
    assert rows["Case"] == "A-7 <b>"
    assert rows["Part"] == f"finished_implant.stl, SHA-256 {hashlib.sha256(b'solid').hexdigest()}"
    assert rows["Settings"] == "gap to the bone of 0.5 mm"
    assert "accepted" in rows["Answer"]
    assert "change" in rows["Answer"]
    assert "Name, date, signature" in rows


def test_without_a_part_there_is_nothing_to_sign(tmp_path):
    assert sign_off_rows(RESULT, tmp_path) == []
