"""Scores of models on skulls from other sources than their training data: other_sources.py DATA.

DATA is a folder with ``bodyparts3d`` (STL bones), ``skullbreak`` (one defective skull), ``clinical`` (a CT with a
defect) and ``skullfix``, whose validation skulls are averaged. Defects of real skulls are first filled by
``pca_skull``, and synthetic defects near them are left out. The other skulls are variants of BodyParts3D's skull
(stretched, thickened, cropped, resampled) and a phantom that is not a skull. Each receives a synthetic defect of
every kind. Prints a table, and keeps one file per case in --out, so that an interrupted run can be continued.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
from scipy import ndimage

sys.path.insert(0, str(Path(__file__).parents[2]))

from CraNeXtLib.anatomy.ct.bone_segmentation import segment_bone
from CraNeXtLib.anatomy.head.alignment import Alignment, align_surfaces
from CraNeXtLib.anatomy.head.bodyparts3d import BONES, bone_labels
from CraNeXtLib.anatomy.head.bone_surface import bone_surface
from CraNeXtLib.anatomy.head.landmarks import skull_frame
from CraNeXtLib.anatomy.head.pose import upright_frame
from CraNeXtLib.cases.model_scoring import EvaluationTask, Row, score_model, scores_of
from CraNeXtLib.completion import model_library
from CraNeXtLib.completion.model_loading import load_model
from CraNeXtLib.completion.shape_model.observation import observe
from CraNeXtLib.completion.shape_model.shape_model_fill import ShapeModelFill, fill_occupancy
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.datasets.skull_pair import SkullPair
from CraNeXtLib.datasets.synthetic_defects.kinds import KINDS
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.morphology import dilated_mm
from CraNeXtLib.geometry.resampling import resampled_occupancy, shrink
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_mask, read_volume
from CraNeXtLib.implant.reconstruct import reconstruct
from CraNeXtLib.training.output.validation_scores import with_defect

SPACING_MM = 1.0
AIR_MM = 15.0
AWAY_MM = 12.0  # minimum distance of a synthetic defect from the original defect
SEEDS = 20  # tried to find such a defect


def in_air(skull: Volume) -> Volume:
    """Return a skull with the margin of a scan around it."""
    part = skull.crop(foreground_box(skull.voxels))
    margin = np.ceil(AIR_MM / part.spacing).astype(int)
    affine = part.affine.copy()
    affine[:3, 3] -= part.affine[:3, :3] @ margin
    return Volume(np.pad(part.voxels, [(m, m) for m in margin]), affine)


def illustrated(data: Path, *, spacing: tuple[float, float, float] = (SPACING_MM,) * 3, jaw: bool = False) -> Volume:
    """The adult male of BodyParts3D."""
    bones = _bones(data / "bodyparts3d")
    mask = bones.voxels > 0
    if not jaw:
        mask &= bones.voxels != 1 + BONES.index("mandible")
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = bones.affine[:3, 3]
    shape = tuple(np.ceil((np.array(mask.shape) - 1) * bones.spacing / spacing).astype(int) + 1)
    return in_air(Volume(resampled_occupancy(bones.with_voxels(mask), affine, shape) >= 0.5, affine))


def stretched(data: Path, *, by: tuple[float, float, float]) -> Volume:
    skull = illustrated(data, spacing=tuple(SPACING_MM / np.array(by)))
    return Volume(skull.voxels, np.diag([*by, 1.0]) @ skull.affine)


def thickened(data: Path, *, by_mm: float) -> Volume:
    skull = illustrated(data)
    distance = ndimage.distance_transform_edt(~skull.voxels) - ndimage.distance_transform_edt(skull.voxels)
    return skull.with_voxels(distance < by_mm + 0.5 * np.sign(by_mm))


def vault_only(data: Path) -> Volume:
    skull = illustrated(data)
    level = np.array([*skull_frame(skull).center[:2], skull_frame(skull).level(0.5)])
    return skull.crop((slice(None), slice(None), slice(int(skull.to_indices(level[None])[0, 2]), None)))


def with_neck(data: Path) -> Volume:
    """With the mandible, and a column for the cervical spine."""
    skull = illustrated(data, jaw=True)
    frame = skull_frame(skull)
    points = skull.to_ras(np.indices(skull.shape).reshape(3, -1).T)
    across = points[:, :2] - (frame.center[0], frame.center[1] - 0.12 * frame.length)
    column = (np.linalg.norm(across, axis=1) < 14) & (points[:, 2] < frame.level(0.75))
    return skull.with_voxels(skull.voxels | column.reshape(skull.shape))


def perforated(data: Path) -> Volume:
    """With pinholes, as caused by a threshold that is too high."""
    skull = illustrated(data)
    noise = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=skull.shape), 1.0)
    return skull.with_voxels(skull.voxels & (noise < 1.9 * noise.std()))


def phantom(_data: Path, *, thickness_mm: float = 7.0) -> Volume:
    """A closed ellipsoidal shell of constant thickness on a flat plate with a hole, without face or base."""
    half = np.array([75.0, 95.0, 80.0])
    affine = np.diag([SPACING_MM] * 3 + [1.0])
    affine[:3, 3] = (-85, -105, -65)
    shape = (171, 211, 156)
    points = np.indices(shape).reshape(3, -1).T * SPACING_MM + affine[:3, 3]
    outer, inner = (np.linalg.norm(points / (half - cut), axis=1) for cut in (0, thickness_mm))
    floor = points[:, 2] + 50
    shell = (outer < 1) & (inner >= 1) & (floor > 0)
    plate = (outer < 1) & (np.abs(floor) < thickness_mm / 2) & (np.linalg.norm(points[:, :2] + (0, 30), axis=1) > 16)
    return in_air(Volume((shell | plate).reshape(shape), affine))


def mean_of_validation(data: Path) -> Volume:
    """The mean of SkullFix's validation skulls: of outer surface and thickness in the brain case, of bone elsewhere."""
    shape_model = model_library.find("pca_skull")
    ids = shape_model.description["split"]["validation"]
    model = load_model(shape_model).model
    affine = np.diag([SPACING_MM] * 3 + [1.0])
    affine[:3, 3] = (-90, -115, -80)
    space = Volume(np.zeros((181, 231, 181), bool), affine)
    total, maps = np.zeros(space.shape), []
    for number in ids:
        skull = read_mask(data / "skullfix" / "complete" / f"{number}.nrrd")
        occupancy = shrink(skull, SPACING_MM)
        alignment = align_surfaces(model.surface, bone_surface(occupancy))
        matrix = np.linalg.inv(occupancy.affine) @ alignment.matrix @ affine
        total += ndimage.affine_transform(occupancy.voxels, matrix[:3, :3], matrix[:3, 3], space.shape, order=1)
        radial_maps = observe(skull, occupancy, alignment, model.directions, model.prior.mean[0])
        maps.append(np.where(radial_maps[1] > 1, radial_maps, np.nan))
    outer, thickness = (model.image(values) for values in np.nanmean(maps, axis=0))
    domain = model.domain
    fill = ShapeModelFill(model.grid, outer, thickness, known=domain, to_fill=domain, unseen=~domain)
    vault = fill_occupancy(space, Alignment(np.eye(4), 0.0), fill)
    return space.with_voxels(np.where(np.isnan(vault), (total + total[::-1]) / 2 / len(ids), vault) >= 0.5)


