"""How a case is reconstructed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from CraNeXtLib.anatomy.ct.bone_threshold import BONE_THRESHOLD_HU
from CraNeXtLib.cases.added_meshes import AddedMeshes
from CraNeXtLib.completion import model_library
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.settings import Settings
from CraNeXtLib.geometry.mesh_formats.mesh_frame import MeshFrame
from CraNeXtLib.implant.defect_choice import parse_defects
from CraNeXtLib.implant.finishing.settings import FinishSettings
from CraNeXtLib.implant.fit.fit_limits import FitLimits
from CraNeXtLib.implant.fit.materials import DEFAULT_MATERIAL


class _Default:
    """Marks a setting that was not given, whose value depends on whether the case is a preview."""

    def __repr__(self) -> str:
        return "<default>"


_DEFAULT: Final[Any] = _Default()


@dataclass(frozen=True, kw_only=True)
class CaseSettings(Settings):
    """How a case is reconstructed; the options of ``cranext reconstruct``.

    Args:
        ct: Whether the input is a CT in Hounsfield units, from which bone is segmented first.
        model: Name or folder of a model. A preview uses the shape model.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
        series: Number, description, end of the UID or date of the DICOM series, where a CT's folder holds several.
        bone_threshold_hu: Lowest CT value that counts as bone.
        orientation: Directions of the input's array axes, such as ``"LPS"``, where its header lacks them.
        segment: Segment or label to read from the input, or several with commas for their union.
        mesh_unit: Unit of meshes that state none, one of ``MESH_UNITS``.
        mesh_space: ``"LPS"`` or ``"RAS"``, for meshes that do not state their space.
        postprocessing: ``"default"``, ``"official"``, or None for what the model asks for.
        defects: Numbers of the defects to make, such as ``"1,3"``, or ``"all"``; None for those that are not doubtful.
        reference_implant: File of the true implant, to measure the result against.
        reference_segment: Segment or label to read from that file, as for ``segment``.
        donor: File of the same patient's skull before the craniectomy, a mask or a CT; where it has bone, the implant
            is that.
        report: Whether to write report, approval sheet and their pictures; by default unless the case is a preview.
        case_id: Name of the case in the report; by default the first digits of the input's SHA-256 hash, because file
            names may identify a patient.
        finishing: How the part to be made is finished, None for not at all; by default as ``FinishSettings()``, or not
            at all for a preview.
        material: Material of the part, for its weight.
        fit_limits: Limits of the fit check to change, by the names of ``FitLimits``.
        preview: Whether to make an implant in seconds, for visual inspection only: on voxels of about 1 mm, by the
            shape model alone, without finishing, fit check, report and 3MF file. The result is marked as a preview; do
            not manufacture it.
        bone_model_mm: How far around the implant bone is written as a model to print; None for no model.
        glb: Whether to write skull and implant for viewers, as ``viewer.glb``, too.
        bone_base_mm: Thickness of a flat base below the model of the bone; None for no base.
        skull_model_mm: How far a model of the whole skull to print, of fewer triangles, may be from it; None for none.

    Raises:
        InputError: If a fit limit, a defect, a unit or a space is unknown, a number of a model to print is wrong,
            or a preview is requested with such a model, with another model, with finishing or with a report.
    """

    ct: bool = False
    model: str = model_library.DEFAULT_MODEL
    device: str = "auto"
    series: str | None = None
    bone_threshold_hu: float = BONE_THRESHOLD_HU
    orientation: str | None = None
    segment: str | None = None
    mesh_unit: str | None = None
    mesh_space: str | None = None
    postprocessing: str | None = None
    defects: str | None = None
    reference_implant: str | None = None
    reference_segment: str | None = None
    donor: str | None = None
    report: bool = _DEFAULT
    case_id: str | None = None
    finishing: FinishSettings | None = _DEFAULT
    material: str = DEFAULT_MATERIAL
    fit_limits: Mapping[str, float] = field(default_factory=dict)
    preview: bool = False
    bone_model_mm: float | None = None
    glb: bool = False
    bone_base_mm: float | None = None
    skull_model_mm: float | None = None

    def __post_init__(self) -> None:
        _ = self.mesh_frame, self.added_meshes, self.chosen_defects  # refuse what they do not know
        FitLimits.for_clearance(0.0, self.fit_limits)  # refuses what it does not know
        if self.preview:
            self._check_preview()
            object.__setattr__(self, "model", model_library.PREVIEW_MODEL)
        defaults = {"report": not self.preview, "finishing": None if self.preview else FinishSettings()}
        for name, value in defaults.items():
            if getattr(self, name) is _DEFAULT:
                object.__setattr__(self, name, value)

    def _check_preview(self) -> None:
        if self.model not in (model_library.DEFAULT_MODEL, model_library.PREVIEW_MODEL):
            raise InputError(f"A quick preview uses model '{model_library.PREVIEW_MODEL}'; choose no other --model.")
        if self.donor is not None:
            raise InputError("A quick preview is the shape model's; leave out --preview or --donor.")
        for option, asked in (("--bone-model", self.bone_model_mm), ("--skull-model", self.skull_model_mm)):
            if asked is not None:
                raise InputError(f"A quick preview is not made to be printed; leave out --preview or {option}.")
        if self.report is not _DEFAULT and self.report:
            raise InputError("A quick preview has no report; leave out 'report' or set it to False.")
        if self.finishing is not _DEFAULT and self.finishing is not None:
            raise InputError("A quick preview is not finished; leave out 'finishing' or set it to None.")

    def described(self) -> dict[str, Any]:
        """Return the settings for JSON, files and folders by their names only, since paths may name the patient."""
        paths = {name: getattr(self, name) for name in ("model", "reference_implant", "donor")}
        return asdict(self) | {name: path and Path(path).name for name, path in paths.items()}

    @property
    def added_meshes(self) -> AddedMeshes:
        """The meshes that are asked for beside those of the implant."""
        return AddedMeshes(self.bone_model_mm, self.glb, self.bone_base_mm, self.skull_model_mm)

    @property
    def chosen_defects(self) -> tuple[int, ...] | str | None:
        """The defects to make; see :func:`CraNeXtLib.implant.defect_choice.find_defects`."""
        return None if self.defects is None else parse_defects(self.defects)

    @property
    def mesh_frame(self) -> MeshFrame:
        """Unit and space of meshes whose files do not state them."""
        return MeshFrame.given(self.mesh_unit, self.mesh_space)
