"""A run's files replace those of an earlier run all at once or not at all, whatever happens on the way."""

import json
import os
import shutil
import signal
from pathlib import Path

import pytest
from started_program import started

from CraNeXtLib.core.errors import CancelledError, InputError
from CraNeXtLib.core.files import filling as module
from CraNeXtLib.core.files.filling import RUN, clean, filling

OLD = {"a": "old a", "b": "old b", "run.json": "old", "notes": "the user's"}
SWAPPED = {"a": "new a", "c": "new c", "run.json": "new", "notes": "the user's"}
RUN_SCRIPT = """
import os, signal, sys, time
from pathlib import Path
from CraNeXtLib.core.files.filling import filling
folder, moves = Path(sys.argv[1]), int(sys.argv[2])
done, replace = 0, Path.replace
def counted(self, target):
    global done
    if done == moves:
        print("moving", flush=True)
        time.sleep(60)
    done += 1
    return replace(self, target)
Path.replace = counted
with filling(folder, earlier=lambda _folder: {"a", "b", "run.json"}, last="run.json") as new:
    for name, text in {"a": "new a", "c": "new c", "run.json": "new"}.items():
        (new / name).write_text(text)
"""


@pytest.fixture
def folder(tmp_path):
    for name, text in OLD.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def content(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


def fill(folder, **texts):
    with filling(folder, earlier=lambda _folder: {"a", "b", "run.json"}, last="run.json") as new:
        for name, text in (texts or {"a": "new a", "c": "new c", "run.json": "new"}).items():
            (new / name).write_text(text)


def stopped_after(folder, moves):
    """Start a run that stands still once it has moved some files."""
    return started(RUN_SCRIPT, folder, moves, says="moving")


def test_what_an_earlier_run_wrote_disappears_and_nothing_else(folder):
    fill(folder)
    assert content(folder) == SWAPPED


def test_without_knowledge_of_an_earlier_run_files_of_other_names_stay(folder):
    with filling(folder) as new:
        (new / "a").write_text("new a")
        assert (folder / "a").read_text() == "old a"
    assert content(folder) == OLD | {"a": "new a"}


def test_a_file_of_the_user_is_refused_before_the_work_if_its_name_is_known(folder):
    with (
        pytest.raises(InputError, match=r"run\.json would be overwritten"),
        filling(folder, earlier=lambda _folder: {"a"}, last="run.json"),
    ):
        pytest.fail("the work began")


def test_a_file_of_the_user_is_not_overwritten(folder):
    with pytest.raises(InputError, match=r"notes would be overwritten.*choose another folder"):
        fill(folder, a="new a", notes="new")
    assert content(folder) == OLD


@pytest.mark.parametrize("name", ["a", "c"])
def test_a_folder_in_the_way_of_a_file_is_named_before_anything_moves(folder, name):
    (folder / name).unlink(missing_ok=True)
    (folder / name).mkdir()
    before = {path.name for path in folder.iterdir()}
    with pytest.raises(InputError, match=rf"{name} is a folder where a file must be written"):
        fill(folder)
    assert {path.name for path in folder.iterdir()} == before
    assert (folder / "run.json").read_text() == "old"


@pytest.mark.parametrize("fails_at", range(6))
@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), KeyboardInterrupt()])
def test_when_one_file_cannot_be_moved_all_are_moved_back(folder, monkeypatch, fails_at, error):
    moves, replace = iter(range(100)), Path.replace

    def counted(self, target):
        if next(moves) == fails_at:
            raise error
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", counted)
    with pytest.raises((InputError, KeyboardInterrupt)):
        fill(folder)
    assert content(folder) == OLD


def test_files_that_cannot_be_moved_back_either_are_kept_for_the_next_run(folder, monkeypatch):
    moves, replace = iter(range(100)), Path.replace

    def counted(self, target):
        if next(moves) >= 4:
            raise PermissionError(13, "Permission denied")
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", counted)
        with pytest.raises(InputError, match="Permission denied"):
            fill(folder)
    assert content_of_files(folder) != OLD
    clean(folder)
    assert content(folder) == OLD


