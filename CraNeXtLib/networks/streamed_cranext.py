"""CraNeXt's output, worked out in slabs along the third axis: a fraction of the plain pass's memory and time.

What makes it exact, but for rounding:

- GRN as published norms each plane of the third axis for itself, so planes can go through the pointwise half of a block
  alone. The norm over the whole volume takes a pass of its own before the block.
- A convolution needs the neighbouring planes only: a window of planes moves along the third axis.
- A 1³ convolution of a concatenation is a sum of two; after an upsampling's 3³ convolution it is part of that. At full
  resolution no activation follows, so the skip is one number a voxel, and the tail has one output channel.

Activations are kept as (Z, X, Y, C), third axis first: slabs and the rows of pointwise steps are then contiguous.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

from CraNeXtLib.networks.blocks import ConvNeXtBlock, Join, Upsample, fused
from CraNeXtLib.networks.cranext import CraNeXt
from CraNeXtLib.networks.folded_cranext import FoldedCraNeXt, unfolded
from CraNeXtLib.networks.upsampled_conv import add_upsampled_conv, pack_taps

MEBIBYTE = 2**20
# On the CPU, buffers below 32 MiB are kept by the allocator instead of being fetched from the system each time.
CPU_SLAB_BYTES = 31 * MEBIBYTE
GPU_SLAB_BYTES = (256 * MEBIBYTE, 31 * MEBIBYTE)
RADIUS = 3  # of the 7³ convolutions


class StreamedCraNeXt:
    """A CraNeXt in eval mode that streams; call it like the network.

    On a GPU that runs out of memory it starts anew with smaller slabs, then on the CPU, and says so.

    Args:
        model: A network of the class ``CraNeXt`` or ``FoldedCraNeXt``; its weights are copied.
        device: Where to compute.
        dtype: Precision of weights and activations there. Default: half precision on CUDA (bfloat16 where the GPU has
            it), else single. The CPU as a last resort takes single precision.
        notify: Called with a sentence when it starts anew.
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
        self._folds = isinstance(model, FoldedCraNeXt)
        self._blocks = model.blocks if self._folds else lambda x: x
        self._network = _Fused(model.network if self._folds else model)

    def __call__(self, x: Tensor, *, progress: Callable[[float], None] = lambda _: None) -> Tensor:
        """Return the logits (B, 1, X, Y, Z) of an input (B, C, X, Y, Z), in single precision and on its device.

        Args:
            x: The input, on any device.
            progress: Called with the fraction done, up to 1, after every slab; what it raises ends the work. The
                fraction falls when the work starts anew.

        Raises:
            InputError: If the network cannot take the input's size or channels.
        """
        self._check(x)
        logits = []
        for number, sample in enumerate(self._blocks(x)):
            logits.append(self._with_fallbacks(sample, lambda part, n=number: progress((n + part) / len(x))))
        stacked = torch.stack(logits).to(x.device)
        return unfolded(stacked) if self._folds else stacked

    def _with_fallbacks(self, sample: Tensor, report: Callable[[float], None]) -> Tensor:
        if self.device.type == "cpu":
            return self._run(sample, report, self.device, self.dtype, CPU_SLAB_BYTES)
        for slab_bytes in GPU_SLAB_BYTES:
            try:
                return self._run(sample, report, self.device, self.dtype, slab_bytes)
            except RuntimeError as error:
                if "out of memory" not in str(error).lower():
                    raise
            # Not in the handler: the error keeps the failed pass's memory.
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
        with torch.inference_mode():
            return _Pass(network, planes.shape[:3], slab_bytes, report).run(planes).float().permute(3, 1, 2, 0)


def default_dtype(device: torch.device) -> torch.dtype:
    """Return the precision to compute with on a device: half on CUDA, bfloat16 where the GPU has it, else single."""
    if device.type != "cuda":
        return torch.float32
    return torch.bfloat16 if torch.cuda.get_device_capability(device) >= (8, 0) else torch.float16


class _Fused(nn.Module):
    """The network's weights as streaming wants them: axes in the order (Z, X, Y), upsampling and join in one."""

    def __init__(self, model: CraNeXt) -> None:
        super().__init__()
        self.init_stage = copy.deepcopy(model.init_stage)
        self.halves = copy.deepcopy(model.downsample_layers)
        self.down_norms = copy.deepcopy(model.down_norms)
        self.down_stages = copy.deepcopy(model.down_stages)
        self.up_stages = copy.deepcopy(model.up_stages)
        self.up_norms = copy.deepcopy(model.up_norms)
        self.joins = nn.ModuleList(map(_FusedJoin, model.upsample_layers, model.concat))
        self.tail = _FusedJoin(model.upscale_out, model.final_concat, model.final_convolution)
        self.eval().requires_grad_(False)
        for module in self.modules():
            if isinstance(module, nn.Conv3d):
                module.weight.data = module.weight.permute(0, 1, 4, 2, 3).contiguous()


