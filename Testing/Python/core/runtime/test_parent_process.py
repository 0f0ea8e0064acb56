"""A child process ends when its parent closes its input, even if it is busy or asleep."""

import subprocess
import sys
import time

import pytest

HEADER = "import sys, time\nfrom CraNeXtLib.core.runtime import parent_process\n"


def run(body: str) -> subprocess.Popen:
    """Start a child that prints a line once it is ready."""
    child = subprocess.Popen(
        [sys.executable, "-c", HEADER + body], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    )
    assert child.stdout.readline() == "ready\n"
    return child


@pytest.mark.parametrize("asleep", [True, False])
def test_closing_the_input_interrupts_the_child(asleep):
    work = "time.sleep(60)" if asleep else "while True: pass"
    child = run(
        "parent_process.when_parent_closes(parent_process.interrupt)\n"
        f"try:\n    print('ready', flush=True)\n    {work}\n"
        "except KeyboardInterrupt: print('interrupted', flush=True)\n"
    )
    output, _ = child.communicate(timeout=30)
    assert output == "interrupted\n"
    assert child.returncode == 0


def test_a_child_that_does_not_end_is_ended():
    child = run(
        "parent_process._SECONDS_TO_END = 0.2\n"
        "parent_process.when_parent_closes(lambda: None)\n"
        "print('ready', flush=True)\ntime.sleep(60)\n"
    )
    start = time.monotonic()
    child.communicate(timeout=30)
    assert child.returncode == 130
    assert time.monotonic() - start < 20
