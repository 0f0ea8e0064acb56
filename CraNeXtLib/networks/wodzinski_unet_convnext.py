"""The U-Net of Wodzinski et al. with ConvNeXt blocks, in the spirit of the CraNeXt paper's Table 3."""

from __future__ import annotations

from typing import Any

from torch import nn

from CraNeXtLib.networks.blocks import ConvNeXtBlock
from CraNeXtLib.networks.wodzinski_unet import WodzinskiUNet


class ConvNeXtWodzinskiUNet(WodzinskiUNet):
    """Wodzinski's U-Net whose residual blocks are ConvNeXt blocks.

    In the spirit of the paper's "Wodzinski UNet + ConvNeXt 3D", whose code isn't published: no simple exchange of the
    block gives its file of 43 MiB (11.0 to 11.3 million parameters), nor its text's 34. A ConvNeXt block can't change
    the number of channels, so something must before it where they change. Of a 1³ convolution (6.8 million), a 3³ one
    (8.4) and a 3³ one before every block (13.2), the second was chosen: with the first the network would lose its 3³
    convolutions altogether, and with the last most of it would not be ConvNeXt. 8,424,129 parameters, 32 MiB.

    Args:
        grn: ``"official"`` (norm over X and Y) or ``"3d"``, see ``CraNeXtLib.networks.blocks.GRN``.
        drop_path: Probability that training drops a block's branch.
        options: As those of ``WodzinskiUNet``.
    """

    def __init__(self, *, grn: str = "official", drop_path: float = 0.1, **options: Any) -> None:
        self._kind = {"grn": grn, "drop_path": drop_path}
        super().__init__(**options)

    def block(self, in_channels: int, channels: int) -> nn.Module:
        """Return a ConvNeXt block, after a 3³ convolution where the channels change."""
        block = ConvNeXtBlock(channels, **self._kind)
        if in_channels == channels:
            return block
        return nn.Sequential(nn.Conv3d(in_channels, channels, kernel_size=3, padding=1), block)
