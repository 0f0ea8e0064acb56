"""How a case is reconstructed."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from CraNeXtLib.anatomy.ct.bone_segmentation import BONE_THRESHOLD_HU
from CraNeXtLib.completion import model_library
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.implant.finishing.settings import FinishSettings
from CraNeXtLib.implant.fit.materials import DEFAULT_MATERIAL


@dataclass(frozen=True, kw_only=True)
class CaseSettings:
    """How a case is reconstructed; the options of ``cranext reconstruct``.

    Args:
        ct: The input is a CT in Hounsfield units, from which bone is segmented first.
        model: Name or folder of a model.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
        series: Number, description or UID of the DICOM series to take, where a CT's folder holds several.
        bone_threshold_hu: Least value of a CT that counts as bone.
        orientation: Directions of the input's array axes, where its header lacks them.
        segment: Segment or label to read from the input.
        postprocessing: ``"default"``, ``"official"``, or None for what the model asks for.
        reference_implant: File of the true implant, to measure the result against.
        report: Whether to write ``report.html``, ``report.pdf`` and the pictures in them.
        case_id: What the report calls the case; by default the beginning of the input's hash, for a file's name may
            be a patient's.
        finishing: How the part to be made is finished, see ``FinishSettings``; None for not.
        material: What the part is made of, for its weight.
        preview: Make an implant to look at, in seconds: on blocks of voxels of 1 mm, by the shape model alone, neither
            finished nor checked for its fit, without report and 3MF file. Its result says so, and it is not to be
            exported.

    Raises:
        InputError: If a preview is asked of another model.
    """

    ct: bool = False
    model: str = model_library.DEFAULT_MODEL
    device: str = "auto"
    series: str | None = None
    bone_threshold_hu: float = BONE_THRESHOLD_HU
    orientation: str | None = None
    segment: str | None = None
    postprocessing: str | None = None
    reference_implant: str | None = None
    report: bool = True
    case_id: str | None = None
    finishing: FinishSettings | None = field(default_factory=FinishSettings)
    material: str = DEFAULT_MATERIAL
    preview: bool = False

    def __post_init__(self) -> None:
        if not self.preview:
            return
        if self.model not in (model_library.DEFAULT_MODEL, model_library.PREVIEW_MODEL):
            raise InputError(
                f"A quick preview is made by model '{model_library.PREVIEW_MODEL}'; choose no other for it."
            )
        for name, value in {"model": model_library.PREVIEW_MODEL, "finishing": None, "report": False}.items():
            object.__setattr__(self, name, value)

    @classmethod
    def from_dict(cls, settings: dict[str, Any]) -> CaseSettings:
        """Make settings from JSON.

        Raises:
            InputError: If a name is unknown.
        """
        unknown = set(settings) - {f.name for f in fields(cls)}
        if unknown:
            raise InputError(f"There is no setting {', '.join(sorted(unknown))}; check its spelling.")
        if isinstance(settings.get("finishing"), dict):
            settings = settings | {"finishing": FinishSettings.from_dict(settings["finishing"])}
        return cls(**settings)
