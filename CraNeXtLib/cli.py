"""The ``cranext`` command."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from CraNeXtLib import RESEARCH_USE_NOTICE, __version__
from CraNeXtLib.errors import CancelledError, CraNeXtError, InputError


class _Parser(argparse.ArgumentParser):
    """A parser whose errors look like every other error of ours."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message} (see {self.prog} --help)")


class ProgressPrinter:
    """Shows progress on standard error: one line that changes on a terminal, one line a stage elsewhere."""

    def __init__(self) -> None:
        self._stage = ""
        self._live = sys.stderr.isatty()

    def __call__(self, stage: str, fraction: float) -> None:
        if self._live:
            print(f"\r\033[K{fraction:4.0%}  {stage}", end="", file=sys.stderr, flush=True)
        elif stage != self._stage:
            print(f"{fraction:4.0%}  {stage}", file=sys.stderr, flush=True)
        self._stage = stage

    def end(self) -> None:
        """Leave the line."""
        if self._live and self._stage:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status: 0 done, 2 bad input or usage, 3 no implant, 130 cancelled."""
    os.environ.pop("ITK_AUTOLOAD_PATH", None)  # inside Slicer's environment it makes the ITK of antspyx crash
    progress = ProgressPrinter()
    try:
        options = _parser().parse_args(arguments)
        return options.run(options, progress) or 0
    except CraNeXtError as error:
        progress.end()
        print(f"cranext: error: {error}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        progress.end()
        print("cranext: cancelled", file=sys.stderr)
        return CancelledError.exit_status


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="cranext", description=f"Cranial implant design. {RESEARCH_USE_NOTICE}")
    parser.add_argument("--version", action="version", version=f"cranext {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_reconstruct(commands)
    _add_evaluate(commands)
    _add_models(commands)
    _add_demo(commands)
    _add_doctor(commands)
    return parser


def _add_reconstruct(commands: Any) -> None:
    from CraNeXtLib.devices import DEVICES
    from CraNeXtLib.models import DEFAULT_MODEL

    parser = commands.add_parser("reconstruct", help="make an implant for a defective skull")
    parser.add_argument("skull", metavar="SKULL", help="mask of the defective skull: .nrrd, .seg.nrrd, .nii, .nii.gz")
    parser.add_argument("--out", required=True, metavar="DIR", help="folder for the results")
    parser.add_argument("--ct", action="store_true", help="SKULL is a CT in Hounsfield units")
    parser.add_argument("--model", default=DEFAULT_MODEL, metavar="NAME|PATH", help="default: %(default)s")
    parser.add_argument("--device", default="auto", choices=DEVICES, help="default: %(default)s")
    parser.add_argument("--reference-implant", metavar="FILE", help="true implant, to measure the result against")
    parser.add_argument("--orientation", metavar="XYZ", help="directions of the array axes, such as LPS")
    parser.add_argument("--segment", metavar="NAME", help="segment or label to use, if SKULL holds several")
    parser.add_argument("--postprocessing", choices=("default", "official"), help="default: the model's own")
    parser.add_argument("--no-report", dest="report", action="store_false", help="leave out report.html")
    parser.set_defaults(run=_reconstruct)


def _reconstruct(options: argparse.Namespace, progress: ProgressPrinter) -> None:
    from CraNeXtLib.cases import CaseSettings, reconstruct_case

    names = CaseSettings.__dataclass_fields__
    settings = CaseSettings(**{name: getattr(options, name) for name in names})
    result = reconstruct_case(options.skull, options.out, settings, progress)
    progress.end()
    _print_result(result, Path(options.out))


def _print_result(result: dict[str, Any], out: Path) -> None:
    thickness = result["thickness_mm"]
    pieces = len(result["pieces"])
    print(
        f"Implant: {result['implant_volume_ml']:.1f} mL in {pieces} piece{'s' * (pieces > 1)}, outer side "
        f"{result['defect_area_cm2']:.1f} cm², thickness {thickness['median']:.1f} mm "
        f"({thickness['p05']:.1f} to {thickness['p95']:.1f}), {'' if result['watertight'] else 'NOT '}watertight"
    )
    for name, value in result.get("metrics", {}).items():
        print(f"  {name}: {value}")
    for warning in result["warnings"]:
        print(f"Warning: {warning}")
    for name in result["files"]:
        print(out / name)
    print(RESEARCH_USE_NOTICE)


def _add_evaluate(commands: Any) -> None:
    parser = commands.add_parser("evaluate", help="measure an implant against a reference")
    parser.add_argument("--implant", required=True, metavar="P", help="implant to measure")
    parser.add_argument("--reference", required=True, metavar="G", help="true implant")
    parser.add_argument("--skull", required=True, metavar="D", help="defective skull")
    parser.add_argument("--orientation", metavar="XYZ", help="directions of the array axes, such as LPS")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--out", metavar="DIR", help="folder for metrics.json, distance map and pictures")
    parser.set_defaults(run=_evaluate)


def _evaluate(options: argparse.Namespace, progress: ProgressPrinter) -> None:
    raise InputError("Not there yet.")


def _add_models(commands: Any) -> None:
    parser = commands.add_parser("models", help="list, inspect, import, export and delete models")
    actions = parser.add_subparsers(title="actions", required=True, metavar="ACTION")
    actions.add_parser("list", help="name every model").set_defaults(run=_models_list)
    info = actions.add_parser("info", help="print a model's description and card")
    info.add_argument("name")
    info.set_defaults(run=_models_info)
    imported = actions.add_parser("import", help="add a model folder, or the authors' checkpoint (.pth)")
    imported.add_argument("source")
    imported.add_argument("--name", help="what to call it")
    imported.set_defaults(run=_models_import)
    export = actions.add_parser("export", help="copy a model's folder")
    export.add_argument("name")
    export.add_argument("folder")
    export.set_defaults(run=_models_export)
    delete = actions.add_parser("delete", help="delete a model that you added")
    delete.add_argument("name")
    delete.set_defaults(run=_models_delete)


def _models_list(_options: argparse.Namespace, _progress: ProgressPrinter) -> None:
    from CraNeXtLib import models

    for model in models.available():
        size = model.weights.stat().st_size / 1e6 if model.weights.is_file() else 0
        place = "bundled" if model.bundled else "added"
        default = ", default" if model.name == models.DEFAULT_MODEL else ""
        print(f"{model.name:24} {size:6.1f} MB  {place}{default}  {model.description.get('licence', '')}")


def _models_info(options: argparse.Namespace, _progress: ProgressPrinter) -> None:
    import json

    from CraNeXtLib import models

    model = models.find(options.name)
    print(json.dumps(model.description, indent=2))
    card = model.folder / "MODEL_CARD.md"
    if card.is_file():
        print(card.read_text(encoding="utf-8"))


def _models_import(options: argparse.Namespace, _progress: ProgressPrinter) -> None:
    from CraNeXtLib import models

    model = models.import_model(options.source, name=options.name)
    print(f"Added model '{model.name}'. Use it with: cranext reconstruct SKULL --out DIR --model {model.name}")


def _models_export(options: argparse.Namespace, _progress: ProgressPrinter) -> None:
    from CraNeXtLib import models

    print(models.export_model(options.name, options.folder))


def _models_delete(options: argparse.Namespace, _progress: ProgressPrinter) -> None:
    from CraNeXtLib import models

    models.delete_model(options.name)
    print(f"Deleted model '{options.name}'.")


def _add_demo(commands: Any) -> None:
    parser = commands.add_parser("demo", help="make an implant for the bundled skull")
    parser.add_argument("--out", required=True, metavar="DIR", help="folder for the results")
    parser.set_defaults(run=_demo)


def _demo(options: argparse.Namespace, progress: ProgressPrinter) -> None:
    from CraNeXtLib.demo import run_demo

    result = run_demo(options.out, progress)
    progress.end()
    _print_result(result, Path(options.out))
    print(f"\nOpen this picture: {Path(options.out) / 'implant.png'}")


def _add_doctor(commands: Any) -> None:
    parser = commands.add_parser("doctor", help="show versions, devices and models, for a bug report")
    parser.set_defaults(run=_doctor)


def _doctor(_options: argparse.Namespace, _progress: ProgressPrinter) -> None:
    from CraNeXtLib.doctor import describe_environment

    print(describe_environment())


if __name__ == "__main__":
    sys.exit(main())
