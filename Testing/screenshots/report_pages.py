"""Writes the pictures of the report's scene in Docs/Screenshots, from a real report in a real Chromium.

    cranext demo --out demo
    python Testing/screenshots/report_pages.py demo/report.html [--out FOLDER]

Needs Playwright and Chromium (``.ci/programs``).
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_SIZE = {"width": 1100, "height": 1010}


def result(page: Any) -> None:
    """Show the part in the skull, with its thickness."""
    page.locator("input[name=map][value=thickness_mm]").check()


def place(page: Any) -> None:
    """Go to where the rim follows the bone worst, with the skull faded."""
    page.get_by_role("button", name="Show in 3D: Does the rim follow the bone within tolerance?").click()
    page.locator("input[name=surface-skull][value=faded]").check()


def cut_dark(page: Any) -> None:
    """Cut skull and part, in the dark."""
    page.get_by_role("button", name="Look at the implant, the first view").click()
    page.emulate_media(color_scheme="dark")
    page.locator("input[name=surface-skull][value=shown]").check()
    page.locator("input[name=map][value='']").check()
    page.get_by_label("Plane").select_option("A")
    page.get_by_role("button", name="Look from front").click()


STATES = {"report-scene": result, "report-place": place, "report-cut-dark": cut_dark}


def main() -> int:
    """Write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("report", type=Path, help="report.html of a case")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "Docs" / "Screenshots")
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, _BROWSERS)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport=_SIZE, color_scheme="light")
        page.goto(options.report.resolve().as_uri())
        page.wait_for_selector("html[data-ready-ms]", state="attached")
        for name, prepare in STATES.items():
            prepare(page)
            page.locator(".scene").evaluate("scene => scene.scrollIntoView()")
            page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
            path = options.out / f"{name}.png"
            page.locator(".scene").screenshot(path=path)
            print(f"{path.name} {path.stat().st_size / 1000:.0f} kB")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
