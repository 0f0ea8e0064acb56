"""Required packages and their installed versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from packaging.specifiers import SpecifierSet

from CraNeXtLib.core.runtime.requirements import installed_version, requirements


@dataclass(frozen=True)
class Package:
    """A required package.

    Args:
        name: Name for pip.
        needed: Accepted versions, for example ``">=2.4"``.
        installed: Installed version; None if the package is missing, empty if it does not state its version.
    """

    name: str
    needed: str
    installed: str | None

    @property
    def suffices(self) -> bool:
        """Whether an accepted version is installed."""
        if self.installed is None:
            return False
        return not self.installed or SpecifierSet(self.needed).contains(self.installed, prereleases=True)


def packages_here(lists: Sequence[str]) -> list[Package]:
    """Return the packages in some lists of requirements, with the versions in this process's Python."""
    return [Package(name, needed, installed_version(name)) for name, needed in requirements(*lists).items()]


def packages_found(lists: Sequence[str], versions: Mapping[str, str | None]) -> list[Package]:
    """Return the packages in some lists of requirements, with the versions that ``environment.examine`` found."""
    return [Package(name, needed, versions.get(name)) for name, needed in requirements(*lists).items()]


def lacking(packages: Sequence[Package]) -> list[Package]:
    """Return the packages that are missing or too old."""
    return [package for package in packages if not package.suffices]
