"""Which of the needed packages are there, in which version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from packaging.specifiers import SpecifierSet

from CraNeXtLib.core.runtime.environment import installed_version, requirements


@dataclass(frozen=True)
class Package:
    """A needed package.

    Args:
        name: As pip knows it.
        needed: The versions that will do, such as ``">=2.4"``.
        installed: The version that is there, None if it is missing, an empty string if it does not say.
    """

    name: str
    needed: str
    installed: str | None

    @property
    def suffices(self) -> bool:
        """Whether it is there in a version that will do."""
        if self.installed is None:
            return False
        return not self.installed or SpecifierSet(self.needed).contains(self.installed, prereleases=True)


def packages_here(lists: Sequence[str]) -> list[Package]:
    """Return the packages of some lists of ``doctor.requirements``, as they are in this process's Python."""
    return [Package(name, needed, installed_version(name)) for name, needed in requirements(*lists).items()]


def packages_found(lists: Sequence[str], versions: Mapping[str, str | None]) -> list[Package]:
    """Return the packages of some lists, as ``doctor.examine`` found them in another Python."""
    return [Package(name, needed, versions.get(name)) for name, needed in requirements(*lists).items()]


def lacking(packages: Sequence[Package]) -> list[Package]:
    """Return those that are missing or too old."""
    return [package for package in packages if not package.suffices]
