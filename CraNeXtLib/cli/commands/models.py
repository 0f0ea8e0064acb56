"""``cranext models``: list, inspect, import, export, delete, evaluate, score and fit models."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from CraNeXtLib.cli.command_parser import add_actions, add_command, add_device, add_output_folder, path_to_write
from CraNeXtLib.cli.printing import print_files
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.text import read_text
from CraNeXtLib.core.product import RESEARCH_USE_NOTICE

if TYPE_CHECKING:
    from CraNeXtLib.cli.command_parser import SubParsers
    from CraNeXtLib.cli.progress_printer import ProgressPrinter


def add_to(commands: SubParsers) -> None:
    """Declare the command."""
    actions = add_actions(
        add_command(commands, "models", "list, inspect, import, export, delete, evaluate and fit models")
    )
    add_command(actions, "list", "list all models").set_defaults(run=_list)

    info = add_command(actions, "info", "print the description and the card of a model")
    info.add_argument("name", metavar="NAME")
    info.set_defaults(run=_info)

    imported = add_command(actions, "import", "add a model folder, or a checkpoint (.pth) of the paper's authors")
    imported.add_argument("source", metavar="SOURCE")
    imported.add_argument("--name", help="name of the added model; default: its own")
    imported.set_defaults(run=_import)

    export = add_command(actions, "export", "copy a model, by name or folder, into another folder")
    export.add_argument("name", metavar="NAME")
    export.add_argument("folder", type=path_to_write, metavar="FOLDER")
    export.add_argument("--monai-bundle", action="store_true", help="write a MONAI bundle instead of a copy")
    export.set_defaults(run=_export)

    delete = add_command(actions, "delete", "delete a model that you added")
    delete.add_argument("name", metavar="NAME")
    delete.set_defaults(run=_delete)

    _add_evaluate(actions)
    _add_score(actions)
    _add_fit_shape(actions)


def _add_evaluate(actions: SubParsers) -> None:
    from CraNeXtLib.datasets.manifest import SPLITS

    evaluate = add_command(actions, "evaluate", "reconstruct and measure the cases of a data set's split")
    evaluate.add_argument("name", metavar="NAME", help="name or folder of the model")
    evaluate.add_argument("--manifest", required=True, metavar="FILE", help="manifest of the data set")
    add_output_folder(evaluate, "folder for the implants, metrics and tables")
    evaluate.add_argument("--split", default="test", choices=SPLITS, help="split to evaluate; default: %(default)s")
    add_device(evaluate)
    evaluate.set_defaults(run=_evaluate)


def _add_score(actions: SubParsers) -> None:
    from CraNeXtLib.datasets.manifest import SPLITS
    from CraNeXtLib.datasets.synthetic_defects.kinds import KINDS

    kinds = ("own", *KINDS)
    score = add_command(actions, "score", "score a model by kind of defect, and write the scores into its folder")
    score.add_argument("name", metavar="NAME", help="name or folder of the model")
    score.add_argument("--manifest", required=True, metavar="FILE", help="manifest of the data set")
    score.add_argument("--split", default="validation", choices=SPLITS, help="split to score; default: %(default)s")
    score.add_argument("--kinds", nargs="+", default=kinds, choices=kinds, help="kinds of defects; default: all")
    score.add_argument(
        "--spacing", type=float, default=0, metavar="MM", help="reduce the skulls to blocks of at most this size first"
    )
    score.add_argument("--again", action="store_true", help="replace existing scores")
    score.set_defaults(run=_score)


def _add_fit_shape(actions: SubParsers) -> None:
    fit = add_command(actions, "fit-shape", "fit the shape model PCA-skull to a data set")
    fit.add_argument("--manifest", required=True, metavar="FILE", help="manifest of the data set")
    add_output_folder(fit, "the model folder")
    fit.add_argument("--data", metavar="NAME", help="name of the data, for the card; default: that of the manifest")
    fit.add_argument("--license", default="not stated", help="license of the weights; default: %(default)s")
    fit.add_argument("--official", action="store_true", help="fit PCA-skull as published, for comparison")
    fit.add_argument("--spacing", type=float, metavar="MM", help="voxel spacing with --official; default: 2")
    fit.add_argument(
        "--registration", choices=("SyN", "Rigid"), help="registration by ANTs with --official; default: SyN"
    )
    fit.set_defaults(run=_fit_shape)


def _list(_options: argparse.Namespace, _progress: ProgressPrinter) -> None:
    from CraNeXtLib.completion import model_library

    for model in model_library.available_and_broken():
        if isinstance(model, model_library.BrokenModel):
            print(f"{model.folder.name:24} broken: {model.reason}")
            continue
        size = model.weights.stat().st_size / 1e6 if model.weights.is_file() else 0
        origin = "bundled" if model.bundled else "added"
        default = ", default" if model.name == model_library.DEFAULT_MODEL else ""
        print(f"{model.name:24} {size:6.1f} MB  {origin}{default}  {model.description.get('licence', '')}")


def _info(options: argparse.Namespace, _progress: ProgressPrinter) -> None:
    from CraNeXtLib.completion import model_library

    model = model_library.find(options.name)
    print(json.dumps(model.description, indent=2))
    card = model.folder / "MODEL_CARD.md"
    if card.is_file():
        print(read_text(card))


def _import(options: argparse.Namespace, _progress: ProgressPrinter) -> None:
    from CraNeXtLib.completion import model_import

    model = model_import.import_model(options.source, name=options.name)
    print(f"Added model '{model.name}'. Use it with: cranext reconstruct SKULL --out DIR --model {model.name}")


def _export(options: argparse.Namespace, _progress: ProgressPrinter) -> None:
    from CraNeXtLib.completion import model_import, model_library

    if options.monai_bundle:
        from CraNeXtLib.training.output.monai_bundle import write_monai_bundle

        model = model_library.find(options.name)
        print(write_monai_bundle(model, Path(options.folder) / model.name))
    else:
        print(model_import.export_model(options.name, options.folder))


def _delete(options: argparse.Namespace, _progress: ProgressPrinter) -> None:
    from CraNeXtLib.completion import model_import

    model_import.delete_model(options.name)
    print(f"Deleted model '{options.name}'.")


def _evaluate(options: argparse.Namespace, progress: ProgressPrinter) -> None:
    from CraNeXtLib.cases.model_evaluation import evaluate_model
    from CraNeXtLib.evaluation.cohort_statistics import PAPER_METRICS, summarize

    rows = evaluate_model(
        options.name, options.manifest, options.out, split=options.split, device=options.device, progress=progress
    )
    progress.end()
    measured = [row for row in rows if not row["error"]]
    print(f"{options.name} on {len(measured)} {options.split} cases, mean and standard deviation:")
    for metric in PAPER_METRICS:
        summary = summarize(measured, metric)
        failed = f"  ({summary.failed} failed)" if summary.failed else ""
        print(f"  {metric:10} {summary.mean:8.4f} {summary.sd:8.4f}{failed}")
    print_files(options.out, ("cases.csv", "cohort.json", "volumes"))
    print(RESEARCH_USE_NOTICE)


def _score(options: argparse.Namespace, progress: ProgressPrinter) -> None:
    from CraNeXtLib.completion import model_library
    from CraNeXtLib.datasets.manifest import read_manifest
    from CraNeXtLib.evaluation.cohort_statistics import PAPER_METRICS
    from CraNeXtLib.training.output.model_card import scores_table
    from CraNeXtLib.training.output.validation_scores import score_into

    def show(row: dict[str, Any]) -> None:
        progress.end()
        print(row["case"], *(f"{metric} {row[metric]:.3f}" for metric in PAPER_METRICS), flush=True)

    rows = score_into(
        model_library.find(options.name).folder,
        read_manifest(options.manifest),
        split=options.split,
        kinds=options.kinds,
        spacing_mm=options.spacing,
        again=options.again,
        on_row=show,
        progress=progress,
    )
    progress.end()
    print(scores_table(rows))
    print(RESEARCH_USE_NOTICE)


def _fit_shape(options: argparse.Namespace, progress: ProgressPrinter) -> None:
    from CraNeXtLib.training.output.model_card import scores_table
    from CraNeXtLib.training.shape_model.make import make_shape_model
    from CraNeXtLib.training.shape_model.official import make_official_shape_model

    manifest, folder, data = Path(options.manifest), Path(options.out), options.data or Path(options.manifest).stem
    if options.official:
        make_official_shape_model(
            manifest,
            folder,
            spacing_mm=options.spacing or 2.0,
            registration=options.registration or "SyN",
            data=data,
            licence=options.license,
            progress=progress,
        )
        progress.end()
    else:
        if options.spacing or options.registration:
            raise InputError("--spacing and --registration are settings of the published method; add --official.")
        rows = make_shape_model(manifest, folder, data=data, licence=options.license, progress=progress)
        progress.end()
        print(scores_table(rows))
    print(folder)
    print(f"Use it with: cranext reconstruct SKULL --out DIR --model {folder}")
