"""CraNeXt computed in slabs along the third axis, in a fraction of the memory and time of a plain pass.

The result is exact except for rounding, because:

- GRN as published normalizes each plane of the third axis separately, so that planes can go through the pointwise half
  of a block one by one. GRN over the whole volume needs an additional pass for its norm.
- A convolution needs only the neighboring planes: a window of planes moves along the third axis.
- A 1³ convolution of a concatenation is the sum of two, and can be merged with the 3³ convolution of an upsampling
  before it. At full resolution no activation follows, so that the skip becomes one number per voxel, and the tail has
  one output channel.

Activations are stored as (Z, X, Y, C), third axis first, so that slabs and the rows of pointwise steps are contiguous.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from functools import reduce

import torch
from torch import Tensor, nn
from torch.nn import functional

from CraNeXtLib.networks.blocks import ConvNeXtBlock, Join, Upsample, fused
from CraNeXtLib.networks.cranext import CraNeXt, blocks_of
from CraNeXtLib.networks.folded_cranext import FoldedCraNeXt, unfolded
from CraNeXtLib.networks.upsampled_conv import add_upsampled_conv, pack_taps

MEBIBYTE = 2**20
# On the CPU, the allocator reuses buffers below 32 MiB instead of requesting them from the system each time.
CPU_SLAB_BYTES = 31 * MEBIBYTE
GPU_SLAB_BYTES = (256 * MEBIBYTE, 31 * MEBIBYTE)
RADIUS = 3  # radius of the 7³ convolutions, in voxels


class StreamedCraNeXt:
    """A CraNeXt in eval mode that is computed in slabs; call it like the network.

    If a GPU runs out of memory, it retries with smaller slabs, then on the CPU, and notifies the caller.

    Args:
        model: A ``CraNeXt`` or ``FoldedCraNeXt``; its weights are copied.
        device: Where to compute.
        dtype: Precision of weights and activations; by default half precision on CUDA (bfloat16 if the GPU supports
            it), otherwise single. The fallback to the CPU always uses single precision.
        notify: Called with a message before each retry.
    """

    def __init__(
        self,
        model: CraNeXt | FoldedCraNeXt,
        *,
        device: str | torch.device = "cpu",
        dtype: torch.dtype | None = None,
        notify: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.device = torch.device(device)
        self.dtype = dtype or default_dtype(self.device)
        self.notify = notify
        self._check = model.check
        self._blocks = model.blocks if isinstance(model, FoldedCraNeXt) else None
        self._network = _Fused(model.network if isinstance(model, FoldedCraNeXt) else model)

    def __call__(self, x: Tensor, *, progress: Callable[[float], None] = lambda _: None) -> Tensor:
        """Return the logits (B, 1, X, Y, Z) of an input (B, C, X, Y, Z), in single precision and on its device.

        Args:
            x: The input, on any device.
            progress: Called with the fraction done, up to 1, after every slab; an exception it raises ends the work.
                The fraction falls at a retry.

        Raises:
            InputError: If the network does not accept the input's size or channels.
        """
        self._check(x)
        logits = []
        for number, sample in enumerate(self._blocks(x) if self._blocks else x):

            def report(fraction: float, before: int = number) -> None:
                progress((before + fraction) / len(x))

            logits.append(self._with_fallbacks(sample, report))
        stacked = torch.stack(logits).to(x.device)
        return unfolded(stacked) if self._blocks else stacked

    def _with_fallbacks(self, sample: Tensor, report: Callable[[float], None]) -> Tensor:
        if self.device.type == "cpu":
            return self._run(sample, report, self.device, self.dtype, CPU_SLAB_BYTES)
        for slab_bytes in GPU_SLAB_BYTES:
            try:
                return self._run(sample, report, self.device, self.dtype, slab_bytes)
            except RuntimeError as error:
                if "out of memory" not in str(error).lower():
                    raise
            # Outside the handler, since the error keeps the memory of the failed pass alive.
            torch.cuda.empty_cache()
            if slab_bytes != GPU_SLAB_BYTES[-1]:
                self.notify("The GPU ran out of memory; trying again with smaller chunks.")
        self.notify("The GPU has too little free memory; using the CPU instead, which takes longer.")
        return self._run(sample, report, torch.device("cpu"), torch.float32, CPU_SLAB_BYTES)

    def _run(
        self,
        sample: Tensor,
        report: Callable[[float], None],
        device: torch.device,
        dtype: torch.dtype,
        slab_bytes: int,
    ) -> Tensor:
        network = copy.deepcopy(self._network).to(device, dtype)
        planes = sample.permute(3, 1, 2, 0).to(device, dtype).contiguous()
        depth, width, height, _ = planes.shape
        with torch.inference_mode():
            return _Pass(network, (depth, width, height), slab_bytes, report).run(planes).float().permute(3, 1, 2, 0)


def default_dtype(device: torch.device) -> torch.dtype:
    """Return the default precision on a device: half on CUDA (bfloat16 if the GPU supports it), otherwise single."""
    if device.type != "cuda":
        return torch.float32
    return torch.bfloat16 if torch.cuda.get_device_capability(device) >= (8, 0) else torch.float16


class _Fused(nn.Module):
    """The network's weights for streaming: axes in the order (Z, X, Y), each upsampling merged with its join."""

    def __init__(self, model: CraNeXt) -> None:
        super().__init__()
        self.stem, self.first_block = copy.deepcopy(model.stem), copy.deepcopy(model.first_block)
        self.halves = copy.deepcopy(model.downsample_layers)
        self.down_norms = copy.deepcopy(model.down_norms)
        self.down_stages = copy.deepcopy(model.down_stages)
        self.up_stages = copy.deepcopy(model.up_stages)
        self.up_norms = copy.deepcopy(model.up_norms)
        self.joins = nn.ModuleList(_FusedJoin(*layers) for layers in model.upsampling_steps)
        self.tail = _FusedJoin(model.upscale_out, model.final_concat, model.final_convolution)
        self.eval().requires_grad_(False)
        for module in self.modules():
            if isinstance(module, nn.Conv3d):
                module.weight.data = module.weight.permute(0, 1, 4, 2, 3).contiguous()


