"""The application in a real Chromium: its token, a refusal, a cancel, and a page that is reloaded during a run.

Skipped without the extra ``app``, which wants an older slicer-core than the tests of Slicer's panels, without
Playwright and without Chromium.
"""

import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request

import numpy as np
import pytest
from phantoms import every_second_voxel
from repository import REPOSITORY

from CraNeXtLib.core.resources import DEFECTIVE_SKULL
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_volume, write_volume

pytest.importorskip("trame_slicer", reason="the extra app is not installed")
playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed: .ci/programs installs it")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium: .ci/programs installs it")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a skull."""
    folder = tmp_path_factory.mktemp("skulls")
    write_volume(every_second_voxel(read_volume(DEFECTIVE_SKULL)), folder / "skull.nrrd")
    return folder


@pytest.fixture(scope="module")
def address(folder):
    """The address of an application with the folder."""
    command = [sys.executable, "-m", "CraNeXtLib.cli", "app", str(folder), "--no-browser"]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        yield next(found for line in process.stdout if (found := re.search(r"http://\S+", line)))[0]
        process.terminate()
        assert process.wait(20) == 143


@pytest.fixture(scope="module")
def page(address):
    with playwright.sync_playwright() as running:
        started = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        opened = started.new_page(viewport={"width": 1200, "height": 800})
        opened.asked = []
        opened.on("request", lambda request: opened.asked.append(request.url))
        opened.goto(address)
        opened.wait_for_selector("#skull-open", timeout=60_000)
        yield opened
        started.close()


def choose(page, name):
    page.click("#skull-file", force=True)
    page.click(f".v-overlay .v-list-item:has-text('{name}')")
    page.click("#skull-open")


@pytest.mark.parametrize("path", ["/", "/index.html", "/ws", "/export/case.zip"])
def test_nothing_is_given_without_the_token(address, path):
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(address.partition("/index.html")[0] + path)


def test_a_file_that_came_later_is_listed_and_its_refusal_told_at_the_control(page, folder):
    write_volume(Volume(np.zeros((20, 20, 20), np.uint8), np.eye(4)), folder / "empty.nrrd")
    choose(page, "empty.nrrd")
    page.wait_for_selector("#skull-message:has-text('empty')", timeout=60_000)
    assert page.text_content("#skull-name") == ""


def test_what_is_typed_just_before_a_button_is_pressed_counts(page):
    page.click("#skull-file", force=True)
    page.click(".v-overlay .v-list-item:has-text('skull.nrrd')")
    typed = """async () => {
        const field = document.querySelector('#skull-part');
        for (const text of ['1', '12', 'frontal']) {
            field.value = text;
            field.dispatchEvent(new Event('input', {bubbles: true}));
            await new Promise(done => setTimeout(done));
        }
        document.querySelector('#skull-open').click();
    }"""
    page.evaluate(typed)
    page.wait_for_selector("#skull-message:has-text('no named segments')", timeout=60_000)
    page.fill("#skull-part", "")


def test_a_run_is_rejoined_after_a_reload_and_cancelled(page, address):
    choose(page, "skull.nrrd")
    page.wait_for_selector("#skull-name:has-text('skull.nrrd')", timeout=60_000)
    page.click("#make")
    page.wait_for_selector("#make:has-text('Cancel')", timeout=60_000)
    page.reload()
    page.wait_for_selector("#make:has-text('Cancel')", timeout=60_000)
    page.click("#make")
    page.wait_for_selector("#make-message:has-text('Canceled. The scene is unchanged.')", timeout=60_000)
    assert page.text_content("#skull-name") == "skull.nrrd"
    origin = address.partition("/index.html")[0]
    assert {url for url in page.asked if not url.startswith((origin, "blob:", "data:"))} == set()


def test_the_notice_is_visible(page):
    assert page.inner_text("#notice").strip() == "For research use, not for clinical decisions."
