"""Writes pictures of the browser application into Docs/Screenshots.

    python Testing/screenshots/app_pages.py [--out FOLDER]

The application is real, on the bundled skull, and so is the browser, Chromium by Playwright. Needs the extra ``app``.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_SIZE = {"width": 1600, "height": 1340}  # high enough for the titles of all sections
_MINUTES_MS = 60_000


def main() -> int:
    """Make an implant and take pictures of it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=REPOSITORY / "Docs" / "Screenshots")
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    command = [sys.executable, "-m", "CraNeXtLib.cli", "app", "--no-browser"]
    folder = REPOSITORY / "CraNeXtLib" / "Resources" / "Demo"
    with subprocess.Popen([*command, str(folder)], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as application:
        try:
            assert application.stdout is not None
            address = next(found for line in application.stdout if (found := re.search(r"http://\S+", line)))[0]
            with sync_playwright() as playwright:
                program = next(filter(None, map(shutil.which, _BROWSERS)), None)
                browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
                page = browser.new_page(viewport=_SIZE)
                page.goto(address)
                page.click("#skull-sample")
                page.wait_for_selector("#skull-name:has-text('nrrd')", timeout=_MINUTES_MS)
                page.click("#make")
                page.wait_for_selector("#measures", timeout=15 * _MINUTES_MS)
                page.click("#section-skull .v-expansion-panel-title")
                page.wait_for_timeout(4000)  # until the last picture of each view has arrived
                page.screenshot(path=options.out / "app-result.png")
                browser.close()
        finally:
            application.terminate()
    return 0


if __name__ == "__main__":
    sys.exit(main())
