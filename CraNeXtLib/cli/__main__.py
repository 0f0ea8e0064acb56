"""``python -m CraNeXtLib.cli``: the ``cranext`` command.

Started by its path, this file runs in any Python that has the dependencies, even if CraNeXtLib is not installed there.
"""

import os
import sys
from pathlib import Path

if not __package__:
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from CraNeXtLib.cli.command import main
from CraNeXtLib.core.runtime.parent_process import ENDS_WITH_INPUT, interrupt, when_parent_closes

if __name__ == "__main__":
    if os.environ.pop(ENDS_WITH_INPUT, None):
        when_parent_closes(interrupt)
    sys.exit(main())
