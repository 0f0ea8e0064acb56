"""The bundled skull and the bone that was cut out of it, as sample data that needs no download."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.hashing import sha256_of
from CraNeXtLib.core.resources import DEFECTIVE_SKULL, REFERENCE_IMPLANT
from CraNeXtLib.slicer_ui.host import host
from CraNeXtLib.slicer_ui.scene.implant_nodes import BONE_COLOR, IMPLANT_TERM, SKULL_TERM
from CraNeXtLib.slicer_ui.scene.node_volumes import oriented_image
from CraNeXtLib.slicer_ui.scene.result_nodes import ANATOMY, OBJECT, Segment, fill_segments
from CraNeXtLib.slicer_ui.scene.worker_files import read_mask
from CraNeXtLib.slicer_ui.translation import _

CATEGORY = "CraNeXt"
CHECKSUMS = {
    DEFECTIVE_SKULL: "39f980c00d72395e1b3d8fa41dfc7fc0f94496810bf798cbd0967a8ddc348630",
    REFERENCE_IMPLANT: "b260c6d9d4b46fae2923e4278639cc2329086c68f75b35bd183cec8e9ecb55f6",
}
"""SHA-256 of each file."""

_REFERENCE_COLOR = (0.4, 0.7, 0.4)


def load_sample() -> tuple[Any, Any]:
    """Load the bundled skull and its true implant, and return their segmentations; only the skull is shown.

    Raises:
        InputError: If a file is missing or changed.
    """
    skull = _load(DEFECTIVE_SKULL, _("Sample skull"), (_("Skull"), BONE_COLOR, ANATOMY, SKULL_TERM))
    reference = _load(
        REFERENCE_IMPLANT, _("Sample true implant"), (_("Implant"), _REFERENCE_COLOR, OBJECT, IMPLANT_TERM)
    )
    reference.SetDisplayVisibility(False)  # it would give away the answer
    return skull, reference


def register(thumbnail: str | Path) -> None:
    """Register the sample with Slicer's module Sample Data."""
    import SampleData

    logic = SampleData.SampleDataLogic
    if hasattr(logic, "registerCustomSampleDataCategory"):  # since Slicer 5.12
        logic.registerCustomSampleDataCategory(CATEGORY, title=_("CraNeXt: cranial implants"))
    logic.registerCustomSampleDataSource(
        category=CATEGORY,
        sampleName="CraNeXtSampleSkull",
        sampleDescription=_("Skull with a defect"),
        thumbnailFileName=str(thumbnail),
        uris=[path.as_uri() for path in CHECKSUMS],
        fileNames=[path.name for path in CHECKSUMS],
        nodeNames=[path.stem for path in CHECKSUMS],
        checksums=[f"SHA256:{checksum}" for checksum in CHECKSUMS.values()],
        customDownloader=lambda _source: load_sample(),
    )


def _load(path: Path, name: str, segment: tuple[str, Any, Any, Any]) -> Any:
    if not path.is_file() or sha256_of(path) != CHECKSUMS[path]:
        raise InputError(
            _("The sample file {file} is missing or was changed. Reinstall CraNeXt.").format(file=path.name)
        )
    mask = read_mask(path)
    node = host().scene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    title, color, category, kind = segment
    fill_segments(node, mask, [Segment(title, title, oriented_image(mask), 1, color, category, kind)])
    return node
