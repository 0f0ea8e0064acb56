"""``cranext export``: write a case as DICOM files for the archive of a clinic."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from CraNeXtLib.cli.command_parser import add_command, add_output_folder
from CraNeXtLib.cli.printing import print_outcome

if TYPE_CHECKING:
    from CraNeXtLib.cli.command_parser import SubParsers
    from CraNeXtLib.cli.progress_printer import ProgressPrinter


def add_to(commands: SubParsers) -> None:
    """Declare the command."""
    parser = add_command(commands, "export", "write the implant of a case as DICOM files, for the archive of a clinic")
    parser.add_argument("case", metavar="CASE", help="folder of a reconstructed case or of a finished implant")
    parser.add_argument(
        "--dicom",
        required=True,
        metavar="SERIES",
        help="folder of the DICOM series of the case's CT, or one of its files",
    )
    parser.add_argument(
        "--series",
        metavar="NUMBER",
        help="number, description, end of the UID or date of the series, if the folder holds several",
    )
    parser.add_argument(
        "--patient",
        action="store_true",
        help="take over name, ID, birth date and sex of the patient and the numbers of the study from the series; "
        "default: no name, and the case's ID",
    )
    add_output_folder(parser, "folder for the DICOM files")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace, progress: ProgressPrinter) -> None:
    from CraNeXtLib.cases.archive.export import export_case

    result = export_case(
        options.case, options.dicom, options.out, series=options.series, patient=options.patient, progress=progress
    )
    progress.end()
    print_outcome(result, options.out)