class _FusedJoin(nn.Module):
    """An upsampling, the join with the skip and an optional last 1³ convolution, merged into one linear step."""

    taps: Tensor
    of_skip: Tensor
    bias: Tensor

    def __init__(self, upsample: Upsample, join: Join, last: nn.Conv3d | None = None) -> None:
        super().__init__()
        self.norm = copy.deepcopy(upsample.norm)
        with torch.no_grad():
            upsampled, joined = copy.deepcopy(upsample.compress).double(), copy.deepcopy(join.conv).double()
            kernel, of_skip, bias = fused(upsampled, joined, last and copy.deepcopy(last).double())
            for name, value in (("taps", pack_taps(kernel)), ("of_skip", of_skip), ("bias", bias)):
                self.register_buffer(name, value.to(join.conv.weight))

    def skip(self, planes: Tensor) -> Tensor:
        """Return the contribution of the skip (Z, X, Y, C) to the result, (Z, X, Y, O)."""
        return functional.linear(planes, self.of_skip, self.bias)


class _Pass:
    """One pass of one volume through the fused network, on one device."""

    def __init__(
        self, network: _Fused, size: tuple[int, int, int], slab_bytes: int, report: Callable[[float], None]
    ) -> None:
        self.network, self.size, self.slab_bytes, self.report = network, size, slab_bytes, report
        self.done, self.total = 0, self._work()

    def _work(self) -> int:
        """Return the number of multiplications in all blocks; everything else is negligible."""
        work = _work_of(self.network.first_block, self.size) * _passes(self.network.first_block)
        depth, width, height = self.size
        sizes = [(depth >> n, width >> n, height >> n) for n in range(1, len(self.network.halves) + 1)]
        stages = [*self.network.down_stages, *self.network.up_stages]
        for stage, size in zip(stages, sizes + sizes[-2::-1], strict=True):
            work += sum(_work_of(block, size) * _passes(block) for block in blocks_of(stage))
        return work

    def run(self, x: Tensor) -> Tensor:
        """Return the logits (Z, X, Y, O) of an input (Z, X, Y, C)."""
        network = self.network
        joins = [join for join in network.joins if isinstance(join, _FusedJoin)]
        x, logits = self._stem(x)
        skips = []
        for level, stage in enumerate(network.down_stages):
            if level:
                skips.append(joins[-level].skip(x))
                x = self._halve(level, x)
            for block in blocks_of(stage):
                self._update(block, x)
        for join, stage, norm in zip(joins, network.up_stages, network.up_norms, strict=True):
            x = self._join(join, x, skips.pop())
            for block in blocks_of(stage):
                self._update(block, x)
            x = _planes(norm(_image(x)))
        logits = self._join(network.tail, x, logits)
        self.report(1.0)
        return logits

    def _stem(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return level 0 of the encoder before its blocks, and the contribution of the first skip to the logits."""
        conv = self.network.stem
        depth, width, height = self.size
        logits = x.new_empty(*self.size, len(self.network.tail.bias))
        radius = conv.kernel_size[0] // 2
        level = x.new_empty(depth // 2, width // 2, height // 2, conv.out_channels)

        def read(start: int, stop: int) -> Tensor:
            first, last = start - radius, stop + radius
            window = functional.pad(x[max(first, 0) : last], (0, 0, 0, 0, 0, 0, max(-first, 0), max(last - depth, 0)))
            return _convolve(window, conv)

        def write(start: int, planes: Tensor) -> None:
            logits[start : start + len(planes)] = self.network.tail.skip(planes)
            pairs = len(planes) // 2  # slabs start at even planes
            if pairs:
                level[start // 2 : start // 2 + pairs] = self._halve(0, planes)

        self._stream(self.network.first_block, self.size, read, write)
        return level, logits

    def _halve(self, level: int, planes: Tensor) -> Tensor:
        return _planes(self.network.down_norms[level](self.network.halves[level](_image(planes))))

    def _join(self, join: _FusedJoin, x: Tensor, skip: Tensor) -> Tensor:
        small = _planes(join.norm(_image(x)))
        add_upsampled_conv(skip, small, join.taps, after_plane=lambda: self._advance(0))
        return skip

    def _update(self, block: ConvNeXtBlock, x: Tensor) -> None:
        """Replace x (Z, X, Y, C) by the output of a block."""
        depth, width, height, _ = x.shape

        def write(start: int, planes: Tensor) -> None:
            x[start : start + len(planes)] = planes

        self._stream(block, (depth, width, height), lambda start, stop: x[start:stop], write)

    def _stream(
        self,
        block: ConvNeXtBlock,
        size: tuple[int, int, int],
        read: Callable[[int, int], Tensor],
        write: Callable[[int, Tensor], None],
    ) -> None:
        """Send planes through a block.

        A plane is read before it is written, so input and output may share a tensor.

        Args:
            block: The block.
            size: Number of planes, and their size in voxels: Z, X, Y.
            read: Returns the block's input planes from start to stop, (stop - start, X, Y, C).
            write: Takes as many output planes, beginning at start, which is even.
        """
        volume_norm = None
        if _passes(block) == 2:
            planes_squares = (_squares(hidden).sum(0) for _, _, hidden in self._hidden(block, size, read))
            volume_norm = reduce(torch.add, planes_squares).sqrt()
        compress = block.compress
        bias = compress.bias + compress.weight @ block.grn.beta.flatten()
        for start, planes, hidden in self._hidden(block, size, read):
            norm = _squares(hidden).sqrt() if volume_norm is None else volume_norm.expand(len(planes), -1)
            scale = block.grn.scale(norm)[0, 0].unsqueeze(-1)
            weight = (scale * compress.weight.t()).to(hidden.dtype)
            output = torch.baddbmm(planes.flatten(1, 2), hidden, weight).add_(bias)
            write(start, output.view_as(planes))

    def _hidden(
        self, block: ConvNeXtBlock, size: tuple[int, int, int], read: Callable[[int, int], Tensor]
    ) -> Iterator[tuple[int, Tensor, Tensor]]:
        """Yield the first plane's number, input (n, X, Y, C) and responses before GRN (n, X·Y, 4·C) of n planes."""
        depth, width, height = size
        channels = block.norm.normalized_shape[0]
        like = block.compress.weight
        plane_bytes = width * height * channels * like.element_size()
        slab = min(_even(self.slab_bytes // plane_bytes), depth)
        part = min(_even(self.slab_bytes // (4 * plane_bytes)), slab)
        window = like.new_zeros(slab + 2 * RADIUS, width, height, channels)
        hidden = like.new_empty(part, width * height, 4 * channels)
        ahead = min(RADIUS, depth)
        window[RADIUS : RADIUS + ahead] = read(0, ahead)
        for start in range(0, depth, slab):
            count = min(slab, depth - start)
            fresh = max(min(count, depth - RADIUS - start), 0)
            if fresh:
                window[2 * RADIUS : 2 * RADIUS + fresh] = read(start + RADIUS, start + RADIUS + fresh)
            window[2 * RADIUS + fresh :] = 0
            mixed = _convolve(window[: count + 2 * RADIUS], block.depthwise)
            for offset in range(0, count, part):
                normed = block.norm(mixed[offset : offset + part])
                responses = hidden[: len(normed)]
                rows = normed.view(-1, channels), block.pointwise.weight.t()
                torch.addmm(block.pointwise.bias, *rows, out=responses.view(-1, 4 * channels))
                torch.ops.aten.gelu_(responses)
                yield start + offset, window[RADIUS + offset :][: len(normed)], responses
                self._advance(_work_of(block, size) * len(normed) // depth)
            window[: 2 * RADIUS] = window[count : count + 2 * RADIUS].clone()

    def _advance(self, work: int) -> None:
        self.done += work
        self.report(min(self.done / self.total, 1.0))


def _passes(block: ConvNeXtBlock) -> int:
    """Return how often the planes go through a block: twice if GRN takes the norm of the whole volume."""
    return len(block.grn.axes) - 1


def _work_of(block: ConvNeXtBlock, size: tuple[int, int, int]) -> int:
    """Return the number of multiplications in one pass through a block."""
    channels = block.norm.normalized_shape[0]
    return size[0] * size[1] * size[2] * channels * (343 + 8 * channels)


def _even(count: int) -> int:
    """Return an even number of planes of at least 4: PyTorch halves 12 of them as fast as 2."""
    return max(count // 2 * 2, 4)


def _squares(hidden: Tensor) -> Tensor:
    """Return the sum of squares of each plane and channel, a plane at a time to save memory."""
    return torch.stack([plane.float().square().sum(0) for plane in hidden])


def _image(planes: Tensor) -> Tensor:
    """View planes (Z, X, Y, C) as an image (1, C, Z, X, Y), the shape for modules."""
    return planes.unsqueeze(0).movedim(-1, 1)


def _planes(image: Tensor) -> Tensor:
    return image.movedim(1, -1)[0].contiguous()


def _convolve(window: Tensor, conv: nn.Conv3d) -> Tensor:
    """Convolve planes, using the outermost ones only as neighbors: (n + K - 1, X, Y, C) to (n, X, Y, O)."""
    padding = (0, conv.kernel_size[1] // 2, conv.kernel_size[2] // 2)
    return _planes(functional.conv3d(_image(window), conv.weight, conv.bias, padding=padding, groups=conv.groups))
