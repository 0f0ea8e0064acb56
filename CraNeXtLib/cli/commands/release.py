"""``cranext release`` and ``cranext check``: freeze the folder of a case, and tell what has changed in it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from CraNeXtLib.cli.command_parser import add_command
from CraNeXtLib.core.product import RESEARCH_USE_NOTICE

if TYPE_CHECKING:
    from CraNeXtLib.cli.command_parser import SubParsers
    from CraNeXtLib.cli.progress_printer import ProgressPrinter

CHANGED = 4
"""Exit status of a check that finds a change."""


def add_to(commands: SubParsers) -> None:
    """Declare both commands."""
    parser = add_command(commands, "release", "freeze the folder of a finished part, by the hashes of its files")
    parser.add_argument("folder", metavar="FOLDER", help="folder that reconstruct or finish wrote a part into")
    parser.add_argument(
        "--accept",
        metavar="REASON",
        help="release a part that does not fit, or whose fit was not judged, for this reason, which is recorded",
    )
    parser.set_defaults(run=_release)
    text = f"tell which files of a released folder have changed, are missing or were added; then exit with {CHANGED}"
    parser = add_command(commands, "check", text)
    parser.add_argument("folder", metavar="FOLDER", help="folder that was released")
    parser.set_defaults(run=_check)


def _release(options: argparse.Namespace, progress: ProgressPrinter) -> None:
    from CraNeXtLib.cases.release.freeze import release_case

    progress.end()
    release = release_case(options.folder, accept=options.accept)
    print(f"Verdict: {release['verdict']['answer'].replace('not', 'NOT')}")
    if release["accepted"]:
        print(f"Accepted: {release['accepted']}")
    print(f"Released: case {release['case_id']}, {len(release['sha256'])} files")
    _print_release(options.folder)


def _check(options: argparse.Namespace, progress: ProgressPrinter) -> int:
    from CraNeXtLib.cases.release.check import check_release

    progress.end()
    check = check_release(options.folder)
    for word, names in (("changed", check.changed), ("missing", check.missing), ("added", check.added)):
        for name in names:
            print(f"{word:8} {name}")
    state = "unchanged" if check.intact else "NOT as it was"
    print(f"Case {check.release['case_id']}: {state} since its release on {check.release['created']}")
    _print_release(options.folder)
    return 0 if check.intact else CHANGED


def _print_release(folder: str) -> None:
    """Print the hash of the release itself, which nothing in the folder could vouch for."""
    from CraNeXtLib.cases.released_folder import RELEASE_FILE
    from CraNeXtLib.core.files.hashing import sha256_of

    print(f"{RELEASE_FILE} SHA-256 {sha256_of(Path(folder) / RELEASE_FILE)}")
    print(RESEARCH_USE_NOTICE)