@pytest.mark.skipif(os.name == "nt", reason="Windows does not let a program delete a folder with an open file")
@pytest.mark.parametrize("made_again", [True, False])
@pytest.mark.parametrize("new_folder", [True, False])
def test_a_folder_that_vanishes_is_named_and_does_not_come_back(folder, made_again, new_folder):
    out = folder / "out"
    if not new_folder:
        out.mkdir()
    with pytest.raises(InputError, match=r"out was moved or deleted"), filling(out) as new:
        shutil.rmtree(out)
        if made_again:
            new.mkdir(parents=True)
        (new / "a").write_text("new a")
    assert not out.exists()


@pytest.mark.parametrize("error", [RuntimeError, CancelledError, KeyboardInterrupt])
def test_new_parents_disappear_after_an_error(tmp_path, error):
    with pytest.raises(error), filling(tmp_path / "one" / "two") as new:
        (new / "a").write_text("half")
        raise error("stop")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("moves", range(6))
def test_what_a_killed_run_left_is_undone_and_the_next_run_succeeds(folder, moves):
    process = stopped_after(folder, moves)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    clean(folder)
    assert content(folder) == OLD
    process = stopped_after(folder, moves)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    fill(folder)
    assert content(folder) == SWAPPED


def test_the_description_exists_only_while_the_other_files_are_complete(folder, monkeypatch):
    states, replace = [], Path.replace

    def watched(self, target):
        replace(self, target)
        if (folder / "run.json").is_file():
            states.append({k: v for k, v in content_of_files(folder).items() if k != "notes"})

    monkeypatch.setattr(Path, "replace", watched)
    fill(folder)
    assert states == [{"a": "new a", "c": "new c", "run.json": "new"}]


def content_of_files(folder):
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_second_run_is_refused_while_the_first_is_alive(folder, monkeypatch):
    monkeypatch.setattr(module, "_SECONDS_TO_WAIT", 0.2)
    process = stopped_after(folder, 0)
    try:
        with pytest.raises(InputError, match=r"Another run is writing to .*wait until it has ended"):
            fill(folder)
        clean(folder)
        assert (folder / RUN).is_dir()
    finally:
        process.kill()
        process.communicate()
    fill(folder)
    assert content(folder) == SWAPPED


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_files_get_the_permissions_of_the_process(tmp_path):
    before = os.umask(0o027)
    try:
        with filling(tmp_path) as new:
            (new / "private").touch(0o600)
    finally:
        os.umask(before)
    assert (tmp_path / "private").stat().st_mode & 0o777 == 0o640


def test_what_was_left_by_the_writer_of_one_file_is_deleted(folder):
    for name in ("unlocked", "abandoned"):
        (folder / f".cranext-file-{name}").mkdir()
    (folder / ".cranext-file-abandoned" / "lock").touch()
    fill(folder)
    assert content(folder) == SWAPPED


def test_a_list_that_was_cut_off_does_not_stop_the_next_run(folder):
    run = folder / RUN
    (run / ".cranext-old").mkdir(parents=True)
    (run / "lock").touch()
    (run / "swap.json").write_text(json.dumps(["a", "c"])[:-3])
    fill(folder)
    assert content(folder) == SWAPPED


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_run_that_has_nothing_to_write_deletes_what_a_killed_one_left(tmp_path):
    process = started(
        "import sys\n"
        "from CraNeXtLib.core.files.atomic import replacing\n"
        "with replacing(sys.argv[1]) as path:\n"
        "    print('writing', flush=True)\n"
        "    sys.stdin.readline()\n",
        tmp_path / "cases" / "a.json",
        says="writing",
    )
    clean(tmp_path / "cases")
    assert list((tmp_path / "cases").iterdir()), "work in progress stays"
    process.kill()
    process.communicate()
    clean(tmp_path / "cases")
    assert list((tmp_path / "cases").iterdir()) == []
    clean(tmp_path / "none")
    assert not (tmp_path / "none").exists()
