"""Paths of the files that come with the library, and the folder for the user's own."""

from __future__ import annotations

import os
from pathlib import Path

LIBRARY = Path(__file__).parents[1]
"""The folder CraNeXtLib."""

BUNDLED = LIBRARY / "Resources" / "Models"
"""Folder of the bundled models."""

TEMPLATE = LIBRARY / "Resources" / "Template" / "skull_template.nrrd"
"""The template skull with its labeled regions."""

DEMO = LIBRARY / "Resources" / "Demo"
"""Folder of the demo skull."""

DEFECTIVE_SKULL = DEMO / "defective_skull.nrrd"
REFERENCE_IMPLANT = DEMO / "reference_implant.nrrd"

VIEWER = LIBRARY / "Resources" / "Viewer"
"""Folder of the scripts and styles of the report's scene in 3D."""

REQUIREMENTS = LIBRARY / "Resources" / "Requirements"
"""Folder of the lists of required packages, in pip's format."""


def home() -> Path:
    """Return the folder for the user's own files: ``$CRANEXT_HOME``, or ``~/.cranext``."""
    return Path(os.environ.get("CRANEXT_HOME", Path.home() / ".cranext"))


def user_folder() -> Path:
    """Return the folder for models that the user adds."""
    return home() / "models"
