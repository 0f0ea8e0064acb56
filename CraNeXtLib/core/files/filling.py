"""A folder that one run fills: its files replace those of an earlier run all at once, or none of them.

While a run is at work, the folder holds the temporary folder ``.cranext-run``, which the run locks: a second run is
refused, and what a killed run left is cleaned by the next one. The new files are complete in it before the first old
one moves. Then the old files move into it and the new ones out of it; a list of the new files tells how to undo that,
after an error as well as after a kill.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.atomic import writing
from CraNeXtLib.core.files.lock import LockedError, is_abandoned
from CraNeXtLib.core.files.staging import HIDDEN, LOCK, folder_for_files, give_usual_mode, locked_folder, sweep

RUN = f"{HIDDEN}run"
_NEW, _OLD, _SWAP = f"{HIDDEN}new", f"{HIDDEN}old", "swap.json"
_SECONDS_TO_WAIT = 8.0  # longer than a worker outlives its parent

Earlier = Callable[[Path], Collection[str]]
"""Returns the names of the files in a folder that a run may replace, all of which disappear."""


@contextmanager
def filling(folder: str | Path, *, earlier: Earlier | None = None, last: str = "") -> Iterator[Path]:
    """Yield a temporary folder, whose files move into ``folder`` if the block ends without an error.

    Args:
        folder: The folder to fill, created if it does not exist.
        earlier: Tells which files of the folder disappear. Any other file there must not bear the name of a new one.
            By default, nothing disappears, and new files replace those of the same name.
        last: Name of the file that arrives last and disappears first, so that the others are complete while it exists.

    Raises:
        InputError: If another run is filling the folder, it cannot be written to, or something is in the way; what was
            in it is left as it was.
    """
    folder = Path(folder)
    with writing(folder), _only_run(folder) as run:
        _undo_swap(folder)
        shutil.rmtree(run / _NEW, ignore_errors=True)
        (run / _NEW).mkdir()
        old = None if earlier is None else earlier(folder)
        _check_free(folder, [last] if last else [], old)
        try:
            yield run / _NEW
            _swap(folder, old, last)
        except (OSError, InputError) as error:
            if (run / LOCK).exists():
                raise
            shutil.rmtree(run, ignore_errors=True)
            with suppress(OSError):
                folder.rmdir()  # a writer made it again
            raise InputError(f"{folder} was moved or deleted before its files were written; start again.") from error


def clean(folder: Path) -> None:
    """Undo and delete what a killed run left in a folder, if there is anything and no run is at work there.

    Every run does so where it writes. A run that continues another calls it, too, because it may have nothing to write.
    """
    sweep(folder)
    if is_abandoned(folder / RUN / LOCK):
        with suppress(OSError, InputError), _only_run(folder):
            _undo_swap(folder)


@contextmanager
def reserved(folder: str | Path) -> Iterator[None]:
    """Keep other runs out of a folder while a run fills it step by step; an empty new folder disappears again.

    Raises:
        InputError: If another run is at work there, or it cannot be written to.
    """
    with ExitStack() as stack:
        with writing(Path(folder)):
            stack.enter_context(_only_run(Path(folder)))
        yield


@contextmanager
def _only_run(folder: Path) -> Iterator[Path]:
    """Yield the temporary folder of the only run that works in a folder, and then delete it.

    The folder is created if necessary, and deleted with its new parents if it is empty in the end.

    Raises:
        InputError: If another run is at work there.
        OSError: If the folder cannot be written to.
    """
    run = folder / RUN
    with ExitStack() as stack:
        stack.enter_context(folder_for_files(folder))
        while True:
            run.mkdir(exist_ok=True)
            try:
                stack.enter_context(locked_folder(run, seconds=_SECONDS_TO_WAIT, unless=_SWAP))
                break
            except FileNotFoundError:  # the run that had it has just ended
                continue
            except LockedError as error:
                message = f"Another run is writing to {folder}; wait until it has ended, or choose another folder."
                raise InputError(message) from error
        sweep(folder)
        yield run


def _swap(folder: Path, old: Collection[str] | None, last: str) -> None:
    """Exchange the old files for the new ones, or leave everything as it was."""
    run = folder / RUN
    (run / LOCK).stat()  # the folder may have been deleted, and made again by a writer
    new = sorted((path.name for path in (run / _NEW).iterdir()), key=lambda name: (name == last, name))
    for name in new:
        give_usual_mode(run / _NEW / name)
    _check_free(folder, new, old)
    leaving = sorted({*new, *(old or ())}, key=lambda name: (name != last, name))
    (run / _OLD).mkdir()
    (run / _SWAP).write_text(json.dumps(new), encoding="utf-8")
    try:
        for name in leaving:
            if _is_file(folder / name):
                (folder / name).replace(run / _OLD / name)
        for name in new:
            (run / _NEW / name).replace(folder / name)
        (run / _SWAP).unlink()
    except BaseException:
        _undo_swap(folder)
        raise


def _check_free(folder: Path, new: Collection[str], old: Collection[str] | None) -> None:
    """Refuse to write where something is in the way, or where a file does not belong to an earlier run."""
    for name in new:
        path = folder / name
        if path.exists() and not _is_file(path):
            raise InputError(f"{path} is a folder where a file must be written; delete it, or choose another folder.")
        if old is not None and name not in old and _is_file(path):
            raise InputError(
                f"{path} would be overwritten, although it is an input or no earlier run of this kind wrote it; move "
                "it away, or choose another folder."
            )


def _undo_swap(folder: Path) -> None:
    """Put back the files of an exchange that was not completed, if there was one."""
    run = folder / RUN
    if not (run / _SWAP).is_file():
        shutil.rmtree(run / _OLD, ignore_errors=True)
        return
    with suppress(ValueError):  # killed while it wrote the list, before any file moved
        for name in json.loads((run / _SWAP).read_text(encoding="utf-8")):
            if _is_file(folder / name) and not (run / _NEW / name).exists():
                (folder / name).replace(run / _NEW / name)
    for path in list((run / _OLD).glob("*")):
        path.replace(folder / path.name)
    (run / _SWAP).unlink()
    (run / _OLD).rmdir()


def _is_file(path: Path) -> bool:
    return path.is_file() or path.is_symlink()
