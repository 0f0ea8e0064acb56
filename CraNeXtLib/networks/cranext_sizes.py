"""Sizes and constants of CraNeXt that its implementations share."""

from __future__ import annotations

PUBLISHED_DEPTHS = (1, 1, 1, 3, 1, 1, 1, 1, 1)
"""Number of blocks of each level, encoder first."""
PUBLISHED_WIDTHS = (32, 64, 128, 256, 512, 256, 128, 64, 32)
"""Channels of each level."""

MINIMUM_SIZE = 32
"""Fewest voxels along an axis."""
FOLD = 2
"""Side of the blocks of voxels that a folded network takes as channels."""
CORNERS = FOLD**3
"""Voxels of a block."""
EXPANSION = 4
"""Times that the perceptron of a block multiplies the channels."""
KERNEL = 7
"""Side of the depthwise convolutions."""
EPS = 1e-6
"""What is added to divisors that may be 0, in layer normalization and in global response normalization."""
