"""3DUNetCNN with attention: channel and spatial gates before every level of the decoder that receives a skip."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.networks.unet3dcnn import UNet3DCNN


class AttentionUNet3DCNN(UNet3DCNN):
    """3DUNetCNN with the attention of Islam et al. 2019 (doi 10.1007/978-3-030-46640-4_25), as in the CraNeXt paper.

    The paper gives neither the position nor the width of the gates, only that the file grows from 262 to 263 MiB. Here
    they act on the concatenation of upsampled channels and skip, as in Islam et al. Their reduction of 16 would leave
    the file at 262 MiB, and so would 8; the default of 4 makes it 263 MiB (68,735,442 parameters), as would 2.

    Args:
        reduction: Channels of a gate's input per hidden unit.
        options: Those of ``UNet3DCNN``.

    Raises:
        InputError: If the reduction leaves no hidden unit.
    """

    def __init__(self, *, reduction: int = 4, **options: Any) -> None:
        super().__init__(**options)
        if not 1 <= reduction <= min(self.joined_widths):
            raise InputError(f"The reduction is {reduction}; it must be between 1 and {min(self.joined_widths)}.")
        self.attention = nn.ModuleList(ChannelSpatialAttention(width, reduction) for width in self.joined_widths)

    def attend(self, step: int, x: Tensor) -> Tensor:
        """Return the input of a level of the decoder, weighted by its gates."""
        return self.attention[step](x)


class ChannelSpatialAttention(nn.Module):
    """The sum of the input, the input gated per channel, and the input gated per voxel.

    Args:
        channels: Channels of input and output.
        reduction: Channels per hidden unit of the channel gate.
    """

    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        hidden = channels // reduction
        self.channel_excitation = nn.Sequential(nn.Linear(channels, hidden), nn.ReLU(), nn.Linear(hidden, channels))
        self.spatial_se = nn.Conv3d(channels, 1, kernel_size=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        of_channel = torch.sigmoid(self.channel_excitation(x.mean(dim=(2, 3, 4))))[..., None, None, None]
        return x * (1 + of_channel + torch.sigmoid(self.spatial_se(x)))
