"""Which models the paper's experiments compare, and which of them with which."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

A, B, BOTH = "a", "b", "ab"
PCA_SKULL, PCA_SKULL_OFFICIAL = "pca_skull", "pca_skull_official"


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One model of the experiments: made once, tested on the test cases of every data set.

    Args:
        name: Of its folder.
        label: What tables call it; ``{a}`` and ``{b}`` stand for the data sets' names.
        system: A network's name, ``"pca_skull"`` or ``"pca_skull_official"``; empty for a model that is ready.
        data: What it is trained on: ``"a"``, ``"b"`` or ``"ab"``.
        input: What the network takes, see ``CraNeXtLib.training.config.DataConfig``.
        start_from: Name of the cell whose weights it goes on from.
        options: Options of the network.
        model: Name or folder of a ready model.
    """

    name: str
    label: str
    system: str = ""
    data: str = A
    input: str = "binary"
    start_from: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    model: str = ""

    @property
    def trained(self) -> bool:
        """Whether it is a network to train, not a shape model or a model that is ready."""
        return not self.model and self.system not in (PCA_SKULL, PCA_SKULL_OFFICIAL)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A line of Table 6.

    Args:
        first: Name of cell A.
        second: Name of cell B, which the paper assumes to be the better one.
        tested_on: On the test cases of ``"a"``, ``"b"`` or ``"ab"``.
    """

    first: str
    second: str
    tested_on: str = BOTH


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """One of the three.

    Args:
        number: As in the paper.
        title: What it asks.
        cells: Names of its cells, in the order of its table.
        comparisons: Its lines of Table 6.
    """

    number: int
    title: str
    cells: tuple[str, ...]
    comparisons: tuple[Comparison, ...]


CELLS = (
    Cell(name="pca_skull_official-a", label="PCA-skull, as published", system=PCA_SKULL_OFFICIAL),
    Cell(name="pca_skull-a", label="PCA-skull, this software's", system=PCA_SKULL),
    Cell(name="unet3dcnn-a", label="3DUNetCNN (baseline)", system="unet3dcnn"),
    Cell(name="unet3dcnn_attention-a", label="3DUNetCNN + attention", system="unet3dcnn_attention"),
    Cell(name="unet3dcnn_convnext-a", label="3DUNetCNN + ConvNeXt 3D", system="unet3dcnn_convnext"),
    Cell(name="cranext-a", label="CraNeXt", system="cranext"),
    Cell(name="wodzinski_unet-a", label="Wodzinski UNet", system="wodzinski_unet"),
    Cell(name="wodzinski_unet_convnext-a", label="Wodzinski UNet + ConvNeXt 3D", system="wodzinski_unet_convnext"),
    Cell(name="cranext-b", label="{b} only", system="cranext", data=B),
    Cell(name="cranext-a-then-b", label="{a}, fine-tuned with {b}", system="cranext", data=B, start_from="cranext-a"),
    Cell(name="cranext-ab", label="{a} and {b} combined", system="cranext", data=BOTH),
    Cell(name="cranext-ab-regions", label="Categorized skull", system="cranext", data=BOTH, input="regions"),
)
"""The paper's models. CraNeXt trained on A alone is a row of Tables 3 and 4, and on both of Tables 4 and 5."""

LABELS_ELSEWHERE = {(2, "cranext-a"): "{a} only", (3, "cranext-ab"): "Original skull"}
"""What other tables than the first call a cell, by experiment and cell."""

EXPERIMENTS = (
    Experiment(
        number=1,
        title="Architectures, trained on {a}",
        cells=tuple(cell.name for cell in CELLS[:8]),
        comparisons=(
            Comparison(first="unet3dcnn-a", second="unet3dcnn_attention-a"),
            Comparison(first="unet3dcnn-a", second="unet3dcnn_convnext-a"),
            Comparison(first="unet3dcnn-a", second="cranext-a"),
            Comparison(first="wodzinski_unet-a", second="wodzinski_unet_convnext-a"),
            Comparison(first="wodzinski_unet-a", second="cranext-a"),
        ),
    ),
    Experiment(
        number=2,
        title="Training data: {a}, {b}, one after the other, both",
        cells=("cranext-a", "cranext-b", "cranext-a-then-b", "cranext-ab"),
        comparisons=tuple(
            Comparison(first=first, second="cranext-ab", tested_on=tested_on)
            for tested_on in (A, B)
            for first in ("cranext-a", "cranext-b", "cranext-a-then-b")
        ),
    ),
    Experiment(
        number=3,
        title="Original and categorized skulls as input, trained on both",
        cells=("cranext-ab", "cranext-ab-regions"),
        comparisons=(Comparison(first="cranext-ab", second="cranext-ab-regions"),),
    ),
)


def label_of(cell: Cell, experiment: int, names: dict[str, str]) -> str:
    """Return what the table of an experiment calls a cell, with the data sets' names."""
    return LABELS_ELSEWHERE.get((experiment, cell.name), cell.label).format_map(names)
