"""``cranext reconstruct``: make an implant for a defective skull."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from CraNeXtLib import RESEARCH_USE_NOTICE
from CraNeXtLib.cli.commands.finish import add_finishing, finishing_of, print_part
from CraNeXtLib.core.errors import InputError

if TYPE_CHECKING:
    from CraNeXtLib.cases.case_settings import CaseSettings


def add_to(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("reconstruct", help="make an implant for a defective skull")
    parser.add_argument(
        "skull",
        metavar="SKULL",
        help="mask of the defective skull: .nrrd, .seg.nrrd, .nii, .nii.gz; with --ct, a CT or the folder of its DICOM "
        "series",
    )
    parser.add_argument("--out", required=True, metavar="DIR", help="folder for the results")
    parser.add_argument("--reference-implant", metavar="FILE", help="true implant, to measure the result against")
    parser.add_argument("--case-id", metavar="ID", help="what the report calls the case; default: the input's hash")
    add_settings(parser)
    parser.set_defaults(run=_run)


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Declare the options that one case and a batch share; each bears the name of a field of CaseSettings."""
    from CraNeXtLib.anatomy.ct.bone_segmentation import BONE_THRESHOLD_HU
    from CraNeXtLib.completion.model_library import DEFAULT_MODEL
    from CraNeXtLib.core.runtime.devices import DEVICES

    parser.add_argument("--ct", action="store_true", help="the input is a CT in Hounsfield units")
    parser.add_argument("--series", metavar="NUMBER", help="DICOM series to take, if a CT's folder holds several")
    parser.add_argument(
        "--bone-threshold",
        dest="bone_threshold_hu",
        type=float,
        default=BONE_THRESHOLD_HU,
        metavar="HU",
        help="least value of a CT that counts as bone; usual are 150 to 300; default: %(default)g",
    )
    parser.add_argument("--model", default=DEFAULT_MODEL, metavar="NAME|PATH", help="default: %(default)s")
    parser.add_argument("--device", default="auto", choices=DEVICES, help="default: %(default)s")
    parser.add_argument("--orientation", metavar="XYZ", help="directions of the array axes, such as LPS")
    parser.add_argument("--segment", metavar="NAME", help="segment or label to use, if a file holds several")
    parser.add_argument("--postprocessing", choices=("default", "official"), help="default: the model's own")
    parser.add_argument(
        "--preview",
        action="store_true",
        help="an implant in seconds, to look at and not to be made: by the shape model alone, without finished part, "
        "fit check, report and 3MF",
    )
    parser.add_argument("--no-report", dest="report", action="store_false", help="leave out the report")
    parser.add_argument("--no-finish", dest="finish", action="store_false", help="leave out the finished implant")
    add_finishing(parser)


def settings_of(options: argparse.Namespace) -> CaseSettings:
    """Return the settings that the options name.

    Raises:
        InputError: If one cannot be used.
    """
    from CraNeXtLib.cases.case_settings import CaseSettings
    from CraNeXtLib.implant.finishing.settings import FinishSettings

    given = {name: value for name, value in vars(options).items() if name in CaseSettings.__dataclass_fields__}
    finishing = finishing_of(options) if options.finish else None
    if not options.preview:
        return CaseSettings(**given, finishing=finishing)
    if finishing not in (None, FinishSettings()):
        raise InputError("A quick preview is not finished; leave out --preview or the finishing options.")
    del given["report"]  # a preview has none, whether or not --no-report was given
    return CaseSettings(**given)


def _run(options: argparse.Namespace, progress: Any) -> None:
    from CraNeXtLib.cases.reconstruction_case import reconstruct_case

    result = reconstruct_case(options.skull, options.out, settings_of(options), progress)
    progress.end()
    print_result(result, Path(options.out))


def print_result(result: dict[str, Any], out: Path) -> None:
    """Print what the implant is like and where the files are."""
    thickness = result["thickness_mm"]
    pieces = len(result["pieces"])
    print(
        f"Implant: {result['implant_volume_ml']:.1f} mL in {pieces} piece{'s' * (pieces > 1)}, outer side "
        f"{result['defect_area_cm2']:.1f} cm², thickness {thickness['median']:.1f} mm "
        f"({thickness['p05']:.1f} to {thickness['p95']:.1f}), {'' if result['watertight'] else 'NOT '}watertight"
    )
    for number, defect in enumerate(result["defects"], start=1):
        before, after = (defect["opening_cm2"][when] for when in ("before", "after"))
        print(
            f"Defect {number}: {defect['side']}, mainly {defect['main_region']}, {defect['area_cm2']:.1f} cm², "
            f"{defect['extent_mm']:.0f} mm across; {before:.1f} cm² open before, {after:.1f} cm² after"
        )
    if "metrics" in result:
        numbers = (f"{name} {'infinite' if v is None else f'{v:.4g}'}" for name, v in result["metrics"].items())
        print(f"Against the reference: {', '.join(numbers)}")
    if "fit" in result:
        print_part(result)
    for warning in result["warnings"]:
        print(f"Warning: {warning}")
    for name in result["files"]:
        print(out / name)
    print(RESEARCH_USE_NOTICE)
