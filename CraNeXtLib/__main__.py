"""``python -m CraNeXtLib``: the ``cranext`` command.

By path, any Python that has the dependencies can run it, also one that does not know where CraNeXtLib lies.
"""

import os
import sys
from pathlib import Path

if not __package__:
    # This folder must not be importable: its module names, such as statistics, hide the standard ones.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from CraNeXtLib.cli import main
from CraNeXtLib.core.runtime.parent_process import VARIABLE, interrupt, when_parent_closes

if __name__ == "__main__":
    if os.environ.pop(VARIABLE, None):
        when_parent_closes(interrupt)
    sys.exit(main())