def skullbreak(data: Path) -> Volume:
    """SkullBreak 001, whose header does not state its orientation."""
    file = data / "skullbreak" / "skullbreak_parietotemporal_001_defective.nii.gz"
    skull = shrink(read_mask(file, orientation="LPS"), SPACING_MM)
    return in_air(skull.with_voxels(skull.voxels >= 0.5))


def clinical(data: Path) -> Volume:
    return segment_bone(read_volume(data / "clinical" / "frontal_defect_ct.nii.gz")).mask


SOURCES: dict[str, Callable[[Path], Volume]] = {
    "BodyParts3D": illustrated,
    "SkullBreak 001": skullbreak,
    "clinical CT": clinical,
    "mean of ten skulls": mean_of_validation,
    "phantom": phantom,
    "phantom, 4 mm thick": partial(phantom, thickness_mm=4.0),
    "BodyParts3D, 0.8 times as large": partial(stretched, by=(0.8, 0.8, 0.8)),
    "BodyParts3D, 1.15 times as large": partial(stretched, by=(1.15, 1.15, 1.15)),
    "BodyParts3D, long": partial(stretched, by=(0.92, 1.1, 1.0)),
    "BodyParts3D, wide": partial(stretched, by=(1.08, 0.9, 1.0)),
    "BodyParts3D, 1 mm thicker all round": partial(thickened, by_mm=1.0),
    "BodyParts3D, 1 mm thinner all round": partial(thickened, by_mm=-1.0),
    "BodyParts3D, vault only": vault_only,
    "BodyParts3D, with jaw and neck": with_neck,
    "BodyParts3D, with pinholes": perforated,
    "BodyParts3D, voxels of 1.5 mm": partial(illustrated, spacing=(1.5, 1.5, 1.5)),
    "BodyParts3D, 0.4 × 0.4 × 5 mm": partial(illustrated, spacing=(0.4, 0.4, 5.0)),
}
WITH_HOLE = ("SkullBreak 001", "clinical CT")


