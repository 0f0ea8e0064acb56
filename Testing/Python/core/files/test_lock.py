"""A lock lasts exactly as long as its process, and others can test it without disturbing it."""

import os
import signal

import pytest
from started_program import started

from CraNeXtLib.core.files.lock import LockedError, is_locked, locked

HOLDER = """
import sys, time
from pathlib import Path
from CraNeXtLib.core.files.lock import locked
with locked(Path(sys.argv[1])):
    print("locked", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Return a process that holds a lock on the file ``lock``."""
    process = started(HOLDER, tmp_path / "lock", says="locked")
    yield process
    process.kill()
    process.communicate()


def test_a_lock_is_seen_by_others_until_its_process_is_killed(tmp_path, holder):
    path = tmp_path / "lock"
    assert is_locked(path)
    with pytest.raises(LockedError), locked(path):
        pass
    os.kill(holder.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    holder.wait()
    assert not is_locked(path)
    with locked(path):
        pass


def test_a_lock_ends_with_its_block(tmp_path):
    path = tmp_path / "lock"
    assert not is_locked(path)
    with locked(path):
        assert is_locked(path)
        assert is_locked(path)
    assert not is_locked(path)
    assert path.read_bytes() == b""


def test_a_folder_that_refuses_the_file_raises(tmp_path):
    with pytest.raises(OSError, match="lock"), locked(tmp_path / "missing" / "lock"):
        pass
