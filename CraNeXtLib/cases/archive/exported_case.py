"""What of a case goes to the archive: its implants, their surface and the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from CraNeXtLib.cases.checked_part import FINISHED
from CraNeXtLib.cases.finishing_case import DESCRIPTION as FINISH_FILE
from CraNeXtLib.cases.result_json import RESULT_FILE
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.text import read_json
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_mask

_FORMATS = {FINISH_FILE: "cranext-finish", RESULT_FILE: "cranext-result"}
_REPORT = "report.pdf"


@dataclass(frozen=True, eq=False)
class ExportedCase:
    """The implants of a case.

    Attributes:
        folder: Folder of the case, for messages.
        description: Content of its ``finish.json`` or ``result.json``.
        masks: The implant and the finished implant, of type bool, by the names of their segments; one may be missing.
        skull: Mask of the defective skull; None if only a part was finished in the folder.
    """

    folder: Path
    description: Mapping[str, Any]
    masks: Mapping[str, Volume]
    skull: Volume | None

    @classmethod
    def read(cls, folder: Path) -> ExportedCase:
        """Read a reconstructed case, or the part that was finished in a folder, which counts if both are there.

        Raises:
            InputError: If the folder holds neither, or no implant that may be made.
        """
        result, finish = _described(folder, RESULT_FILE), _described(folder, FINISH_FILE)
        description = finish or result
        if description is None:
            raise InputError(
                f"{folder} has neither {RESULT_FILE} nor {FINISH_FILE}; give the folder of a reconstructed case or a "
                "finished implant."
            )
        if result is not None:
            _check_implant_was_made(folder, result)
        masks, skull = {}, None
        if result is not None:
            masks["Implant"] = read_mask(folder / "implant.nrrd")
            complete = read_mask(folder / "complete_skull.nrrd")
            skull = complete.with_voxels(complete.voxels & ~masks["Implant"].voxels)
        if f"{FINISHED}.stl" in description["files"]:
            masks["Finished implant"] = read_mask(folder / f"{FINISHED}.nrrd")
        return cls(folder, description, masks, skull)

    @property
    def title(self) -> str:
        """Name of the part that would be made."""
        return [*self.masks][-1]

    @property
    def engraved(self) -> bool:
        """Whether letters are on the part."""
        return bool((self.description.get("finishing") or {}).get("settings", {}).get("engraving"))

    def surface(self) -> bytes:
        """Return the STL of the part that would be made.

        Raises:
            InputError: If it cannot be read.
        """
        return self._content(f"{FINISHED if self.title == 'Finished implant' else 'implant'}.stl")

    def report(self) -> bytes | None:
        """Return the report as PDF, None if the case has none.

        Raises:
            InputError: If it cannot be read.
        """
        return self._content(_REPORT) if _REPORT in self.description["files"] else None

    def _content(self, name: str) -> bytes:
        path = self.folder / name
        try:
            return path.read_bytes()
        except OSError as error:
            raise InputError(f"Cannot read {path}: {error.strerror or error}; make the case again.") from error


def _described(folder: Path, name: str) -> dict[str, Any] | None:
    """Return the description of a run in a folder, None if there is none."""
    if not (folder / name).is_file():
        return None
    content = read_json(folder / name)
    if not isinstance(content, dict) or content.get("format") != _FORMATS[name]:
        raise InputError(f"{folder / name} was not written by CraNeXt; give the folder of a case.")
    return content


def _check_implant_was_made(folder: Path, result: Mapping[str, Any]) -> None:
    if result.get("outcome") != "implant":
        raise InputError(f"Nothing is missing from the skull of {folder}, so there is no implant to export.")
    if result["preview"]:
        raise InputError(f"{folder} is a quick preview; reconstruct the skull without --preview before you export it.")
