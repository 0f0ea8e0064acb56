"""The report in a real Chromium: without a network, without scripts, without WebGL, on paper, by mouse and by keys.

Skipped where there is no Chromium or no Playwright; ``.ci/programs`` installs both.
"""

import re
import shutil

import numpy as np
import pytest
from phantoms import head
from PIL import Image

from CraNeXtLib.cases.report import Figure, write_report
from CraNeXtLib.cases.report.viewer.scene import Legend, PaintedSurface, make_scene
from CraNeXtLib.evaluation.criterion import Bound, Criterion
from CraNeXtLib.evaluation.distance_maps import DistanceMap
from CraNeXtLib.geometry.surface_extraction import surface_of_field
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.pictures.palette import IMPLANT
from CraNeXtLib.pictures.skull_renderer import SkullScene

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed: .ci/programs installs it")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium: .ci/programs installs it")

MIDDLE, RADIUS_MM = np.array([0.0, 95.0, 0.0]), 30.0
WORST = (10.0, 120.0, 30.0)
RESULT = {
    "notice": "For research use, not for clinical decisions.",
    "case_id": "A-7",
    "input": {"sha256": "ab" * 32, "shape": [4, 4, 4], "spacing_mm": [1, 1, 1], "orientation": "LPS"},
    "implant_volume_ml": 113.1,
    "defect_area_cm2": 100.0,
    "thickness_mm": dict.fromkeys(("min", "p05", "median", "p95", "max"), 5.0),
    "pieces": [],
    "watertight": True,
    "fit": {
        "of": "implant",
        "rim_gap_mm": None,
        "seat_deg": None,
        "thickness_mm": None,
        "symmetry_mm": None,
        "insertions": [],
        "volume_ml": 113.1,
        "weight_g": 150.0,
        "material": "PEEK",
        "criteria": [Criterion("overlap", 0.4, "mm", Bound(at_most=0.2), WORST).as_dict()],
    },
    "warnings": [],
    "verdict": {"answer": "does not fit", "reasons": ["overlap"], "sentence": "The part does NOT fit: overlap."},
    "versions": {"cranext": "1.0"},
}


def ball() -> DistanceMap:
    """A ball as the implant, whose gap grows by 1 mm for 10 mm to the front."""
    axis = np.arange(-34.0, 35.0, 2.0)
    far = np.linalg.norm(np.stack(np.meshgrid(axis, axis, axis, indexing="ij")), axis=0) - RADIUS_MM
    affine = np.diag([2.0, 2, 2, 1])
    affine[:3, 3] = MIDDLE - 34
    mesh = surface_of_field(Volume(far.astype(np.float32), affine))
    return DistanceMap(mesh, (mesh.vertices[:, 1] - MIDDLE[1]) / 10, "gap_mm")


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """The file of a report: a skull whose implant is a ball."""
    folder = tmp_path_factory.mktemp("report")
    case, gap = head(spacing=(4.0, 4.0, 4.0), thickness_mm=12, holes=(((0.0, 90.0, 0.0), 30.0),)), ball()
    Image.new("RGB", (160, 130), "navy").save(folder / "facing.png")
    scene = make_scene(
        SkullScene.of(case.defective, case.implant),
        [PaintedSurface("implant", "Implant", gap.mesh, [gap])],
        {"gap_mm": Legend("Gap", "Gap to the bone in mm")},
        made="implant",
        case_id="A-7",
        template_to_skull=np.eye(4),
    )
    write_report(RESULT, [Figure(folder / "facing.png", "The still picture.")], folder, scene=scene)
    return folder / "report.html"


@pytest.fixture(scope="module")
def browser():
    flags = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage"]
    with playwright.sync_playwright() as running:
        started = running.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield started
        started.close()


@pytest.fixture(scope="module")
def opened(browser, report):
    """The report in a window without a network, with what it asked for and complained about."""
    page = browser.new_context(offline=True, viewport={"width": 900, "height": 800}).new_page()
    page.asked, page.errors = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda message: page.errors.append(message.text) if message.type == "error" else None)
    page.goto(report.as_uri())
    page.wait_for_selector("html[data-ready-ms]", state="attached")
    return page


@pytest.fixture
def page(opened):
    """The report, as it is at first."""
    if opened.locator("button[name=ruler]").get_attribute("aria-pressed") == "true":
        opened.locator("button[name=ruler]").click()
    for name, value in (("map", ""), ("surface-skull", "shown"), ("surface-implant", "shown")):
        choose(opened, name, value)
    opened.get_by_role("button", name="the first view").click()
    return opened


def choose(page, name: str, value: str) -> None:
    page.locator(f"input[name={name}][value='{value}']").check()


