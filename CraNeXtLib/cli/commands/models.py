"""``cranext models``: list, inspect, add, copy, delete and try models."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from CraNeXtLib import RESEARCH_USE_NOTICE


def add_to(commands: Any) -> None:
    """Declare the command."""
    from CraNeXtLib.core.runtime.devices import DEVICES
    from CraNeXtLib.datasets.manifest import SPLITS

    parser = commands.add_parser("models", help="list, inspect, import, export, delete and evaluate models")
    actions = parser.add_subparsers(title="actions", required=True, metavar="ACTION")
    actions.add_parser("list", help="name every model").set_defaults(run=_list)
    info = actions.add_parser("info", help="print a model's description and card")
    info.add_argument("name")
    info.set_defaults(run=_info)
    imported = actions.add_parser("import", help="add a model folder, or the authors' checkpoint (.pth)")
    imported.add_argument("source")
    imported.add_argument("--name", help="what to call it")
    imported.set_defaults(run=_import)
    export = actions.add_parser("export", help="copy a model, by name or folder, into another folder")
    export.add_argument("name")
    export.add_argument("folder")
    export.add_argument("--monai-bundle", action="store_true", help="make a MONAI bundle of it instead of a copy")
    export.set_defaults(run=_export)
    delete = actions.add_parser("delete", help="delete a model that you added")
    delete.add_argument("name")
    delete.set_defaults(run=_delete)
    evaluate = actions.add_parser("evaluate", help="reconstruct and measure the cases of a data set's split")
    evaluate.add_argument("name", help="name or folder of the model")
    evaluate.add_argument("--manifest", required=True, metavar="FILE", help="the data set")
    evaluate.add_argument("--out", required=True, metavar="DIR", help="folder for the implants, measures and tables")
    evaluate.add_argument("--split", default="test", choices=SPLITS, help="default: %(default)s")
    evaluate.add_argument("--device", default="auto", choices=DEVICES, help="default: %(default)s")
    evaluate.set_defaults(run=_evaluate)


def _list(_options: argparse.Namespace, _progress: Any) -> None:
    from CraNeXtLib.completion import model_library

    for model in model_library.available():
        size = model.weights.stat().st_size / 1e6 if model.weights.is_file() else 0
        place = "bundled" if model.bundled else "added"
        default = ", default" if model.name == model_library.DEFAULT_MODEL else ""
        print(f"{model.name:24} {size:6.1f} MB  {place}{default}  {model.description.get('licence', '')}")


def _info(options: argparse.Namespace, _progress: Any) -> None:
    from CraNeXtLib.completion import model_library

    model = model_library.find(options.name)
    print(json.dumps(model.description, indent=2))
    card = model.folder / "MODEL_CARD.md"
    if card.is_file():
        print(card.read_text(encoding="utf-8"))


def _import(options: argparse.Namespace, _progress: Any) -> None:
    from CraNeXtLib.completion import model_import

    model = model_import.import_model(options.source, name=options.name)
    print(f"Added model '{model.name}'. Use it with: cranext reconstruct SKULL --out DIR --model {model.name}")


def _export(options: argparse.Namespace, _progress: Any) -> None:
    from CraNeXtLib.completion import model_import, model_library

    if options.monai_bundle:
        from CraNeXtLib.training.output.monai_bundle import write_monai_bundle

        model = model_library.find(options.name)
        print(write_monai_bundle(model, Path(options.folder) / model.name))
    else:
        print(model_import.export_model(options.name, options.folder))


def _delete(options: argparse.Namespace, _progress: Any) -> None:
    from CraNeXtLib.completion import model_import

    model_import.delete_model(options.name)
    print(f"Deleted model '{options.name}'.")


def _evaluate(options: argparse.Namespace, progress: Any) -> None:
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
    for name in ("cases.csv", "cohort.json", "volumes"):
        print(Path(options.out) / name)
    print(RESEARCH_USE_NOTICE)
