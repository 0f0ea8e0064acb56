"""SIGTERM and SIGHUP let a command clean up, as Ctrl-C does."""

import os
import signal

import pytest
from started_program import started

from CraNeXtLib.core.runtime.signals import exit_status, interrupting_signals

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows ends processes without a signal")

COMMAND = """
import sys, time
from pathlib import Path
from CraNeXtLib.cli import main
from CraNeXtLib.cli.commands import doctor
from CraNeXtLib.core.files.filling import filling

def work(_options, _progress):
    with filling(sys.argv[1]) as folder:
        (folder / "half").write_text("half")
        print("working", flush=True)
        time.sleep(60)

doctor._run = work
sys.exit(main(["doctor"]))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_command_which_cleans_up(tmp_path, number):
    process = started(COMMAND, tmp_path / "out", says="working")
    process.send_signal(number)
    _, error = process.communicate(timeout=120)
    assert error == "cranext: cancelled\n"
    assert process.returncode == (130 if number == signal.SIGINT else 128 + number)
    assert list(tmp_path.iterdir()) == []


def test_a_second_signal_does_not_interrupt_the_cleaning_up():
    with interrupting_signals() as come:
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGHUP)
    assert come == [signal.SIGTERM, signal.SIGHUP]
    assert exit_status(come) == 143
    assert exit_status([]) == 130
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_after_nohup_a_closed_terminal_does_not_end_the_command():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interrupting_signals() as come:
            os.kill(os.getpid(), signal.SIGHUP)
        assert come == []
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
