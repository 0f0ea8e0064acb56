"""A child process ends when its parent closes its input, even if it is busy or asleep."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from started_program import started

HEADER = "import sys, time\nfrom CraNeXtLib.core.runtime import parent_process\n"


def run(body: str) -> subprocess.Popen:
    """Start a child that prints a line once it is ready."""
    return started(HEADER + body, says="ready")


@pytest.mark.parametrize("asleep", [True, False])
def test_closing_the_input_interrupts_the_child(asleep):
    work = "time.sleep(60)" if asleep else "while True: pass"
    child = run(
        "parent_process.when_parent_closes(parent_process.interrupt)\n"
        f"try:\n    print('ready', flush=True)\n    {work}\n"
        "except KeyboardInterrupt: print('interrupted', flush=True)\n"
    )
    output, _ = child.communicate(timeout=120)
    assert output == "interrupted\n"
    assert child.returncode == 0


def test_a_child_that_does_not_end_is_ended():
    child = run(
        "parent_process._SECONDS_TO_END = 0.2\n"
        "parent_process.when_parent_closes(lambda: None)\n"
        "print('ready', flush=True)\ntime.sleep(60)\n"
    )
    start = time.monotonic()
    child.communicate(timeout=120)
    assert child.returncode == 130
    assert time.monotonic() - start < 20


POOL = """
import multiprocessing, os, sys, time
from concurrent.futures import ProcessPoolExecutor
from CraNeXtLib.core.runtime.parent_process import end_with_parent

if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context, initializer=end_with_parent) as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        time.sleep(60)
"""


@pytest.mark.skipif(os.name == "nt", reason="there is no /proc on Windows")
def test_the_processes_of_a_pool_end_with_a_killed_parent(tmp_path):
    (tmp_path / "pool.py").write_text(POOL)
    parent = subprocess.Popen([sys.executable, tmp_path / "pool.py"], stdout=subprocess.PIPE, encoding="utf-8")
    child = int(parent.stdout.readline())
    os.kill(child, 0)
    parent.kill()
    parent.communicate()
    end = time.monotonic() + 10
    while _is_alive(child):
        assert time.monotonic() < end
        time.sleep(0.05)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
