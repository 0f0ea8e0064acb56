"""``cranext train``: train a network from a preset or a configuration file."""

from __future__ import annotations

import argparse
import math
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.progress import duration

if TYPE_CHECKING:
    from CraNeXtLib.training.config import TrainingConfig


def add_to(commands: Any) -> None:
    """Declare the command."""
    from CraNeXtLib.training.config import presets

    parser = commands.add_parser("train", help="train a network")
    names = ", ".join(presets())
    parser.add_argument("config", nargs="?", metavar="CONFIG", help=f"a YAML file, or one of the presets {names}")
    parser.add_argument("--manifest", metavar="FILE", help="the data set; goes before the configuration's")
    parser.add_argument("--out", metavar="DIR", help="folder of the run; default: runs/NAME of the configuration")
    parser.add_argument("--resume", action="store_true", help="go on with the run in that folder")
    parser.add_argument("--dry-run", action="store_true", help="make a few steps: does it fit, how long is an epoch")
    parser.add_argument("--print-config", action="store_true", help="print the configuration with every default")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace, progress: Any) -> None:
    from CraNeXtLib.training.config import TrainingConfig
    from CraNeXtLib.training.config_reading import print_config, read_config
    from CraNeXtLib.training.runs.run_folder import in_charge, is_first_process

    overrides = {"data": {"manifest": options.manifest}} if options.manifest else {}
    config = read_config(options.config, overrides=overrides) if options.config else TrainingConfig()
    if options.print_config:
        print(print_config(config), end="")
        return
    if not options.config:
        raise InputError("Name a configuration file or a preset; cranext train --print-config shows what can be set.")
    out = Path(options.out or Path("runs") / Path(options.config).stem)
    if options.dry_run:
        _dry_run(config, out, progress)
        return
    with in_charge(out, progress) as told:
        model = _training_part("train").train(config, out, resume=options.resume, progress=told)
    progress.end()
    if not is_first_process():  # of several, one speaks
        return
    print(model)
    print(f"Use it with: cranext reconstruct SKULL --out DIR --model {model}")


def _dry_run(config: TrainingConfig, out: Path, progress: Any) -> None:
    cost = _training_part("dry_run").dry_run(config, config.data.cache or out / "cache", progress)
    progress.end()
    told = math.isfinite(cost.memory_gb)  # by Linux and macOS, or the GPU
    memory = f", with {cost.peak_memory_gb:.1f} of {cost.memory_gb:.0f} GB in use" if told else ""
    print(
        f"A step fits on {cost.device}{memory}. It takes "
        f"{cost.seconds_per_step:.2f} s; a sample is made in {cost.seconds_per_sample:.2f} s, by "
        f"{config.data.workers or 1} process{'es' if config.data.workers > 1 else ''}."
    )
    if cost.device != "cuda":
        print(
            f"On a GPU its tensors would take {cost.gpu_memory_gb:.1f} GB (worked out, not measured), PyTorch itself "
            "about one more."
        )
    print(
        f"An epoch of {cost.steps_per_epoch} steps and its validation take {duration(cost.seconds_per_epoch)}, "
        f"{config.run.epochs} epochs {duration(3600 * cost.hours)}."
    )


def _training_part(name: str) -> ModuleType:
    """Import what needs the packages for training."""
    try:
        return import_module(f"CraNeXtLib.training.{name}")
    except ImportError as error:
        raise InputError(f"Training needs {error.name}; run: pip install 'cranext[train]'") from error
