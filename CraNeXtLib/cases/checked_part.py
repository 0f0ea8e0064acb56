"""The part to be made, with its checked fit: the finished implant or, without finishing, the implant as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from CraNeXtLib.cases.fixation_files import write_fixation
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.progress import ProgressCallback
from CraNeXtLib.geometry.fairing import FairSurface
from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.mesh_formats.mesh_files import CaseMark, write_3mf, write_stl
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import write_volume
from CraNeXtLib.implant.finishing.finished_implant import FinishedImplant
from CraNeXtLib.implant.finishing.pipeline import finish
from CraNeXtLib.implant.finishing.segment_settings import SegmentSettings
from CraNeXtLib.implant.finishing.settings import FinishSettings
from CraNeXtLib.implant.fit.fit_check import FitCheck, check_fit
from CraNeXtLib.implant.fit.fit_limits import FitLimits
from CraNeXtLib.implant.fit.materials import DEFAULT_MATERIAL
from CraNeXtLib.implant.fit.segment_check import SegmentFit, check_segments

JOINT_TOLERANCE_MM = 0.1
"""How much narrower than set a joint's gap may be somewhere without a warning."""

FINISHED = "finished_implant"
FIT_MAPS = "fit_maps.vtp"


@dataclass(frozen=True, eq=False)
class CheckedPart:
    """The part to be made, and how it fits.

    Args:
        finished: The finished implant; None if the implant is left as it is.
        fit: Fit of the finished implant or, without one, of the implant.
        warnings: Warnings for the user, one sentence each.
        segments: How each segment goes in, if the part is split.
    """

    finished: FinishedImplant | None
    fit: FitCheck
    warnings: tuple[str, ...]
    segments: tuple[SegmentFit, ...] = ()

    def shape(self, implant: Volume) -> Volume:
        """Return the mask of what would be made: the finished implant, or the given one if it is left as it is."""
        return self.finished.implant if self.finished else implant

    @classmethod
    def of(
        cls,
        finished: FinishedImplant,
        skull: Volume,
        *,
        material: str = DEFAULT_MATERIAL,
        fit_limits: Mapping[str, float] | None = None,
    ) -> CheckedPart:
        """Check the fit of a finished implant along the insertion directions and with the clearance it was made for.

        Args:
            finished: The finished implant.
            skull: Mask of the defective skull.
            material: Material of the part, for its weight.
            fit_limits: Limits of the fit check to change, by the names of ``FitLimits``.

        Raises:
            InputError: If the material or a limit is unknown.
        """
        limits = FitLimits.for_clearance(finished.settings.clearance_mm, fit_limits)
        fit = check_fit(
            finished.implant,
            skull,
            mesh=finished.dense_mesh or finished.mesh,
            directions=[piece.outward_ras for piece in finished.pieces if piece.parts],
            material=material,
            limits=limits,
            rim_bevel_deg=finished.settings.rim_bevel_deg,
        )
        if not finished.segments:
            return cls(finished, fit, finished.warnings)
        ways = [piece.outward_ras for piece in finished.pieces if piece.segment]
        segments = check_segments(finished.segments, ways, skull)
        warnings = (*finished.warnings, *_narrow_joints(segments, finished.settings.segments))
        return cls(finished, fit.with_segments(segments, limits), warnings, segments)

    def as_dict(self) -> dict[str, Any]:
        """Return ``finishing`` and ``fit`` for JSON."""
        return {
            "finishing": self.finished and self.finished.as_dict(),
            "fit": {"of": FINISHED if self.finished else "implant", **self.fit.as_dict()},
        }


def _narrow_joints(segments: Sequence[SegmentFit], wanted: SegmentSettings | None) -> list[str]:
    """Return a warning for each segment that lies nearer to one before it than the gap that was set."""
    set_mm = wanted.joint_gap_mm if wanted else 0.0
    return [
        f"Segment {one.number} lies {one.joint_gap_mm:.2f} mm from one before it, nearer than the joint's gap of "
        f"{set_mm:g} mm; set a wider --joint-gap-mm."
        for one in segments
        if one.joint_gap_mm is not None and one.joint_gap_mm < set_mm - JOINT_TOLERANCE_MM
    ]


