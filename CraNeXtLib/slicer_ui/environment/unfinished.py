"""An installation that a restart of Slicer or a failure interrupted, remembered until nothing of it is missing.

The user has agreed to it once; it is offered again, never started by itself. It is kept in the settings of this very
Slicer, not in those that several versions share, and not in the scene: packages belong to one Slicer.
"""

from __future__ import annotations

from collections.abc import Sequence

import slicer

from CraNeXtLib.slicer_ui.environment.packages import Package, lacking, packages_here

_SETTING = "CraNeXt/UnfinishedInstallation"
_LISTS = ("run", "dicom", "codecs", "train")


def remember(packages: Sequence[Package]) -> None:
    """Remember what is about to be installed, before anything can interrupt it."""
    settings = slicer.app.revisionUserSettings()
    settings.setValue(_SETTING, " ".join(package.name for package in packages))
    settings.sync()  # an extension may restart Slicer at once


def forget() -> None:
    """Remember nothing any more, as when all is there or the user does not want the rest."""
    slicer.app.revisionUserSettings().remove(_SETTING)


def unfinished() -> list[Package]:
    """Return what was to be installed and is still missing or too old."""
    names = str(slicer.app.revisionUserSettings().value(_SETTING) or "").split()
    rest = lacking([package for package in packages_here(_LISTS) if package.name in names]) if names else []
    if names and not rest:
        forget()
    return rest
