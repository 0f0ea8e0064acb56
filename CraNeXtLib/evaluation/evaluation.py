"""All metrics of one implant against its reference."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from CraNeXtLib.evaluation.metrics import border_dice, confusion, surface_distances
from CraNeXtLib.evaluation.surface_hausdorff import projected_distances
from CraNeXtLib.geometry.mask import check_same_geometry, mask
from CraNeXtLib.geometry.volume import Volume

MAIN_METRICS = ("dsc", "bdsc", "dh95_mm", "sdh_mm", "fnr", "fpr")


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """The metrics of one implant; section IV-A of the paper defines its own. Distances are in mm, volumes in mL.

    Attributes:
        dsc: Dice similarity coefficient.
        bdsc: Dice coefficient of the voxels within 10 mm of the defective skull.
        dh_mm: Hausdorff distance of the surfaces.
        dh95_mm: 95th percentile of the pooled surface distances.
        asd_mm: Average symmetric surface distance, the mean of the pooled surface distances.
        sdh_mm: Surface Hausdorff distance, between the surfaces that are visible from outside the head.
        sdh95_mm: 95th percentile of the pooled distances between the visible surfaces.
        mean_sdh_mm: Mean of these.
        fnr: False negative rate.
        fpr: False positive rate in the field of view; comparable only between images of the same size.
        precision: Fraction of the implant that belongs to the reference.
        implant_ml: Volume of the implant.
        reference_ml: Volume of the reference.
        false_positive_ml: Volume of the implant outside the reference.
        false_negative_ml: Volume of the reference outside the implant.
        field_of_view_ml: Volume of the whole image.
        diagonal_mm: Diagonal of the whole image, which replaces infinite distances in means.
        flags: ``implant_empty``, ``reference_empty``, ``implant_surface_hidden`` and ``reference_surface_hidden`` (no
            ray from outside hits it). Distances are infinite if this applies to one of the two, and 0 if to both.
    """

    dsc: float
    bdsc: float
    dh_mm: float
    dh95_mm: float
    asd_mm: float
    sdh_mm: float
    sdh95_mm: float
    mean_sdh_mm: float
    fnr: float
    fpr: float
    precision: float
    implant_ml: float
    reference_ml: float
    false_positive_ml: float
    false_negative_ml: float
    field_of_view_ml: float
    diagonal_mm: float
    flags: tuple[str, ...] = ()

    def main_metrics(self) -> dict[str, float | None]:
        """Return the paper's six metrics as JSON numbers; an infinite distance is None."""
        return {name: _json_number(getattr(self, name)) for name in MAIN_METRICS}

    def as_dict(self) -> dict[str, object]:
        """Return every value for JSON; an infinite distance is None."""
        return {name: _json_number(value) for name, value in asdict(self).items()} | {"flags": list(self.flags)}


def evaluate(implant: Volume, reference: Volume, skull: Volume) -> Evaluation:
    """Measure an implant against its reference.

    Args:
        implant: Mask of the implant to measure; every nonzero voxel is implant.
        reference: Mask of the true implant.
        skull: Mask of the defective skull.

    Raises:
        InputError: If the geometries differ or the skull is empty.
    """
    check_same_geometry(implant, reference, skull)
    implant, reference, skull = (volume.with_voxels(mask(volume)) for volume in (implant, reference, skull))
    counts = confusion(implant, reference)
    whole = surface_distances(implant, reference)
    visible = projected_distances(implant, reference, skull)
    flags = {
        "implant_empty": not whole.from_prediction.size,
        "reference_empty": not whole.from_reference.size,
        "implant_surface_hidden": bool(whole.from_prediction.size and not visible.from_prediction.size),
        "reference_surface_hidden": bool(whole.from_reference.size and not visible.from_reference.size),
    }
    return Evaluation(
        dsc=counts.dsc,
        bdsc=border_dice(implant, reference, skull),
        dh_mm=whole.hausdorff,
        dh95_mm=whole.percentile(95),
        asd_mm=whole.mean,
        sdh_mm=visible.hausdorff,
        sdh95_mm=visible.percentile(95),
        mean_sdh_mm=visible.mean,
        fnr=counts.fnr,
        fpr=counts.fpr,
        precision=counts.precision,
        implant_ml=counts.prediction_ml,
        reference_ml=counts.reference_ml,
        false_positive_ml=counts.false_positive_ml,
        false_negative_ml=counts.false_negative_ml,
        field_of_view_ml=counts.field_of_view_ml,
        diagonal_mm=float(np.linalg.norm(implant.shape * implant.spacing)),
        flags=tuple(name for name, is_set in flags.items() if is_set),
    )


def _json_number(value: float) -> float | None:
    return value if not isinstance(value, float) or np.isfinite(value) else None
