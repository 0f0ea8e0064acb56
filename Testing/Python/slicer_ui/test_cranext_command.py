"""The ``cranext`` command in Slicer without a window: output, exit status, and how both end together.

This does not prove: that Slicer's own Python starts the command, nor that Slicer passes on arguments and exit status,
which was read in its source.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from repository import REPOSITORY
from slicer_stand_ins.events import PATIENCE_S, wait_until

SCRIPT = REPOSITORY / "CraNeXtLib" / "slicer_ui" / "cranext_command.py"


@pytest.fixture
def slicer_without_window(tmp_path):
    """Start a stand-in for ``Slicer --no-main-window --python-script`` with the parts that the command uses.

    The fixture is a function of the Python code that runs in Slicer and its arguments, and returns the process.
    """
    application = (
        "import sys, types\n"
        "slicer = sys.modules['slicer'] = types.ModuleType('slicer')\n"
        "slicer.app = types.SimpleNamespace(processEvents=lambda: None)\n"
        "slicer.util = types.SimpleNamespace(settingsValue=lambda key, default: default, exit=sys.exit)\n"
    )
    started = []

    def start(program, *arguments):
        process = subprocess.Popen(
            [sys.executable, "-c", application + program, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def children_of(process):
    """Return the PIDs of the children of a process."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status = (folder / "stat").read_text()
        except OSError:
            continue
        if int(status.rsplit(")", 1)[1].split()[1]) == process.pid:
            found.append(int(folder.name))
    return found


def test_output_and_exit_status_are_those_of_the_command_line(slicer_without_window, tmp_path):
    """With or without Slicer's ``--``."""
    script = "del sys.argv[0]; exec(open(sys.argv[0]).read(), {'__name__': '__main__', '__file__': sys.argv[0]})"
    process = slicer_without_window(script, SCRIPT, "--", "train", "default", "--print-config")
    printed, _ = process.communicate()
    assert process.returncode == 0
    assert "samples_per_epoch: 500" in printed
    process = slicer_without_window(script, SCRIPT, "train", "worst", "--out", tmp_path / "run")
    _, said = process.communicate()
    assert process.returncode == 2
    assert said.count("cranext: error: 'worst' is neither a preset") == 1


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_command_ends_when_slicer_ends(slicer_without_window, tmp_path, how):
    """The command ends by itself, however Slicer ends; no deadline kills either of them here."""
    alive, command = tmp_path / "alive", tmp_path / "command.py"
    command.write_text(
        "import sys, time; from pathlib import Path\n"
        "from CraNeXtLib.core.runtime import parent_process\n"
        f"parent_process._SECONDS_TO_END = {PATIENCE_S}\n"
        "parent_process.when_parent_closes(parent_process.interrupt)\n"
        "try:\n"
        "    Path(sys.argv[1]).touch()\n"
        f"    time.sleep({PATIENCE_S})\n"
        "except KeyboardInterrupt:\n"
        "    Path(sys.argv[1]).unlink(); print('ended', flush=True); sys.exit(130)\n"
    )
    program = (
        "from pathlib import Path\n"
        "from CraNeXtLib.slicer_ui import cranext_command\n"
        f"cranext_command.PROGRAM = Path({str(command)!r})\n"
        f"cranext_command._SECONDS_TO_END = {PATIENCE_S}\n"
        "sys.exit(cranext_command.run_command(sys.argv[1:]))\n"
    )
    process = slicer_without_window(program, alive)
    wait_until(alive.exists)
    assert children_of(process)
    process.send_signal(how)
    printed, _ = process.communicate(timeout=PATIENCE_S)
    if how != signal.SIGKILL:
        assert process.returncode == 130
        assert "ended" in printed
    wait_until(lambda: not alive.exists())
