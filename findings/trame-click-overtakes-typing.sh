#!/usr/bin/env bash
# trame: a click overtakes what was typed just before it, so the handler runs with the former value.
#
# A field bound by v_model changes the shared state, and a button calls a method of the server. Both go through one
# WebSocket, so one expects the server to see them in the order in which the user made them. But trame-client holds
# changes of the state back while an earlier change is unanswered, and calls of methods are sent at once: of "1", "12",
# "125" typed quickly, followed by a click, the method reads "1". The field shows "125" all the time, and the state
# becomes "125" after the method has run. Whoever types a size in millimeters and presses the button gets a part of
# another size. A server that takes a while to answer, as one that computes does, makes the time window longer.
# Seen with trame 4.0.0, trame-server 4.1.0, trame-client 4.1.4 and Chromium.
# Do this instead: pass the fields' values with the click, as arguments of the method, such as "[text]".
set -euo pipefail

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
  echo "$(basename "$0") needs Python 3.10 or newer as python3." >&2
  exit 2
fi
if ! CHROMIUM=$(command -v chromium || command -v chromium-browser || command -v google-chrome); then
  echo "$(basename "$0") needs Chromium." >&2
  exit 2
fi
export CHROMIUM
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
  trame==4.0.0 trame-client==4.1.4 trame-server==4.1.0 trame-common==1.2.9 wslink==2.6.0 playwright==1.65.2
cd "$work"
cat >page.py <<'PYTHON'
import json
import sys

from trame.app import get_server
from trame.ui.html import DivLayout
from trame.widgets import html

server = get_server()
server.state.update({"text": "0", "seen": "nothing yet"})


def plain():
    server.state.seen = json.dumps({"plain": server.state.text})


def with_value(text):
    server.state.seen = json.dumps({"with the value": text})


with DivLayout(server):
    html.Input(id="text", v_model=("text",))
    html.Button("Plain", id="plain", click=plain)
    html.Button("With the value", id="value", click=(with_value, "[text]"))
    html.Div("{{ seen }}", id="seen")
    html.Div("{{ text }}", id="shown")
server.start(port=int(sys.argv[1]), open_browser=False, show_connection_info=False)
PYTHON
"$work/venv/bin/python" - <<'PYTHON'
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request

from playwright.sync_api import sync_playwright


def expect(condition, what):
    if not condition:
        sys.exit(f"CHANGED: {what}")


with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
TYPE_AND_CLICK = """async button => {
    const field = document.querySelector('#text');
    for (const text of ['1', '12', '125']) {
        field.value = text;
        field.dispatchEvent(new Event('input', {bubbles: true}));
        await new Promise(done => setTimeout(done));
    }
    document.querySelector(button).click();
}"""
address = f"http://127.0.0.1:{port}/index.html"
server = subprocess.Popen([sys.executable, "page.py", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
try:
    for _ in range(100):
        try:
            urllib.request.urlopen(address).close()
            break
        except OSError:
            time.sleep(0.2)
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=os.environ["CHROMIUM"], args=["--no-sandbox", "--disable-gpu"])
        seen = {}
        for button, key in (("#plain", "plain"), ("#value", "with the value")):
            page = browser.new_page()
            page.goto(address)
            page.wait_for_selector(button)
            page.fill("#text", "0")
            page.wait_for_timeout(500)
            page.evaluate(TYPE_AND_CLICK, button)
            page.wait_for_function("key => document.querySelector('#seen').innerText.includes(key)", arg=key)
            page.wait_for_timeout(500)
            seen |= json.loads(page.inner_text("#seen"))
            expect(page.inner_text("#shown") == "125", "the page doesn't show what was typed")
            page.close()
        browser.close()
finally:
    server.terminate()
    server.wait()
print("typed 1, 12, 125, then clicked; the method saw:", seen)
expect(seen["plain"] != "125", "a method that reads the state sees what was typed just before the click")
expect(seen["with the value"] == "125", "an argument of the click isn't what was typed")
PYTHON
