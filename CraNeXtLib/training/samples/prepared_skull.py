"""Skulls made ready once for cutting defects into them, and a sample drawn from one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.spatial.transform import Rotation
from torch import Tensor
from torch.nn import functional

from CraNeXtLib.anatomy.categorization.categorize import categorize
from CraNeXtLib.anatomy.head.landmarks import SkullFrame, skull_frame
from CraNeXtLib.anatomy.head.network_grid import make_grid
from CraNeXtLib.anatomy.head.pose import upright_frame
from CraNeXtLib.anatomy.head.regions import ALL_REGIONS
from CraNeXtLib.datasets.manifest import SkullPair
from CraNeXtLib.datasets.synthetic_defects.cutting import make_defect
from CraNeXtLib.geometry.affine import apply_affine
from CraNeXtLib.geometry.resampling import block_mean, resampled_occupancy
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.training.augmentation import elastic_displacement, segmentation_noise
from CraNeXtLib.training.config import AugmentationConfig

VAULT_MM = 125.0  # below the vertex; nothing deeper is on the vault grid
MARGIN_MM = 4.0


@dataclass(frozen=True, eq=False)
class PreparedSkull:
    """A complete skull in RAS directions and one spacing, and its own implant.

    Args:
        complete: Mask, bool.
        implant: Mask of the same shape, or None without a defect of its own.
        turn: Rotation of the head into upright, see ``SkullFrame``.
        regions: Labels 1-9 of the bone, uint8 of the same shape, or None where they are not asked for.
    """

    complete: Volume
    implant: np.ndarray | None
    turn: np.ndarray
    regions: np.ndarray | None = None

    def packed(self) -> dict[str, Tensor]:
        """Return it as tensors of packed bits, which the cache can store."""
        result = {"affine": torch.from_numpy(self.complete.affine.copy()), "shape": torch.tensor(self.complete.shape)}
        result["turn"] = torch.from_numpy(self.turn)
        result["complete"] = torch.from_numpy(np.packbits(self.complete.voxels))
        if self.implant is not None:
            result["implant"] = torch.from_numpy(np.packbits(self.implant))
        if self.regions is not None:
            result["regions"] = torch.from_numpy(self.regions[self.complete.voxels])
        return result

    @classmethod
    def unpacked(cls, tensors: dict[str, Tensor]) -> PreparedSkull:
        """Undo ``packed``."""
        shape = tuple(tensors["shape"].tolist())

        def mask(name: str) -> np.ndarray:
            return np.unpackbits(tensors[name].numpy(), count=int(np.prod(shape))).reshape(shape).view(bool)

        complete, regions = mask("complete"), None
        if "regions" in tensors:
            regions = np.zeros(shape, np.uint8)
            regions[complete] = tensors["regions"].numpy()
        implant = mask("implant") if "implant" in tensors else None
        return cls(Volume(complete, tensors["affine"].numpy()), implant, tensors["turn"].numpy(), regions)


def prepare_skull(pair: SkullPair, *, spacing_mm: float, vault_only: bool, categorized: bool = False) -> PreparedSkull:
    """Resample a case to RAS directions and one spacing, by share of bone.

    Args:
        pair: The case.
        spacing_mm: The spacing.
        vault_only: Leave out what lies more than 125 mm below the vertex.
        categorized: Find the bone's regions too.

    Raises:
        InputError: If the complete skull is empty, or its regions are asked for and cannot be found.
    """
    frame = skull_frame(pair.complete)
    low, high = frame.points.min(axis=0) - MARGIN_MM, frame.points.max(axis=0) + MARGIN_MM
    if vault_only:
        low[2] = frame.vertex - VAULT_MM
        vault = frame.points[frame.points[:, 2] > low[2]]
        low[:2], high[:2] = vault.min(axis=0)[:2] - MARGIN_MM, vault.max(axis=0)[:2] + MARGIN_MM
    shape = tuple(np.ceil((high - low) / spacing_mm).astype(int).tolist())
    affine = np.diag([spacing_mm] * 3 + [1.0])
    affine[:3, 3] = low + spacing_mm / 2
    complete, implant = (resampled_occupancy(mask, affine, shape) for mask in (pair.complete, pair.implant))
    bone = complete >= 0.5
    skull = Volume(bone, affine)
    regions = None
    if categorized:
        regions = np.zeros(shape, np.uint8)
        regions[bone] = categorize(pair.complete).label_points(skull.to_ras(np.argwhere(bone)))
    own = bone & (implant >= complete / 2) if pair.implant.voxels.any() else None
    return PreparedSkull(skull, own, upright_frame(pair.complete).rotation, regions)


def draw_sample(
    skull: PreparedSkull,
    frame: SkullFrame,
    config: AugmentationConfig,
    rng: np.random.Generator,
    *,
    grid: str,
    shape: tuple[int, int, int],
) -> dict[str, Tensor]:
    """Choose a defect, turn the head a little, and bring it to the network's grid.

    Args:
        skull: The skull.
        frame: Landmarks of the upright head.
        config: Which defects, and how much turning.
        rng: Decides everything.
        grid: Name of the grid.
        shape: Its voxels.

    Returns:
        Shares of each voxel, float32: ``defective`` and ``complete`` skull, (1, X, Y, Z), and ``input``, which is the
        defective skull, or (10, X, Y, Z) of no bone and the regions 1-9 of the defective skull.
    """
    implant = skull.implant
    if implant is None or rng.random() >= config.own_defect:
        implant = make_defect(skull.complete, drawn_kind(config, rng), seed=rng, frame=frame).voxels
    defective = skull.complete.with_voxels(skull.complete.voxels & ~implant)
    box = make_grid(grid, defective, shape)
    middle = apply_affine(box.affine, np.array(shape) / 2)
    turn = random_affine(config, rng, middle)
    masks = [defective.voxels, skull.complete.voxels]
    if skull.regions is not None:
        masks += [defective.voxels & (skull.regions == region.label) for region in ALL_REGIONS]
    values, affine = _block_means(masks, box.spacing.mean(), skull.complete)
    bend = elastic_displacement(rng, shape, box.spacing, sd_mm=config.elastic_mm) if config.elastic_mm else None
    if bend is not None:
        bend /= torch.from_numpy(box.spacing).float().view(3, 1, 1, 1)
    defective, complete, *regions = interpolated(values, np.linalg.inv(affine) @ turn @ box.affine, shape, bend)
    if rng.random() < config.segmentation_noise:
        defective, implant = segmentation_noise(torch.stack([defective, complete - defective]), rng, box.spacing)
        complete = defective + implant
    inputs = _with_background(torch.stack(regions), defective) if regions else defective[None]
    return {"input": inputs, "defective": defective[None], "complete": complete[None]}


def drawn_kind(config: AugmentationConfig, rng: np.random.Generator) -> str:
    """Draw a kind of synthetic defect by the configured frequencies."""
    kinds = sorted(kind for kind, weight in config.defects.items() if weight > 0)
    weights = np.array([config.defects[kind] for kind in kinds])
    return kinds[rng.choice(len(kinds), p=weights / weights.sum())]


def _with_background(regions: Tensor, bone: Tensor) -> Tensor:
    """Return no bone and the regions as shares that sum to 1, from regions whose bone has changed since."""
    regions = regions / regions.sum(dim=0).clamp(min=1e-6) * bone
    return torch.cat([(1 - regions.sum(dim=0, keepdim=True)).clamp(min=0), regions])


def random_affine(config: AugmentationConfig, rng: np.random.Generator, middle: np.ndarray) -> np.ndarray:
    """Return a random flip, rotation, scaling and translation about a point, a 4×4 matrix in RAS mm."""
    angles = np.deg2rad(rng.normal(0, 1, 3) * config.rotation_deg)
    scales = np.exp(rng.normal(0, 1, 3) * config.scaling)
    shift = rng.normal(0, 1, 3) * config.translation_mm
    flips = rng.random(2) < (config.flip_left_right, config.flip_front_back)
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("XYZ", angles).as_matrix() * scales * [*np.where(flips, -1, 1), 1]
    matrix[:3, 3] = middle + shift - matrix[:3, :3] @ middle
    return matrix


def _block_means(masks: list[np.ndarray], spacing_mm: float, skull: Volume) -> tuple[Tensor, np.ndarray]:
    """Average masks over blocks as large as a spacing allows: (N, X, Y, Z) float32, and the affine of the blocks."""
    block = (max(1, int(spacing_mm / skull.spacing[0] + 1e-3)),) * 3
    means = [block_mean(skull.with_voxels(mask), block, padded=False) for mask in masks]
    return torch.from_numpy(np.stack([mean.voxels for mean in means])), means[0].affine


def interpolated(values: Tensor, to_indices: np.ndarray, shape: tuple[int, int, int], bend: Tensor | None) -> Tensor:
    """Interpolate (N, X, Y, Z) linearly at the indices that an affine gives for each voxel of a shape; 0 outside.

    The voxels are first displaced by ``bend``, (3, X, Y, Z) in voxels.
    """
    sizes = np.array(values.shape[1:])
    normalise = np.diag([*(2 / (sizes - 1)), 1.0])  # indices to PyTorch's -1 to 1, centres of the outermost voxels
    normalise[:3, 3] = -1
    matrix = torch.from_numpy((normalise @ to_indices)[[2, 1, 0]]).float()  # PyTorch wants the last axis first
    axes = [torch.arange(size, dtype=torch.float32) for size in shape]
    x, y, z = (axis.view([-1 if i == k else 1 for k in range(3)]) for i, axis in enumerate(axes))
    if bend is not None:
        x, y, z = x + bend[0], y + bend[1], z + bend[2]
    points = torch.stack([row[0] * x + row[1] * y + row[2] * z + row[3] for row in matrix], dim=-1)
    return functional.grid_sample(values[None], points[None], align_corners=True)[0]