@lru_cache(maxsize=1)
def _bones(folder: Path) -> Volume:
    return bone_labels(folder, spacing_mm=0.6)


@lru_cache(maxsize=1)  # the tasks of one skull are consecutive
def complete(source: str, data: Path) -> tuple[Volume, np.ndarray]:
    """Return a complete skull, and a mask in which no defect may be cut."""
    skull = SOURCES[source](data)
    if source not in WITH_HOLE:
        return skull, np.zeros(skull.shape, bool)
    filled = reconstruct(skull, model="pca_skull")
    return filled.complete_skull, dilated_mm(filled.implant.voxels, skull.spacing, AWAY_MM)


def defect(source: str, data: Path, kind: str, seed: int) -> SkullPair:
    skull, taken = complete(source, data)
    frame = upright_frame(skull)
    for attempt in range(SEEDS):
        pair = with_defect(skull, kind, 1000 * seed + attempt, frame)
        if not (pair.implant.voxels & taken).any():
            return pair
    raise InputError(f"{source}: no {kind} defect lies clear of the hole.")


def table(rows: dict[tuple[str, str], list[Row]], names: list[str]) -> str:
    """Return mean and worst DSC, mean dH95 and broken implants of each source and model, as Markdown."""
    lines = [
        "| skull | n |" + "".join(f" `{name}` | dH95, mm | broken |" for name in names),
        "|---" * (2 + 3 * len(names)) + "|",
    ]
    for source in dict.fromkeys(source for source, _ in rows):
        cells = []
        for name in names:
            scores = scores_of(rows.get((source, name), []))
            cells += (
                [
                    f"{scores['dsc']['mean']:.3f} ({scores['dsc']['worst']:.3f})",
                    f"{scores['dh95_mm']['mean']:.2f}",
                    str(scores["broken"]),
                ]
                if scores["n"]
                else ["", "", ""]
            )
        lines.append(f"| {source} | {len(rows[source, names[0]])} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, metavar="DATA")
    parser.add_argument("--out", type=Path, required=True, help="folder with one file per case")
    parser.add_argument("--models", nargs="+", default=["cranext_refined", "pca_skull"], metavar="MODEL")
    parser.add_argument("--sources", nargs="+", default=list(SOURCES), choices=SOURCES, metavar="SOURCE")
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=KINDS, metavar="KIND")
    parser.add_argument("--seeds", type=int, default=1, help="defects of each kind; default: %(default)s")
    options = parser.parse_args()
    rows: dict[tuple[str, str], list[Row]] = {}
    for source in options.sources:
        for name in options.models:
            for kind in options.kinds:
                for seed in range(options.seeds):
                    load = partial(defect, source, options.data.absolute(), kind, seed)
                    task = EvaluationTask(name=f"{source} {kind} {seed}", load=load, subject=source, kind=kind)
                    try:
                        row = score_model(
                            model_library.find(name), [task], folder=options.out / model_library.find(name).name
                        )[0]
                    except InputError as error:
                        print(f"{name}, {task.name}: {error}", flush=True)
                        continue
                    rows.setdefault((source, name), []).append(row)
                    print(f"{name}, {task.name}: DSC {row['dsc']:.3f}, dH95 {row['dh95_mm']:.1f} mm", flush=True)
    print(table(rows, options.models))


if __name__ == "__main__":
    main()