class _FusedJoin(nn.Module):
    """An upsampling, the join with the skip and perhaps a last 1³ convolution, as one linear step."""

    def __init__(self, upsample: Upsample, join: Join, last: nn.Conv3d | None = None) -> None:
        super().__init__()
        self.norm = copy.deepcopy(upsample.norm)
        with torch.no_grad():
            convs = (upsample.compress, join.conv, last)
            kernel, of_skip, bias = fused(*(copy.deepcopy(conv).double() if conv else None for conv in convs))
            for name, value in (("taps", pack_taps(kernel)), ("of_skip", of_skip), ("bias", bias)):
                self.register_buffer(name, value.to(join.conv.weight))

    def skip(self, planes: Tensor) -> Tensor:
        """Return what the skip (Z, X, Y, C) adds to the result, (Z, X, Y, O)."""
        return functional.linear(planes, self.of_skip, self.bias)


class _Pass:
    """One pass of one volume through the fused network, on one device."""

    def __init__(
        self, network: _Fused, size: tuple[int, int, int], slab_bytes: int, report: Callable[[float], None]
    ) -> None:
        self.network, self.size, self.slab_bytes, self.report = network, size, slab_bytes, report
        self.done, self.total = 0, self._work()

    def _work(self) -> int:
        """Return the multiplications of all blocks; the rest is little beside them and not counted."""
        work = _work_of(self.network.init_stage[1], self.size) * _passes(self.network.init_stage[1])
        sizes = [tuple(length >> level for length in self.size) for level in range(1, len(self.network.halves) + 1)]
        stages = [*self.network.down_stages, *self.network.up_stages]
        for stage, size in zip(stages, sizes + sizes[-2::-1], strict=True):
            work += sum(_work_of(block, size) * _passes(block) for block in stage)
        return work

    def run(self, x: Tensor) -> Tensor:
        """Return the logits (Z, X, Y, O) of an input (Z, X, Y, C)."""
        network = self.network
        x, logits = self._stem(x)
        skips = []
        for level, stage in enumerate(network.down_stages):
            if level:
                skips.append(network.joins[-level].skip(x))
                x = self._halve(level, x)
            for block in stage:
                self._update(block, x)
        for join, stage, norm in zip(network.joins, network.up_stages, network.up_norms, strict=True):
            x = self._join(join, x, skips.pop())
            for block in stage:
                self._update(block, x)
            x = _planes(norm(_image(x)))
        logits = self._join(network.tail, x, logits)
        self.report(1.0)
        return logits

    def _stem(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return level 0 of the encoder before its blocks, and what the full-resolution skip adds to the logits."""
        conv, block = self.network.init_stage
        depth, width, height = self.size
        logits = x.new_empty(*self.size, len(self.network.tail.bias))
        radius = conv.padding[0]
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

        self._stream(block, self.size, read, write)
        return level, logits

    def _halve(self, level: int, planes: Tensor) -> Tensor:
        return _planes(self.network.down_norms[level](self.network.halves[level](_image(planes))))

    def _join(self, join: _FusedJoin, x: Tensor, skip: Tensor) -> Tensor:
        small = _planes(join.norm(_image(x)))
        add_upsampled_conv(skip, small, join.taps, after_plane=lambda: self._advance(0))
        return skip

    def _update(self, block: ConvNeXtBlock, x: Tensor) -> None:
        """Replace x (Z, X, Y, C) by the block's output."""

        def write(start: int, planes: Tensor) -> None:
            x[start : start + len(planes)] = planes

        self._stream(block, x.shape[:3], lambda start, stop: x[start:stop], write)

    def _stream(
        self,
        block: ConvNeXtBlock,
        size: tuple[int, int, int],
        read: Callable[[int, int], Tensor],
        write: Callable[[int, Tensor], None],
    ) -> None:
        """Send planes through a block.

        A plane is read before it is written, so both may be of one tensor.

        Args:
            block: The block.
            size: Planes, and voxels along their axes.
            read: Returns the block's input planes from start to stop, (stop - start, X, Y, C).
            write: Takes the output planes from start on, likewise; start is even.
        """
        volume_norm = None
        if _passes(block) == 2:
            squares = sum(_squares(hidden).sum(0) for _, _, hidden in self._hidden(block, size, read))
            volume_norm = squares.sqrt()
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
        """Yield start, input planes (n, X, Y, C) and responses before GRN (n, X·Y, 4·C), n planes at a time."""
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
    """Return how often the planes go through a block: once more where GRN takes the norm of all of them."""
    return len(block.grn.axes) - 1


def _work_of(block: ConvNeXtBlock, size: tuple[int, int, int]) -> int:
    """Return the multiplications of one pass through a block."""
    channels = block.norm.normalized_shape[0]
    return size[0] * size[1] * size[2] * channels * (343 + 8 * channels)


def _even(count: int) -> int:
    return max(count // 2 * 2, 2)


def _squares(hidden: Tensor) -> Tensor:
    """Return the sum of squares of each plane and channel; a plane at a time, as the squares are as large."""
    return torch.stack([plane.float().square().sum(0) for plane in hidden])


def _image(planes: Tensor) -> Tensor:
    """View (Z, X, Y, C) as the (1, C, Z, X, Y) that modules take."""
    return planes.unsqueeze(0).movedim(-1, 1)


def _planes(image: Tensor) -> Tensor:
    return image.movedim(1, -1)[0].contiguous()


def _convolve(window: Tensor, conv: nn.Conv3d) -> Tensor:
    """Convolve planes of which the first and last are only neighbours: (n + K - 1, X, Y, C) to (n, X, Y, O)."""
    padding = (0, *conv.padding[1:])
    return _planes(functional.conv3d(_image(window), conv.weight, conv.bias, padding=padding, groups=conv.groups))
