"""``cranext train``: train a network from a preset or a configuration file."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from CraNeXtLib.cli.command_parser import add_command, path_to_write
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.progress import duration
from CraNeXtLib.core.runtime.requirements import package_advice

if TYPE_CHECKING:
    from CraNeXtLib.cli.command_parser import SubParsers
    from CraNeXtLib.cli.progress_printer import ProgressPrinter
    from CraNeXtLib.training.config import TrainingConfig


def add_to(commands: SubParsers) -> None:
    """Declare the command."""
    from CraNeXtLib.training.config import presets

    parser = add_command(commands, "train", "train a network")
    names = ", ".join(presets())
    parser.add_argument("config", nargs="?", metavar="CONFIG", help=f"YAML file, or one of the presets {names}")
    parser.add_argument("--manifest", metavar="FILE", help="manifest of the data set, instead of the configuration's")
    parser.add_argument(
        "--out", type=path_to_write, metavar="DIR", help="folder of the run; default: runs/NAME of the configuration"
    )
    parser.add_argument("--resume", action="store_true", help="continue the run in that folder")
    parser.add_argument(
        "--dry-run", action="store_true", help="only try a few steps: do they fit into memory, how long is an epoch"
    )
    parser.add_argument("--print-config", action="store_true", help="print the configuration with all defaults")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace, progress: ProgressPrinter) -> None:
    from CraNeXtLib.training.config import TrainingConfig
    from CraNeXtLib.training.config_reading import read_config
    from CraNeXtLib.training.config_yaml import config_as_yaml
    from CraNeXtLib.training.runs.run_folder import in_charge, is_first_process

    overrides = {"data": {"manifest": options.manifest}} if options.manifest else {}
    config = read_config(options.config, overrides=overrides) if options.config else TrainingConfig()
    if options.print_config:
        print(config_as_yaml(config), end="")
        return
    if not options.config:
        raise InputError("Name a configuration file or a preset; cranext train --print-config lists all settings.")
    out = Path(options.out or Path("runs") / Path(options.config).stem)
    if options.dry_run:
        _dry_run(config, out, progress)
        return
    train = _training("CraNeXtLib.training.train:train")
    with in_charge(out, progress) as recorded_progress:
        model = train(config, out, resume=options.resume, progress=recorded_progress)
    progress.end()
    if is_first_process():
        print(model)
        print(f"Use it with: cranext reconstruct SKULL --out DIR --model {model}")


def _dry_run(config: TrainingConfig, out: Path, progress: ProgressPrinter) -> None:
    dry_run = _training("CraNeXtLib.training.dry_run:dry_run")
    cost = dry_run(config, config.data.cache or out / "cache", progress)
    progress.end()
    known = math.isfinite(cost.memory_gb)  # Windows does not report it
    memory = f", with {cost.peak_memory_gb:.1f} of {cost.memory_gb:.0f} GB in use" if known else ""
    print(
        f"A step fits on {cost.device}{memory}. It takes {cost.seconds_per_step:.2f} s; preparing a sample takes "
        f"{cost.seconds_per_sample:.2f} s in {config.data.workers or 1} "
        f"process{'es' if config.data.workers > 1 else ''}."
    )
    if cost.device != "cuda":
        print(
            f"On a GPU, the tensors would take about {cost.gpu_memory_gb:.1f} GB (estimated, not measured) and PyTorch "
            "itself about 1 GB more."
        )
    print(
        f"An epoch of {cost.steps_per_epoch} steps with its validation takes {duration(cost.seconds_per_epoch)}, "
        f"{config.run.epochs} epochs take {duration(3600 * cost.hours)}."
    )


def _training(name: str) -> Any:
    """Return a function of the training code, which needs more packages than the rest.

    Raises:
        InputError: If a package is missing.
    """
    try:
        return resolve_name(name)
    except ModuleNotFoundError as error:
        if not package_advice(error, ("train",)):
            raise
        raise InputError(package_advice(error, ("train",))) from error
