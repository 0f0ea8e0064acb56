"""Installing what is missing into Slicer's Python, without replacing anything that Slicer brings.

Everything that is installed already is pinned in a constraints file, since pip would otherwise exchange packages that
Slicer or other extensions rely on: MONAI asks for a newer torch than the one that fits the graphics card, antspyx for
an older NumPy than Slicer's. antspyx works with the newer NumPy all the same, so that its own demands are left out.
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
"""What antspyx 0.6 imports beyond what CraNeXt itself needs."""


def to_install(missing: Sequence[Package]) -> list[str]:
    """Return what will be asked of pip, in its format, to be shown to the user first."""
    wanted = [f"{package.name}{package.needed}" for package in missing]
    if any(package.name == "antspyx" for package in missing):
        wanted += [name for name in ANTS_NEEDS if name not in _versions()]
    return wanted


def install(missing: Sequence[Package]) -> list[str]:
    """Install packages; return the names of those that were replaced while Slicer had them loaded.

    Raises:
        InputError: If the extension PyTorch is missing, or pip failed.
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
            exchangeable = [package.name for package in missing if package.name != "torch"]  # which is there by now
            constraints.write_text(pins(exchangeable), encoding="utf-8")
            if ants or others:
                _pip_install(others, constraints, ants)
    except subprocess.CalledProcessError as error:
        raise InputError(
            _(
                "The packages could not be installed. Check the connection to the Internet and the space on the disk, "
                "and try again; or let another Python compute, in which CraNeXt is installed."
            )
        ) from error
    finally:
        importlib.invalidate_caches()
    return replaced(before, _versions())


def pins(excepted: Sequence[str]) -> str:
    """Return the content of a constraints file that keeps all that is installed, except some packages, as it is."""
    kept = {name: version for name, version in _versions().items() if name not in {_plain(name) for name in excepted}}
    return "".join(f"{name}=={version}\n" for name, version in sorted(kept.items()))


def replaced(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Return the packages whose version has changed although this process has imported the old one."""
    changed = {name for name, version in before.items() if after.get(name) != version}
    loaded = {
        _plain(distribution)
        for module, distributions in metadata.packages_distributions().items()
        if module in sys.modules
        for distribution in distributions
    }
    return sorted(changed & loaded)


def _install_torch(versions: str) -> None:
    """Let Slicer's extension PyTorch choose the build that fits the graphics card."""
    try:
        import PyTorchUtils
    except ImportError as error:
        raise InputError(
            _(
                "CraNeXt gets PyTorch from Slicer's extension PyTorch, which is missing: install it in the Extensions "
                "Manager and restart Slicer; here the installation can be continued then."
            )
        ) from error
    try:
        PyTorchUtils.PyTorchUtilsLogic().installTorch(askConfirmation=False, torchVersionRequirement=versions)
    except subprocess.CalledProcessError:
        raise
    except Exception as error:
        # It also loads what it has installed, which another version in Slicer's memory may prevent. Slicer's process
        # needs no torch, so that the installation goes on.
        failure: Exception | None = error
    else:
        failure = None
    importlib.invalidate_caches()
    if "torch" in {package.name for package in lacking(packages_here(("run",)))}:
        raise InputError(_("PyTorch was not installed; look at Slicer's error log, and try again.")) from failure


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
    """Return all installed packages and their versions."""
    found = {}
    for distribution in metadata.distributions():
        name = distribution.metadata["Name"]
        if name:  # a broken installation may leave a folder without one
            found.setdefault(_plain(name), distribution.version)
    return found


def _plain(name: str) -> str:
    """Return a package's name as all spellings of it are compared."""
    return name.lower().replace("_", "-").replace(".", "-")
