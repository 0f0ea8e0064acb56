"""``cranext app``: make implants in a browser."""

from __future__ import annotations

import argparse
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING

from CraNeXtLib.cli.command_parser import add_command, whole_number

if TYPE_CHECKING:
    from CraNeXtLib.cli.command_parser import SubParsers
    from CraNeXtLib.cli.progress_printer import ProgressPrinter

SERVE = "CraNeXtLib.slicer_ui.browser_app.serving:serve"
"""What runs the application; Slicer's libraries are looked up on use."""

_LOCAL = "127.0.0.1"


def add_to(commands: SubParsers) -> None:
    """Declare the command."""
    parser = add_command(commands, "app", "open an application in the browser; one process is for one user")
    parser.add_argument(
        "folder",
        nargs="?",
        type=Path,
        default=Path(),
        metavar="FOLDER",
        help="folder with skulls and CTs that can be opened; default: the current folder",
    )
    text = "address to listen on; default: %(default)s, which only this machine reaches. The traffic is not encrypted"
    parser.add_argument("--host", default=_LOCAL, metavar="ADDRESS", help=text)
    parser.add_argument(
        "--port", type=whole_number(0, 65535), default=0, metavar="N", help="port to listen on; default: a free one"
    )
    text = "only print the address, instead of also opening it in the browser"
    parser.add_argument("--no-browser", action="store_true", help=text)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace, progress: ProgressPrinter) -> None:
    del progress
    serve = resolve_name(SERVE)
    serve(options.folder, host=options.host, port=options.port, open_browser=not options.no_browser)
