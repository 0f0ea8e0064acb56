"""Writes a picture of every panel in every state into Docs/Screenshots.

    python Testing/screenshots [NAME ...] [--out FOLDER]

Panels and scene are real, in stand-ins for Slicer's windows (see ``Testing/slicer_stand_ins``). Qt and Slicer's own
displayable managers draw them off-screen, so colors and fonts are Qt's, not those of a desktop. Needs OpenGL. A state
is a function in this folder with the decorator ``state``; ``NAME`` selects the states whose names begin with it.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
REPOSITORY = FOLDER.parents[1]
sys.path[:0] = [str(REPOSITORY), str(FOLDER.parent), str(FOLDER.parent / "Python")]


def main() -> int:
    """Draw the chosen states."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="beginning of a state's name; all by default")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "Docs" / "Screenshots")
    options = parser.parse_args()
    import gallery

    for file in sorted(FOLDER.glob("*_states.py")):
        importlib.import_module(file.stem)
    options.out.mkdir(parents=True, exist_ok=True)
    for name in gallery.names(options.names):
        size = gallery.draw(name, options.out)
        print(f"{name}.png {size / 1000:.0f} kB")
    total = sum(file.stat().st_size for file in options.out.glob("*.png"))
    print(f"{total / 1e6:.2f} MB in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
