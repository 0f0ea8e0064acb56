"""3DUNetCNN: the residual U-Net that won the AutoImplant 2020 challenge, and the baseline of the CraNeXt paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from CraNeXtLib.networks.input_size import check_input, padded_to

_GROUPS = 8


class UNet3DCNN(nn.Module):
    """The network of Ellis and Aizenberg 2020 (doi 10.1007/978-3-030-64327-0_6), without its last sigmoid.

    Blocks of Myronenko 2018 (arXiv 1810.11654), two per level of the encoder and one per level of the decoder, with
    strided convolutions between the levels and trilinear upsampling. Input (B, C, X, Y, Z), output logits
    (B, 1, X, Y, Z).

    Names in the state dict are those of their library (https://github.com/ellisdg/3DUnetCNN). The layout in which
    autoimplantpipe, by the CraNeXt authors, stores the same network can be loaded too, see ``named_as_ellis``. Both
    need sizes divisible by 16; later commits of the library pad other sizes, and so does this class.

    Args:
        in_channels: Channels of the input.
        base_width: Channels of the first level; they double at every level.
        depths: Number of blocks of each level of the encoder. The decoder has one block per level.
        dropout: Probability of dropping a channel after the first block in training.
    """

    def __init__(
        self,
        *,
        in_channels: int = 1,
        base_width: int = 32,
        depths: Sequence[int] = (2, 2, 2, 2, 2),
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        widths = [base_width * 2**level for level in range(len(depths))]
        down = [
            Level(inside, width, depth, dropout=0.0 if level else dropout)
            for level, (inside, width, depth) in enumerate(
                zip([in_channels, *widths[:-1]], widths, depths, strict=True)
            )
        ]
        # Each level of the decoder except the deepest receives its own channels and those of the skip.
        joined = [widths[-1], *(2 * width for width in widths[-2::-1])]
        up = [Level(width, width, 1) for width in joined[:-1]] + [Level(joined[-1], base_width, 1)]
        halves = [nn.Conv3d(w, w, kernel_size=3, stride=2, padding=1, bias=False) for w in widths[:-1]]
        narrow = [
            nn.Conv3d(wide, width, kernel_size=1, bias=False)
            for wide, width in zip(joined[:-1], widths[-2::-1], strict=True)
        ]
        self.encoder = nn.ModuleDict(
            {"layers": nn.ModuleList(down), "downsampling_convolutions": nn.ModuleList(halves)}
        )
        self.decoder = nn.ModuleDict({"layers": nn.ModuleList(up), "pre_upsampling_blocks": nn.ModuleList(narrow)})
        self.joined_widths = tuple(joined[1:])
        self.final_convolution = nn.Conv3d(base_width, 1, kernel_size=1, bias=False)
        self.register_load_state_dict_pre_hook(_rename)

    @property
    def deepest_layers(self) -> tuple[nn.Module, ...]:
        """The layers that work on the fewest voxels."""
        (down, halves), (up, narrow) = _levels_and_steps(self.encoder), _levels_and_steps(self.decoder)
        return (*halves[-2:], *down[-2:], *up[:2], *narrow[:2])

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (B, 1, X, Y, Z) of an input (B, C, X, Y, Z).

        Raises:
            InputError: If an axis is shorter than 32 voxels or the channels are not the network's.
        """
        check_input(x, self.in_channels)
        (*levels, bottom), halves = _levels_and_steps(self.encoder)
        skips = []
        for level, halve in zip(levels, halves, strict=True):
            x = level(x)
            skips.append(x)
            x = halve(x)
        x = bottom(x)
        (*levels, top), narrow = _levels_and_steps(self.decoder)
        for step, (level, narrowing) in enumerate(zip(levels, narrow, strict=True)):
            x = functional.interpolate(narrowing(level(x)), scale_factor=2, mode="trilinear", align_corners=False)
            skip = skips.pop()
            x = self.attend(step, torch.cat((padded_to(x, skip), skip), dim=1))
        return self.final_convolution(top(x))

    def attend(self, step: int, x: Tensor) -> Tensor:  # noqa: ARG002
        """Return the input of a level of the decoder, upsampled channels and skip; a subclass may weight it."""
        return x


def _levels_and_steps(half: nn.ModuleDict) -> tuple[list[nn.Module], list[nn.Module]]:
    """Return the levels of the encoder or the decoder, and the convolutions between them."""
    levels, steps = half.values()
    return list(levels.children()), list(steps.children())


class Level(nn.Module):
    """Residual blocks in sequence, with optional dropout of channels after the first."""

    def __init__(self, in_channels: int, channels: int, depth: int, *, dropout: float = 0.0) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            PreActivationBlock(channels if block else in_channels, channels) for block in range(depth)
        )
        self.dropout = nn.Dropout3d(dropout)

    def forward(self, x: Tensor) -> Tensor:
        first, *others = self.blocks
        x = self.dropout(first(x))
        for block in others:
            x = block(x)
        return x


class PreActivationBlock(nn.Module):
    """Two steps of normalization, activation and 3³ convolution, added to the input.

    If the number of channels changes, the input passes through a 1³ convolution.
    """

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__()
        self.conv1 = _Step(in_channels, channels)
        self.conv2 = _Step(channels, channels)
        wider = in_channels != channels
        self.sample = nn.Conv3d(in_channels, channels, kernel_size=1, bias=False) if wider else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.conv2(self.conv1(x)) + self.sample(x)


class _Step(nn.Module):
    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(min(_GROUPS, in_channels) if in_channels % _GROUPS == 0 else in_channels, in_channels)
        self.conv = nn.Conv3d(in_channels, channels, kernel_size=3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(functional.relu(self.norm1(x)))


def named_as_ellis(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename the entries of autoimplantpipe's layout, in which levels and the convolutions between them alternate.

    Args:
        weights: A state dict in either layout.
    """
    if "encoder.layers.1.weight" not in weights:
        return dict(weights)
    between = {"encoder": "downsampling_convolutions", "decoder": "pre_upsampling_blocks"}
    renamed = {}
    for name, value in weights.items():
        half, _, rest = name.partition(".layers.")
        if half in between:
            position, _, rest = rest.partition(".")
            step, is_between = divmod(int(position), 2)
            name = f"{half}.{between[half] if is_between else 'layers'}.{step}.{rest}"
        renamed[name] = value
    return renamed


def _rename(_module: nn.Module, weights: dict[str, Tensor], prefix: str, *_: object) -> None:
    own = {name.removeprefix(prefix): weights.pop(name) for name in list(weights) if name.startswith(prefix)}
    weights.update({prefix + name: value for name, value in named_as_ellis(own).items()})
