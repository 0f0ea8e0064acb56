"""``cranext doctor``: show versions, devices and models, for a bug report."""

from __future__ import annotations

import argparse
from typing import Any


def add_to(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("doctor", help="show versions, devices and models, for a bug report")
    parser.set_defaults(run=_run)


def _run(_options: argparse.Namespace, _progress: Any) -> None:
    from CraNeXtLib.completion.model_library import available
    from CraNeXtLib.core.runtime.environment import describe, examine

    print(describe(examine([model.label for model in available()])))
