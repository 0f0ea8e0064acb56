"""Installation of missing packages into Slicer's Python, without replacing packages that Slicer ships.

A constraints file pins everything that is already installed, since pip would otherwise replace packages that Slicer or
other extensions rely on: MONAI requires a newer torch than the build that fits the graphics card, and antspyx an older
NumPy than Slicer's. antspyx works with the newer NumPy, so it is installed without its dependencies.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.slicer_ui.environment.packages import Package, lacking, packages_here
from CraNeXtLib.slicer_ui.translation import _

ANTS_NEEDS = ("pandas", "pyyaml", "statsmodels", "webcolors", "scikit-learn", "requests")
"""Packages that antspyx 0.6 imports and CraNeXt itself does not need."""


def to_install(missing: Sequence[Package]) -> list[str]:
    """Return the requirements for pip, to be shown to the user first."""
    wanted = [f"{package.name}{package.needed}" for package in missing]
    if any(package.name == "antspyx" for package in missing):
        wanted += [name for name in ANTS_NEEDS if name not in _versions()]
    return wanted


def install(missing: Sequence[Package]) -> list[str]:
    """Install packages; return the names of replaced packages of which Slicer has the old version loaded.

    Raises:
        InputError: If Slicer's PyTorch extension is missing, or pip failed.
    """
    before = _versions()
    wanted = to_install(missing)
    torch = [name for name in wanted if name.startswith("torch>")]
    ants = [name for name in wanted if name.startswith("antspyx")]
    others = [name for name in wanted if name not in torch + ants]
    try:
        if torch:
            _install_torch(torch[0].removeprefix("torch"))
        with tempfile.TemporaryDirectory(prefix="cranext-") as folder:
            constraints = Path(folder) / "constraints.txt"
            unpinned = [package.name for package in missing if package.name != "torch"]  # torch is installed by now
            constraints.write_text(pins(unpinned), encoding="utf-8")
            if ants or others:
                _pip_install(others, constraints, ants)
    except subprocess.CalledProcessError as error:
        raise InputError(
            _(
                "The packages could not be installed. Check the Internet connection and the free disk space, and press "
                "“Install” again. Or choose “Another Python”, in which CraNeXt is installed, for “Compute with”."
            )
        ) from error
    finally:
        importlib.invalidate_caches()
    return replaced(before, _versions())


def pins(excepted: Sequence[str]) -> str:
    """Return the content of a constraints file that pins all installed packages with some exceptions."""
    kept = {
        name: version for name, version in _versions().items() if name not in {_normalized(name) for name in excepted}
    }
    return "".join(f"{name}=={version}\n" for name, version in sorted(kept.items()))


def replaced(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Return the names of packages whose version changed although this process has imported the old one."""
    changed = {name for name, version in before.items() if after.get(name) != version}
    loaded = {
        _normalized(distribution)
        for module, distributions in metadata.packages_distributions().items()
        if module in sys.modules
        for distribution in distributions
    }
    return sorted(changed & loaded)


def _install_torch(versions: str) -> None:
    """Install torch with Slicer's PyTorch extension, which chooses the build that fits the graphics card."""
    try:
        import PyTorchUtils
    except ImportError as error:
        raise InputError(
            _(
                "CraNeXt installs PyTorch with Slicer's PyTorch extension, which is missing. Install that in the "
                "Extensions Manager, restart Slicer, and press “Continue” under “Environment”."
            )
        ) from error
    try:
        PyTorchUtils.PyTorchUtilsLogic().installTorch(askConfirmation=False, torchVersionRequirement=versions)
    except subprocess.CalledProcessError:
        raise
    except Exception as error:
        # The extension also imports the installed torch, which fails if Slicer has loaded another version. Slicer's
        # process does not need torch, so the installation continues.
        failure: Exception | None = error
    else:
        failure = None
    importlib.invalidate_caches()
    if "torch" in {package.name for package in lacking(packages_here(("torch",)))}:
        raise InputError(
            _("PyTorch could not be installed. Check Slicer's error log, and press “Install” again.")
        ) from failure


def _pip_install(requirements: list[str], constraints: Path, without_dependencies: list[str]) -> None:
    try:
        from slicer.packaging import pip_install
    except ImportError:
        from CraNeXtLib.slicer_ui.environment.slicer_5_10 import pip_install
    pip_install(
        requirements,
        constraints=constraints,
        no_deps_requirements=without_dependencies or None,
        requester="CraNeXt",
    )


def _versions() -> dict[str, str]:
    """Return the version of each installed package by name."""
    found: dict[str, str] = {}
    for distribution in metadata.distributions():
        name = distribution.metadata["Name"]
        if name:  # a broken installation may leave a folder without metadata
            found.setdefault(_normalized(name), distribution.version)
    return found


def _normalized(name: str) -> str:
    """Return a package name in normalized spelling."""
    return name.lower().replace("_", "-").replace(".", "-")