def drawn(page) -> None:
    """Wait until the page has drawn what was asked for."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def status(page) -> str:
    drawn(page)
    return page.locator(".status").inner_text()


def place_in(text: str) -> np.ndarray:
    return np.array([float(number) for number in re.search(r"RAS (\S+), (\S+), (\S+) mm", text).groups()])


def click(page, across: float = 0, down: float = 0) -> str:
    """Click so many pixels from the middle of the view, and return what the page says."""
    page.locator("canvas").evaluate("canvas => canvas.scrollIntoView()")
    box = page.locator("canvas").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2 + across, box["y"] + box["height"] / 2 + down)
    return status(page)


def middle_color(page, tmp_path) -> np.ndarray:
    drawn(page)
    page.locator("canvas").screenshot(path=tmp_path / "view.png")
    with Image.open(tmp_path / "view.png") as picture:
        return np.array(picture.convert("RGB").getpixel((picture.width // 2 + 9, picture.height // 2 + 9))) / 255


def test_it_opens_without_a_request_and_without_an_error(opened, report):
    assert opened.asked == [report.as_uri()]
    assert opened.errors == []
    assert float(opened.get_attribute("html", "data-ready-ms")) < 10_000  # a second, where nothing else runs
    assert opened.locator("canvas").is_visible()
    assert not opened.get_by_text("The still picture.").is_visible()
    assert opened.locator(".use").inner_text() == "Case A-7. For research use, not for clinical decisions."


def test_a_click_names_the_point_on_a_known_ball(page):
    page.locator("canvas").focus()
    page.keyboard.press("a")
    choose(page, "surface-skull", "hidden")
    choose(page, "map", "gap_mm")
    text = click(page, 20, -15)
    assert text.startswith("Implant at RAS")
    place = place_in(text)
    assert np.linalg.norm(place - MIDDLE) == pytest.approx(RADIUS_MM, abs=0.3)
    assert place[1] > MIDDLE[1]  # the side toward the viewer
    gap_mm = float(re.search(r"gap (\S+) mm", text)[1])
    assert gap_mm == pytest.approx((place[1] - MIDDLE[1]) / 10, abs=0.05)


def test_the_ruler_measures_between_two_points_in_mm(page):
    choose(page, "surface-skull", "hidden")
    page.locator("canvas").focus()
    page.keyboard.press("a")
    page.get_by_role("button", name="Measure between two points").click()
    first, second = place_in(click(page, -40, 10)), place_in(click(page, 30, -20))
    shown = float(page.locator("output[name=measured]").inner_text().removesuffix(" mm"))
    assert shown == pytest.approx(np.linalg.norm(second - first), abs=0.15)
    # From the front, the patient's left is on the right; the scale bar tells how long a pixel is.
    bar = page.locator(".scale i").bounding_box()["width"]
    pixel_mm = float(page.locator(".scale span").inner_text().removesuffix(" mm")) / bar
    assert second[0] - first[0] == pytest.approx(-70 * pixel_mm, abs=0.3)
    assert second[2] - first[2] == pytest.approx(30 * pixel_mm, abs=0.3)


def test_surfaces_are_shown_faded_and_hidden(page, tmp_path):
    page.locator("canvas").focus()
    page.keyboard.press("a")
    choose(page, "surface-skull", "hidden")
    shown = middle_color(page, tmp_path)
    assert shown / shown.max() == pytest.approx(IMPLANT / IMPLANT.max(), abs=0.08)
    choose(page, "surface-implant", "faded")
    faded = middle_color(page, tmp_path)
    choose(page, "surface-implant", "hidden")
    nothing = middle_color(page, tmp_path)
    assert nothing.min() > 0.95
    assert faded == pytest.approx(0.28 * shown + 0.72 * nothing, abs=0.02)


def test_a_map_is_painted_with_its_legend(page, tmp_path):
    page.locator("canvas").focus()
    page.keyboard.press("a")
    choose(page, "surface-skull", "hidden")
    choose(page, "map", "gap_mm")
    red, green, blue = middle_color(page, tmp_path)
    assert red > 2 * max(green, blue)  # the front of the ball, where the gap is 3 mm
    assert page.locator(".legend .text").inner_text() == "Gap to the bone in mm"
    assert page.locator(".legend .ticks span").all_inner_texts() == ["< -3.00", "-1.50", "0.00", "1.50", "> 3.00"]


def test_a_cut_takes_away_what_lies_beyond_it(page):
    choose(page, "surface-skull", "hidden")
    page.locator("canvas").focus()
    page.keyboard.press("a")
    before = place_in(click(page))
    page.get_by_label("Plane").select_option("A")
    page.get_by_label("Position").evaluate("input => { input.value = 0.9; input.dispatchEvent(new Event('input')) }")
    status(page)
    limit = float(page.locator("output[name=mm]").inner_text().split()[2])
    assert MIDDLE[1] - RADIUS_MM < limit < before[1] - 1
    assert place_in(click(page))[1] < limit  # the far side of the ball, seen through the cut
    page.get_by_label("Plane").select_option("")


def test_a_line_of_the_checklist_goes_to_its_worst_place(page):
    page.get_by_role("button", name="Show in 3D: Is it free of overlap with bone?").click()
    text = status(page)
    assert text.startswith("Is it free of overlap with bone?")
    assert place_in(text) == pytest.approx(WORST)
    assert page.locator("input[name=map][value=gap_mm]").is_checked()
    ring, view = page.locator(".ring").bounding_box(), page.locator("canvas").bounding_box()
    for start, size in (("x", "width"), ("y", "height")):
        assert ring[start] + ring[size] / 2 == pytest.approx(view[start] + view[size] / 2, abs=2)


def test_keys_alone_turn_and_read_the_view(page):
    choose(page, "surface-skull", "hidden")
    page.locator("canvas").focus()
    sides = {"l": ("A", "P", "S", "I"), "a": ("R", "L", "S", "I"), "s": ("L", "R", "A", "P")}
    for key, letters in sides.items():
        page.keyboard.press(key)
        status(page)
        found = tuple(page.locator(f".letter.{edge}").inner_text() for edge in ("left", "right", "top", "bottom"))
        assert found == letters
    page.keyboard.press("r")
    for _ in range(9):
        page.keyboard.press("ArrowLeft")  # by 10 degrees each: what was on the left comes to the middle
    assert status(page) == status(page)
    assert page.locator(".letter.right").inner_text() in "RL"
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    assert status(page).startswith("Implant at RAS")


def test_dragging_turns_the_head_with_the_pointer(page):
    page.locator("canvas").focus()
    page.keyboard.press("a")
    choose(page, "surface-skull", "hidden")
    box = page.locator("canvas").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + np.pi / 2 / 0.008, y, steps=3)  # a quarter turn
    page.mouse.up()
    status(page)
    # The face moves to the viewer's right, so that the patient's right side comes to the front.
    assert [page.locator(f".letter.{edge}").inner_text() for edge in ("left", "right")] == ["P", "A"]


def test_a_cut_that_faces_the_view_turns_with_it(page):
    choose(page, "surface-skull", "hidden")
    page.locator("canvas").focus()
    page.get_by_label("Plane").select_option("view")
    page.get_by_label("Position").evaluate("input => { input.value = 0.5; input.dispatchEvent(new Event('input')) }")
    found = {}
    for key in "ap":
        page.keyboard.press(key)
        found[key] = click(page)
    page.get_by_label("Plane").select_option("")
    assert found["a"] == "Nothing is there."  # the ball is in the front half of the head, which is cut away
    assert place_in(found["p"])[1] == pytest.approx(MIDDLE[1] - RADIUS_MM, abs=0.3)


def test_two_fingers_magnify_the_view(page):
    page.locator("canvas").evaluate("canvas => { canvas.scrollIntoView(); canvas.focus() }")
    box = page.locator("canvas").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    session = page.context.new_cdp_session(page)

    def fingers(kind: str, apart: float | None = None) -> None:
        points = [] if apart is None else [{"x": x + side * apart / 2, "y": y, "id": side} for side in (0, 1)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def pixels_per_mm() -> float:
        drawn(page)
        width = page.locator(".scale i").bounding_box()["width"]
        return width / float(page.locator(".scale span").inner_text().removesuffix(" mm"))

    before = pixels_per_mm()
    fingers("touchStart", 100)
    for apart in (150, 200):
        fingers("touchMove", apart)
    fingers("touchEnd")
    assert pixels_per_mm() == pytest.approx(2 * before, rel=0.02)


def test_on_paper_the_still_picture_stands(page):
    page.emulate_media(media="print")
    assert page.get_by_text("The still picture.").is_visible()
    assert not page.locator("canvas").is_visible()
    page.emulate_media(media="screen")
    assert page.locator("canvas").is_visible()


@pytest.mark.parametrize("missing", ["scripts", "WebGL"])
def test_without_scripts_or_webgl_the_still_picture_stays(browser, report, missing):
    page = browser.new_context(offline=True, java_script_enabled=missing != "scripts").new_page()
    if missing == "WebGL":
        page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    page.goto(report.as_uri())
    assert page.get_by_text("The still picture.").is_visible()
    assert page.locator("canvas").count() == 0
    assert page.get_by_role("button").count() == 0
    assert page.get_by_text("For research use, not for clinical decisions.").is_visible()
    page.close()
