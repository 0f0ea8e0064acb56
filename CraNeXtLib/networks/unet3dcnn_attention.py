"""3DUNetCNN with attention: channel and spatial gates before every level of the decoder that takes a skip."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.networks.unet3dcnn import UNet3DCNN


class AttentionUNet3DCNN(UNet3DCNN):
    """3DUNetCNN with the attention of Islam et al. 2019 (doi 10.1007/978-3-030-46640-4_25), as the CraNeXt paper adds.

    The paper doesn't say where the gates sit or how narrow they are, only that its file grows from 262 to 263 MiB.
    Islam et al. put them on the concatenation of upsampled channels and skip, as here; their reduction of 16 would
    leave the file at 262 MiB, and so would 8; 4 gives 263 (68,735,442 parameters), as 2 does. Hence the default of 4;
    16 is Islam's.

    Args:
        reduction: Channels of a gate's input for each of its hidden units.
        options: As those of ``UNet3DCNN``.

    Raises:
        InputError: If the reduction leaves no hidden unit.
    """

    def __init__(self, *, reduction: int = 4, **options: Any) -> None:
        super().__init__(**options)
        if not 1 <= reduction <= min(self.joined_widths):
            raise InputError(f"The reduction is {reduction}; it must lie between 1 and {min(self.joined_widths)}.")
        self.attention = nn.ModuleList(ChannelSpatialAttention(width, reduction) for width in self.joined_widths)

    def attend(self, step: int, x: Tensor) -> Tensor:
        """Return the input of a level on the way up, weighted by its gates."""
        return self.attention[step](x)


class ChannelSpatialAttention(nn.Module):
    """Two gates side by side and the input itself, added: one weight a channel, and one weight a voxel.

    Args:
        channels: Channels of input and output.
        reduction: Channels for each hidden unit of the channel gate.
    """

    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        hidden = channels // reduction
        self.channel_excitation = nn.Sequential(nn.Linear(channels, hidden), nn.ReLU(), nn.Linear(hidden, channels))
        self.spatial_se = nn.Conv3d(channels, 1, kernel_size=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        of_channel = torch.sigmoid(self.channel_excitation(x.mean(dim=(2, 3, 4))))[..., None, None, None]
        return x * (1 + of_channel + torch.sigmoid(self.spatial_se(x)))
