"""Find the cases of a data set in its folders: SkullBreak, SkullFix, or pairs of files."""

from __future__ import annotations

from pathlib import Path

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.datasets.manifest import ROLES, DatasetCase
from CraNeXtLib.geometry.mesh_formats.mesh_names import is_mesh_name
from CraNeXtLib.geometry.volume_formats.volume_suffixes import volume_suffix

LAYOUTS = ("auto", "skullbreak", "skullfix", "pairs")
_FOLDERS = {"complete_skull": "complete", "defective_skull": "defective"} | {role: role for role in ROLES}
# The folder names of SkullBreak and the generator's names of the same kinds.
_KINDS = {
    "frontoorbital": "fronto-orbital",
    "parietotemporal": "parieto-temporal",
    "random_1": "random-1",
    "random_2": "random-2",
}


def find_cases(
    folder: str | Path, *, layout: str = "auto", source: str | None = None, orientation: str = ""
) -> list[DatasetCase]:
    """List the cases in a folder, sorted by name, without reading the files.

    Layouts:
        ``skullbreak``: ``complete_skull/NNN.nrrd``, ``defective_skull/KIND/NNN.nrrd``, ``implant/KIND/NNN.nrrd``.
        ``skullfix``: ``complete_skull/NNN.nrrd``, ``defective_skull/NNN.nrrd``, ``implant/NNN.nrrd``; the folders may
        be called ``complete`` and ``defective``, and one of the three may be absent.
        ``pairs``: files named ``NAME_defective``, ``NAME_complete`` and ``NAME_implant``, at least two per case, in
        the folder or below it.

    Args:
        folder: The data set.
        layout: One of the above, or ``"auto"`` to infer it from the folders.
        source: Name of the data set in the manifest; the layout's, or for pairs the folder's, if not given.
        orientation: Where the files' array axes point, such as ``LPS``, if their headers lack it.

    Raises:
        InputError: If there is no such folder or layout, or it holds no cases.
    """
    folder = Path(folder).absolute()
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}; check the path.")
    if layout not in LAYOUTS:
        raise InputError(f"There is no layout '{layout}'; choose one of {', '.join(LAYOUTS)}.")
    if layout == "auto":
        layout = _recognized(folder)
    files = _paired_by_name(folder) if layout == "pairs" else _paired_by_folder(folder)
    if source is None:
        source = folder.name if layout == "pairs" else layout
    complete = {key: roles["complete"] for key, roles in files.items() if "complete" in roles}
    cases = []
    for (subject, kind), roles in sorted(files.items()):
        if kind and (subject, "") in complete:
            roles = {"complete": complete[subject, ""]} | roles
        defects_elsewhere = not kind and any(k and s == subject for s, k in files)
        if not defects_elsewhere and ("complete" in roles or len(roles) == 2):
            cases.append(
                DatasetCase(
                    subject=subject,
                    kind=_KINDS.get(kind, kind),
                    source=source,
                    orientation=orientation,
                    defective=roles.get("defective"),
                    complete=roles.get("complete"),
                    implant=roles.get("implant"),
                )
            )
    if not cases:
        raise InputError(
            f"{folder} holds no cases; expected the folders complete_skull, defective_skull and implant, or files "
            "called NAME_defective and NAME_complete or NAME_implant."
        )
    return cases


def _recognized(folder: Path) -> str:
    roles = [folder / name for name in _FOLDERS if (folder / name).is_dir()]
    if not roles:
        return "pairs"
    return "skullbreak" if any(below.is_dir() for role in roles for below in role.iterdir()) else "skullfix"


def _paired_by_folder(folder: Path) -> dict[tuple[str, str], dict[str, Path]]:
    """Return the files by (subject, kind) and role, where folders name the role and the kind."""
    found: dict[tuple[str, str], dict[str, Path]] = {}
    for name, role in _FOLDERS.items():
        for path in _volume_files(folder / name):
            kind = "/".join(path.relative_to(folder / name).parts[:-1])
            _add(found, (_stem(path), kind), role, path)
    return found


def _paired_by_name(folder: Path) -> dict[tuple[str, str], dict[str, Path]]:
    """Return the files by (subject, "") and role, where the file's name ends in the role."""
    found: dict[tuple[str, str], dict[str, Path]] = {}
    for path in _volume_files(folder):
        name, _, role = _stem(path).rpartition("_")
        if name and role.lower() in ROLES:
            below = path.parent.relative_to(folder).parts
            _add(found, ("/".join((*below, name)), ""), role.lower(), path)
    return found


def _add(found: dict[tuple[str, str], dict[str, Path]], key: tuple[str, str], role: str, path: Path) -> None:
    roles = found.setdefault(key, {})
    if role in roles:
        raise InputError(f"{path} and {roles[role]} are both the {role} of one case; remove one of them.")
    roles[role] = path


def _volume_files(folder: Path) -> list[Path]:
    return sorted(
        p for p in folder.rglob("*") if (volume_suffix(p.name) or is_mesh_name(p.name)) and not p.name.startswith(".")
    )


def _stem(path: Path) -> str:
    return path.name[: -len(volume_suffix(path.name) or path.suffix)]
