"""The U-Net of Wodzinski et al. with ConvNeXt blocks, in the spirit of the CraNeXt paper's Table 3."""

from __future__ import annotations

from functools import partial
from typing import Any

from torch import nn

from CraNeXtLib.networks.blocks import ConvNeXtBlock
from CraNeXtLib.networks.wodzinski_unet import WodzinskiUNet


class ConvNeXtWodzinskiUNet(WodzinskiUNet):
    """Wodzinski's U-Net with ConvNeXt blocks in place of its residual blocks.

    In the spirit of the paper's "Wodzinski UNet + ConvNeXt 3D", whose code is not published. No simple exchange of the
    blocks yields its file of 43 MiB (11.0 to 11.3 million parameters), or the 34 given in its text. A ConvNeXt block
    cannot change the number of channels, so a convolution must do so before it. The choices were a 1³ convolution (6.8
    million parameters), a 3³ convolution (8.4) and a 3³ convolution before every block (13.2). The second was chosen:
    the first would leave the network without 3³ convolutions, and the last would make most of it something other than
    ConvNeXt. 8,424,129 parameters, 32 MiB.

    Args:
        grn: ``"official"`` (norm over X and Y) or ``"3d"``, see ``CraNeXtLib.networks.blocks.GRN``.
        drop_path: Probability of dropping a block's branch in training.
        options: Those of ``WodzinskiUNet``.
    """

    def __init__(self, *, grn: str = "official", drop_path: float = 0.1, **options: Any) -> None:
        self._convnext_block = partial(ConvNeXtBlock, grn=grn, drop_path=drop_path)
        super().__init__(**options)

    def block(self, in_channels: int, channels: int) -> nn.Module:
        """Return a ConvNeXt block, preceded by a 3³ convolution if the channels change."""
        block = self._convnext_block(channels)
        if in_channels == channels:
            return block
        return nn.Sequential(nn.Conv3d(in_channels, channels, kernel_size=3, padding=1), block)
