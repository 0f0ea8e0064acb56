"""``cranext reconstruct``: make an implant for a defective skull."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from CraNeXtLib.cli.command_parser import (
    add_added_meshes,
    add_case_id,
    add_command,
    add_device,
    add_mesh_frame,
    add_orientation,
    add_output_folder,
    add_segments,
)
from CraNeXtLib.cli.commands.finish import add_finishing, finishing_of, print_part
from CraNeXtLib.cli.printing import print_outcome, print_verdict
from CraNeXtLib.core.errors import InputError

if TYPE_CHECKING:
    from CraNeXtLib.cases.case_settings import CaseSettings
    from CraNeXtLib.cli.command_parser import SubParsers
    from CraNeXtLib.cli.progress_printer import ProgressPrinter


def add_to(commands: SubParsers) -> None:
    """Declare the command."""
    parser = add_command(commands, "reconstruct", "make an implant for a defective skull")
    parser.add_argument(
        "skull",
        metavar="SKULL",
        help="mask of the defective skull (.nrrd, .nhdr, .nii, .nii.gz, .mha, .mhd, DICOM segmentation), a mesh (.stl, "
        ".ply, .obj, .3mf) or, with --ct, a CT: a volume file or the folder of a DICOM series",
    )
    add_output_folder(parser)
    parser.add_argument("--reference-implant", metavar="FILE", help="true implant to measure the result against")
    parser.add_argument(
        "--donor",
        metavar="FILE",
        help="the same patient's skull before the craniectomy, a mask or a CT: where it has bone, the implant is "
        "that, and the model makes the rest",
    )
    add_case_id(parser, "input")
    add_settings(parser)
    parser.set_defaults(run=_run)


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Declare the options that a single case and a batch share; each is named like a field of CaseSettings."""
    from CraNeXtLib.anatomy.ct.bone_threshold import BONE_THRESHOLD_HU
    from CraNeXtLib.completion.model_library import DEFAULT_MODEL

    parser.add_argument("--ct", action="store_true", help="the input is a CT in Hounsfield units")
    parser.add_argument(
        "--series",
        metavar="NUMBER",
        help="number, description, end of the UID or date of the DICOM series, if the folder of a CT holds several",
    )
    parser.add_argument(
        "--bone-threshold",
        dest="bone_threshold_hu",
        type=float,
        default=BONE_THRESHOLD_HU,
        metavar="HU",
        help="lowest CT value that counts as bone, typically 150 to 300; default: %(default)g",
    )
    parser.add_argument(
        "--model",
        default=DEFAULT_MODEL,
        metavar="NAME|PATH",
        help="model to use, see 'cranext models list'; default: %(default)s",
    )
    add_device(parser)
    add_orientation(parser)
    add_mesh_frame(parser)
    add_segments(parser, "skull", "reference")
    add_added_meshes(parser)
    parser.add_argument(
        "--postprocessing",
        choices=("default", "official"),
        help="how the implant is cleaned: by this project's method or as published; default: what the model asks for",
    )
    parser.add_argument(
        "--defects",
        metavar="NUMBERS",
        help="defects to make, such as 1,3, or 'all'; default: all but doubtful ones, which a warning lists",
    )
    parser.add_argument(
        "--preview",
        action="store_true",
        help="make an implant in seconds by the shape model alone, without finishing, fit check, report and 3MF file; "
        "for visual inspection only, do not manufacture it",
    )
    parser.add_argument("--no-report", dest="report", action="store_false", help="write no report and no sheet")
    parser.add_argument("--no-finish", dest="finish", action="store_false", help="do not make a finished implant")
    add_finishing(parser)


def settings_of(options: argparse.Namespace) -> CaseSettings:
    """Return the settings that the options describe.

    Raises:
        InputError: If one cannot be used.
    """
    from CraNeXtLib.cases.case_settings import CaseSettings
    from CraNeXtLib.implant.finishing.settings import FinishSettings

    names = {field.name for field in fields(CaseSettings)}
    given = {name: value for name, value in vars(options).items() if name in names}
    finishing = finishing_of(options) if options.finish else None
    if not options.preview:
        return CaseSettings(**given, finishing=finishing)
    if finishing not in (None, FinishSettings()):
        raise InputError("A quick preview is not finished; leave out --preview or the finishing options.")
    del given["report"]  # a preview has none, whether or not --no-report was given
    return CaseSettings(**given)


def _run(options: argparse.Namespace, progress: ProgressPrinter) -> None:
    from CraNeXtLib.cases.reconstruction_case import reconstruct_case

    result = reconstruct_case(options.skull, options.out, settings_of(options), progress)
    progress.end()
    print_result(result, options.out)


def print_result(result: dict[str, Any], out: str | Path) -> None:
    """Print the verdict, the measures of the implant, how the part fits, and the files.

    Args:
        result: Content of ``result.json``.
        out: Folder of the files.
    """
    print_verdict(result)
    thickness = result["thickness_mm"]
    bodies = result["bodies"]
    print(
        f"Implant: {result['implant_volume_ml']:.1f} mL in {bodies} piece{'s' * (bodies > 1)}, outer surface "
        f"{result['defect_area_cm2']:.1f} cm², thickness {thickness['median']:.1f} mm "
        f"({thickness['p05']:.1f} to {thickness['p95']:.1f}), {'' if result['watertight'] else 'NOT '}watertight"
    )
    for defect in result["defects"]:
        before, after = (defect["opening_cm2"][when] for when in ("before", "after"))
        print(
            f"Defect {defect['number']}: {defect['side']}, mainly {defect['main_region']}, "
            f"{defect['area_cm2']:.1f} cm², {defect['extent_mm']:.0f} mm across; "
            f"{before:.1f} cm² open before, {after:.1f} cm² after"
        )
    if "metrics" in result:
        numbers = (f"{name} {'infinite' if v is None else f'{v:.4g}'}" for name, v in result["metrics"].items())
        print(f"Against the reference: {', '.join(numbers)}")
    if "fit" in result:
        print_part(result)
    print_outcome(result, out)
