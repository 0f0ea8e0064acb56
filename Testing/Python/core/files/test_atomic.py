"""Files and folders appear whole or not at all, and a refusal of the system becomes a sentence for the user."""

import os
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from started_program import started

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files import staging
from CraNeXtLib.core.files.atomic import new_folder, replacing
from CraNeXtLib.core.files.filling import filling
from CraNeXtLib.core.files.lock import locked
from CraNeXtLib.core.files.text import write_text

WRITER = """
import sys
from CraNeXtLib.core.files import staging
from CraNeXtLib.core.files.atomic import replacing
with replacing(sys.argv[1]) as temporary:
    temporary.write_text("a")
    print("writing", flush=True)
    sys.stdin.readline()
"""


def test_a_file_is_replaced_when_the_block_ends(tmp_path):
    path = tmp_path / "new" / "scan.seg.nrrd"
    with replacing(path) as temporary:
        assert temporary.name == "scan.seg.nrrd"
        temporary.write_text("content")
        assert not path.exists()
    assert path.read_text() == "content"
    assert [p.name for p in path.parent.iterdir()] == ["scan.seg.nrrd"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_a_file_and_a_folder_get_the_permissions_of_the_process(tmp_path):
    before = os.umask(0o027)
    try:
        with replacing(tmp_path / "file") as temporary:
            temporary.write_text("")
        with new_folder(tmp_path / "folder"):
            pass
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) == 0o750


def test_files_that_threads_write_at_once_get_the_permissions_of_the_process(tmp_path, monkeypatch):
    real = os.umask
    monkeypatch.setattr(os, "umask", lambda mask: (real(mask), time.sleep(0.005))[0])  # so that threads take turns
    before = real(0o027)
    try:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda name: write_text(tmp_path / name, ""), map(str, range(8))))
        assert real(0o027) == 0o027
    finally:
        real(before)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o640}


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, InputError])
def test_after_an_error_everything_is_as_before(tmp_path, error):
    (tmp_path / "file").write_text("old")
    for context in (replacing(tmp_path / "file"), new_folder(tmp_path / "folder"), filling(tmp_path / "results")):
        with pytest.raises(error), context as temporary:
            if temporary.is_dir():
                (temporary / "part").write_text("half")
            else:
                temporary.write_text("half")
            raise error("stop")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "old"


def test_a_new_folder_does_not_overwrite_one(tmp_path):
    with pytest.raises(InputError, match=r"already exists; choose another name"), new_folder(tmp_path):
        pass
    with new_folder(tmp_path / "a" / "b") as temporary:
        (temporary / "sub").mkdir()
    assert (tmp_path / "a" / "b" / "sub").is_dir()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_what_killed_processes_left_is_deleted_by_the_next_and_work_in_progress_is_not(tmp_path):
    killed, alive = (started(WRITER, tmp_path / "a.txt", says="writing") for _ in range(2))
    killed.kill()
    killed.communicate()
    assert len(list(tmp_path.iterdir())) == 2
    with replacing(tmp_path / "b.txt") as temporary:
        temporary.write_text("b")
    assert len(list(tmp_path.iterdir())) == 2
    alive.communicate("go on\n")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a.txt": "a", "b.txt": "b"}


@pytest.mark.parametrize("context", [replacing, new_folder, filling])
@pytest.mark.parametrize("name", ["n" * 256, "nul\0", "long/" * 900 + "path"])
def test_an_impossible_path_is_refused(tmp_path, context, name):
    with pytest.raises(InputError, match=r"choose another folder|leave out the NUL"), context(tmp_path / name):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("context", [replacing, new_folder, filling])
def test_a_refusal_of_the_system_says_where_and_why(tmp_path, context):
    (tmp_path / "file").write_text("")
    refused = pytest.raises(
        InputError, match=r"Cannot write to .*inside: (Not a dir|File exi).*; choose another folder"
    )
    with refused, context(tmp_path / "file" / "inside"):
        pass


@pytest.mark.parametrize("context", [replacing, new_folder, filling])
def test_a_full_disk_in_the_block_is_a_refusal_too(tmp_path, context):
    refused = pytest.raises(InputError, match="No space left on device; choose another folder")
    with refused, context(tmp_path / "result"):
        raise OSError(28, "No space left on device")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("context", [replacing, new_folder])
def test_after_an_error_no_new_parent_is_left_and_no_other_is_lost(tmp_path, context):
    (tmp_path / "mine").mkdir()
    for path in (tmp_path / "mine" / "a" / "b" / "c", tmp_path / "mine" / "c"):
        with pytest.raises(InputError, match="no"), context(path):
            raise InputError("no")
    assert [path.name for path in tmp_path.rglob("*")] == ["mine"]
    with context(tmp_path / "a" / "b" / "c") as temporary:
        if context is replacing:
            temporary.write_text("new")
    assert (tmp_path / "a" / "b" / "c").exists()


def test_a_temporary_folder_that_is_locked_at_the_last_moment_is_kept(tmp_path, monkeypatch):
    """Its maker, another thread or process, was about to lock it when it was found abandoned."""
    folder = tmp_path / ".cranext-file-0"
    folder.mkdir()
    with ExitStack() as maker:

        def found_and_then_locked(path):
            maker.enter_context(locked(path))
            return True

        monkeypatch.setattr(staging, "is_abandoned", found_and_then_locked)
        staging.sweep(tmp_path)
        assert (folder / staging.LOCK).exists()
    monkeypatch.undo()
    staging.sweep(tmp_path)
    assert not folder.exists()
