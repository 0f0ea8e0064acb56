"""The parsers of the sub-commands: uniform errors and help, and the options that several commands share."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from CraNeXtLib.core.errors import InputError, shown
from CraNeXtLib.core.product import RESEARCH_USE_NOTICE

if TYPE_CHECKING:
    SubParsers = argparse._SubParsersAction[argparse.ArgumentParser]
    """What ``add_subparsers`` returns; argparse has no public name for it."""


class CommandParser(argparse.ArgumentParser):
    """A parser that raises its errors as InputError, so that they look like every other error of ``cranext``."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message} (see {self.prog} --help)")


def add_command(commands: SubParsers, name: str, summary: str) -> argparse.ArgumentParser:
    """Add a sub-command whose help begins with its summary and the research-use notice, and that has ``--threads``.

    Args:
        commands: Sub-parsers to add it to.
        name: Name of the sub-command.
        summary: What it does, as a phrase without capital and period.
    """
    description = f"{summary[0].upper()}{summary[1:]}. {RESEARCH_USE_NOTICE}"
    parser = commands.add_parser(name, help=summary, description=description)
    text = "most cores to use; default: $CRANEXT_THREADS, or all that this process may use"
    parser.add_argument("--threads", type=int, default=argparse.SUPPRESS, metavar="N", help=text)
    return parser


def add_actions(parser: argparse.ArgumentParser) -> SubParsers:
    """Let a command have actions of its own, such as ``cranext models list``."""
    return parser.add_subparsers(title="actions", required=True, metavar="ACTION")


_LARGEST_SEED = 2**32 - 1  # NumPy takes no negative seeds
_MOST_MADE = 10_000  # the names of what is made have four or five digits


def path_to_write(text: str) -> str:
    """Return an argument that names where to write; an empty one, as of an unset variable, would be the current folder.

    Raises:
        argparse.ArgumentTypeError: If it is empty.
    """
    if not text:
        raise argparse.ArgumentTypeError("the path is empty; write . for the current folder")
    return text


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """Return a function that turns an argument into a whole number of a range.

    Raises:
        argparse.ArgumentTypeError: By the function, if it is none.
    """

    def number(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{shown(text)} is no whole number from {least} to {most}")
        return value

    return number


class _NumberByName(argparse.Action):
    """Collects arguments ``NAME=NUMBER`` in a dictionary; ``const`` holds the names there are."""

    def __call__(self, parser: Any, namespace: argparse.Namespace, values: Any, option: str | None = None) -> None:
        del parser
        name, sign, text = values.partition("=")
        if not sign:
            raise InputError(f"Write '{values}' as NAME=NUMBER for {option}.")
        if name not in self.const:
            raise InputError(f"There is no '{name}' for {option}; choose one of {', '.join(self.const)}.")
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not 0 <= number < math.inf:
            raise InputError(f"The {option} {name} must be a number from 0 up, not '{text}'.")
        setattr(namespace, self.dest, {**getattr(namespace, self.dest), name: number})


def add_numbers(
    parser: argparse._ActionsContainer, option: str, names: Sequence[str], text: str, *, dest: str | None = None
) -> None:
    """Declare an option ``NAME=NUMBER`` that may be repeated, and whose value is a dictionary.

    Args:
        parser: A parser or a group of its options.
        option: The option, such as ``--threshold``.
        names: Names of the numbers.
        text: What the option is, with an example.
        dest: Name of the value, if it is not that of the option.
    """
    parser.add_argument(
        option,
        dest=dest or option.strip("-"),
        action=_NumberByName,
        const=tuple(names),
        default={},
        metavar="NAME=NUMBER",
        help=f"{text}; may be repeated",
    )


def add_seed(parser: argparse.ArgumentParser, of: str) -> None:
    """Declare ``--seed``, the random seed of something."""
    text = f"random seed of {of}; default: %(default)s"
    parser.add_argument("--seed", type=whole_number(0, _LARGEST_SEED), default=0, metavar="S", help=text)


def add_count(parser: argparse.ArgumentParser, of: str, *, default: int) -> None:
    """Declare ``--count``, the number of things to make."""
    text = f"number of {of}; default: %(default)s"
    parser.add_argument("--count", type=whole_number(1, _MOST_MADE), default=default, metavar="N", help=text)


def add_output_folder(parser: argparse.ArgumentParser, text: str = "folder for the results") -> None:
    """Declare ``--out DIR``."""
    parser.add_argument("--out", required=True, type=path_to_write, metavar="DIR", help=text)


def add_case_id(parser: argparse.ArgumentParser, hashed: str) -> None:
    """Declare ``--case-id``, by default the start of the hash of a file such as the skull's."""
    text = f"name of the case in the report; default: the start of the {hashed}'s hash"
    parser.add_argument("--case-id", metavar="ID", help=text)


def add_orientation(parser: argparse.ArgumentParser, *, default: str | None = None) -> None:
    """Declare ``--orientation``."""
    text = "where the array axes point to, such as LPS (RAI in ITK-SNAP), for files whose header lacks them"
    parser.add_argument("--orientation", default=default, metavar="XYZ", help=text)


def add_segments(parser: argparse.ArgumentParser, *masks: str) -> None:
    """Declare which segment of a file each mask is: ``--segment`` for the skull, ``--implant-segment`` and so on.

    Args:
        parser: The command's parser.
        masks: ``"skull"``, ``"implant"`` or ``"reference"``.
    """
    for mask in masks:
        option = "--segment" if mask == "skull" else f"--{mask}-segment"
        text = f"segment or label of the {mask}, if its file holds several; with commas, such as 1,2, all of them"
        parser.add_argument(option, metavar="NAME", help=text)


def add_mesh_frame(parser: argparse.ArgumentParser) -> None:
    """Declare ``--mesh-unit`` and ``--mesh-space``."""
    from CraNeXtLib.geometry.mesh_formats.mesh_names import MESH_SPACES, MESH_UNITS

    text = "unit of meshes that state none; default: mm, if they have the size of a head or an implant"
    parser.add_argument("--mesh-unit", choices=MESH_UNITS, help=text)
    text = "coordinates of meshes that do not state theirs; default: those in which the head faces forward"
    parser.add_argument("--mesh-space", choices=MESH_SPACES, help=text)


def add_added_meshes(parser: argparse.ArgumentParser) -> None:
    """Declare ``--bone-model``, ``--bone-base``, ``--skull-model`` and ``--glb``, which ask for more meshes."""
    text = "also write the bone within this distance of the implant, 5 to 100, as a closed mesh to print for a fit test"
    parser.add_argument("--bone-model", dest="bone_model_mm", type=float, metavar="MM", help=text)
    text = "stand this model on a flat base, this thick below the lowest bone, 1 to 50; needs --bone-model"
    parser.add_argument("--bone-base", dest="bone_base_mm", type=float, metavar="MM", help=text)
    text = "also write the whole skull to print, with as few triangles as this distance from it allows, 0.01 to 2"
    parser.add_argument("--skull-model", dest="skull_model_mm", type=float, metavar="MM", help=text)
    parser.add_argument("--glb", action="store_true", help="also write skull and implant for viewers, as viewer.glb")


def add_device(parser: argparse.ArgumentParser) -> None:
    """Declare ``--device``."""
    from CraNeXtLib.core.runtime.devices import DEVICES

    parser.add_argument("--device", default="auto", choices=DEVICES, help="where networks run; default: %(default)s")