def make_part(
    implant: Volume,
    skull: Volume,
    mesh: Mesh,
    settings: FinishSettings | None,
    *,
    head: FairSurface | None = None,
    material: str = DEFAULT_MATERIAL,
    fit_limits: Mapping[str, float] | None = None,
    progress: ProgressCallback | None = None,
) -> CheckedPart:
    """Finish an implant and check its fit. If finishing would leave nothing, warn and check the implant as it is.

    Args:
        implant: Mask of the implant.
        skull: Mask of the defective skull.
        mesh: Surface of the implant.
        settings: How to finish it; None leaves it as it is.
        head: The fair surface of bone and implant, if it is known.
        material: Material of the part, for its weight.
        fit_limits: Limits of the fit check to change, by the names of ``FitLimits``.
        progress: Called with the stage and the overall fraction of finishing.

    Raises:
        InputError: If the material or a limit is unknown.
    """
    skull = skull.with_voxels(skull.voxels)  # What is kept of it, such as its smoothed mask, ends with this function.
    warnings: tuple[str, ...] = ()
    if settings is not None:
        try:
            finished = finish(implant, skull, settings, head=head, progress=progress)
        except InputError as error:
            warnings = (str(error),)
        else:
            return CheckedPart.of(finished, skull, material=material, fit_limits=fit_limits)
    limits = FitLimits.for_clearance(FinishSettings().clearance_mm, fit_limits)
    return CheckedPart(None, check_fit(implant, skull, mesh=mesh, material=material, limits=limits), warnings)


def segment_file(number: int) -> str:
    """Return the name of a segment's file."""
    return f"{FINISHED}_segment_{number}.stl"


def write_part(
    part: CheckedPart, skull: Volume, folder: Path, *, space: str = "LPS", pictures: bool, case: CaseMark | None = None
) -> None:
    """Write the finished implant, if there is one, and the maps of the fit.

    Writes ``finished_implant.nrrd``, ``.stl`` and ``.3mf``, ``fit_maps.vtp``, of a part in segments a file
    ``finished_implant_segment_1.stl`` and so on for each, of a part with plates or holes for sutures ``fixation.csv``
    and ``fixation.mrk.json`` and, with pictures, those that ``FIT_PICTURES`` lists and ``fixation.png``.

    Args:
        part: The part.
        skull: Mask of the defective skull.
        folder: Folder to write into.
        space: Coordinates of the STL and 3MF files, ``"LPS"`` or ``"RAS"``.
        pictures: Whether to draw the maps, too.
        case: Which case it is, for meshes and pictures.
    """
    from CraNeXtLib.evaluation.distance_map_files import write_vtp
    from CraNeXtLib.pictures.fit_pictures import write_fit_pictures
    from CraNeXtLib.pictures.fixation_picture import FIXATION_PICTURE, write_fixation_picture

    case_id = case.case_id if case else ""
    if part.finished:
        write_volume(part.finished.implant, folder / f"{FINISHED}.nrrd")
        write_stl(part.finished.mesh, folder / f"{FINISHED}.stl", space=space, case=case)
        for number, segment in enumerate(part.finished.segments, 1):
            write_stl(segment, folder / segment_file(number), space=space, case=case)
        named = part.finished.named_meshes
        write_3mf(named, folder / f"{FINISHED}.3mf", title="Finished cranial implant", space=space, case=case)
        if any(piece.plates or piece.holes for piece in part.finished.pieces):
            write_fixation(part.finished.pieces, folder)
            if pictures:
                write_fixation_picture(part.finished, skull, folder / FIXATION_PICTURE, case_id=case_id)
    write_vtp(part.fit.maps, folder / FIT_MAPS)
    if pictures:
        write_fit_pictures(part.fit, skull, folder, case_id=case_id)
