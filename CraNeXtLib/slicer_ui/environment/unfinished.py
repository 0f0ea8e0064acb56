"""An installation that was interrupted by a failure or a restart of Slicer, remembered until it is complete.

It is offered to the user again, never started automatically. It is stored in the settings of this revision of Slicer,
because packages belong to one installation of Slicer, not to a scene or to several versions.
"""

from __future__ import annotations

from collections.abc import Sequence

import slicer

from CraNeXtLib.core.runtime.requirements import ALWAYS, EXTRAS
from CraNeXtLib.slicer_ui.environment.packages import Package, lacking, packages_here

_SETTING = "CraNeXt/UnfinishedInstallation"
_LISTS = (*ALWAYS, *(name for lists in EXTRAS.values() for name in lists))


def remember(packages: Sequence[Package]) -> None:
    """Remember the packages that are about to be installed."""
    settings = slicer.app.revisionUserSettings()
    settings.setValue(_SETTING, " ".join(package.name for package in packages))
    settings.sync()  # the PyTorch extension may restart Slicer right away


def forget() -> None:
    """Forget the installation, because it is complete or the user declined the rest."""
    slicer.app.revisionUserSettings().remove(_SETTING)


def unfinished() -> list[Package]:
    """Return the packages that were to be installed and are still missing or too old."""
    names = str(slicer.app.revisionUserSettings().value(_SETTING) or "").split()
    rest = lacking([package for package in packages_here(_LISTS) if package.name in names]) if names else []
    if names and not rest:
        forget()
    return rest
