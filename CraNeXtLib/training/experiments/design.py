"""The models of the paper's experiments and their comparisons."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

A, B, BOTH = "a", "b", "ab"
PCA_SKULL, PCA_SKULL_OFFICIAL = "pca_skull", "pca_skull_official"


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One model of the experiments: trained once, and tested on the test cases of every data set.

    Args:
        name: Name of the cell and its folder.
        label: Its name in tables; ``{a}`` and ``{b}`` stand for the names of the data sets.
        system: Name of a network, ``"pca_skull"`` or ``"pca_skull_official"``; empty for an existing model.
        data: The data set that it is trained on: ``"a"``, ``"b"`` or ``"ab"``.
        input: ``"binary"``, or ``"regions"`` for categorized skulls.
        start_from: Name of the cell whose weights it starts from.
        options: Options of the network.
        model: Name or folder of an existing model.
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
        """Whether it is a network to train, and not a shape model or an existing model."""
        return not self.model and self.system not in (PCA_SKULL, PCA_SKULL_OFFICIAL)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A line of Table 6.

    Args:
        first: Name of the first cell.
        second: Name of the second cell, which the paper assumes to be better.
        tested_on: Data set of the test cases, ``"a"``, ``"b"`` or ``"ab"``.
    """

    first: str
    second: str
    tested_on: str = BOTH


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """One of the three experiments.

    Args:
        number: Its number in the paper.
        title: The question that it asks.
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
"""Labels in other tables than the first one, by experiment and cell."""

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
    """Return the label of a cell in the table of an experiment, with the names of the data sets."""
    return LABELS_ELSEWHERE.get((experiment, cell.name), cell.label).format_map(names)
