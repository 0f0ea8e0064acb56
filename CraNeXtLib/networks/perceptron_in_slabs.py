"""The pointwise half of a ConvNeXt block in slabs of voxels, with its exact gradients, for training on the CPU.

There, the widest tensors, with four times the block's channels, cost most of its time: every operation writes another
one to memory that the system first has to provide and clear. Here they exist for one slab at a time, which stays in the
processor's cache, and the backward pass computes them anew.

With the normalized input n of a voxel, the gradient g of its output, and the groups of voxels over which GRN takes its
norm (the planes of the third axis, or the volume)::

    a = GELU(W₁ n + b₁)      norm = √Σ a²      output = W₂ (scale(norm) · a + β) + b₂

The gradients of W₂ and of scale(norm) both follow from the products Σ a gᵀ of each group.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache, reduce
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from CraNeXtLib.networks.cranext_sizes import EPS

# Size of the widest tensor of a slab; it should fit into the cache of one core.
SLAB_BYTES = 2 * 2**20
# The responses of a group up to this size are kept, else computed once for the norm and again for the rest.
KEPT_BYTES = 24 * 2**20


def grn_scale(norm: Tensor, gamma: Tensor) -> Tensor:
    """Return the factor of each response in GRN, given the L2 norm of its channel over a group (channels last)."""
    return 1 + gamma * (norm / (norm.mean(dim=-1, keepdim=True) + EPS))


class PerceptronWeights(NamedTuple):
    """Weights of the pointwise half of a block with C channels."""

    norm: Tensor  # (C,)
    norm_bias: Tensor  # (C,)
    expand: Tensor  # (4·C, C)
    expand_bias: Tensor  # (4·C,)
    gamma: Tensor  # (1, 1, 1, 4·C)
    beta: Tensor  # (1, 1, 1, 4·C)
    compress: Tensor  # (C, 4·C)
    compress_bias: Tensor  # (C,)


def perceptron_in_slabs(x: Tensor, weights: PerceptronWeights, *, norm_by_plane: bool) -> Tensor:
    """Return the pointwise half of a block's branch, (B, X, Y, Z, C) to the same shape.

    Args:
        x: The input.
        weights: The block's weights.
        norm_by_plane: Whether GRN takes its norm over X and Y only, else over the volume.
    """
    result: Tensor = _Perceptron.apply(x, norm_by_plane, *weights)
    return result


class _Perceptron(torch.autograd.Function):
    @staticmethod
    @torch.amp.custom_fwd(device_type="cpu", cast_inputs=torch.float32)
    def forward(ctx: Any, x: Tensor, norm_by_plane: bool, *tensors: Tensor) -> Tensor:
        x, weights = x.contiguous(), PerceptronWeights(*tensors)
        ctx.save_for_backward(x, *tensors)
        ctx.norm_by_plane = norm_by_plane
        bias = weights.compress_bias + weights.compress @ weights.beta.flatten()
        output, ctx.norms = torch.empty_like(x), []
        for xs, outputs in _groups(norm_by_plane, x, output):
            responses = _responses_of(xs, weights)
            norm = _sum(_squares(responses(part).after) for part in range(len(xs))).sqrt()
            ctx.norms.append(norm)
            compress = (grn_scale(norm, weights.gamma.flatten()) * weights.compress).mT
            for part, result in enumerate(outputs):
                result.copy_(torch.baddbmm(bias, responses(part).after, compress))
        return output

    @staticmethod
    @torch.amp.custom_bwd(device_type="cpu")
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, *tensors = ctx.saved_tensors
        weights = PerceptronWeights(*tensors)
        gradient, of_x = gradient.contiguous(), torch.empty_like(x)
        sums = PerceptronWeights(*map(torch.zeros_like, tensors))  # those of norm and norm_bias follow at the end
        slabs = _groups(ctx.norm_by_plane, x, gradient, of_x)
        for norm, (xs, gradients, of_xs) in zip(ctx.norms, slabs, strict=True):
            responses, parts = _responses_of(xs, weights), range(len(xs))
            products = _sum(gradients[part].mT @ responses(part).after for part in parts)  # (groups, C, 4·C)
            of_scale = (products * weights.compress).sum(1, keepdim=True)
            scale, of_norm, of_gamma = _scale_and_gradients(norm, weights.gamma, of_scale)
            sums.gamma.add_(of_gamma)
            sums.compress.add_((scale * products).sum(0))
            # A response changes its norm by response / norm; all responses of a norm of 0 are 0.
            through_norm = torch.where(norm > 0, of_norm / norm, 0)
            compress = scale * weights.compress
            for part in parts:
                here = responses(part)
                of_after = here.after.mul_(through_norm).baddbmm_(gradients[part], compress)
                of_before = torch.ops.aten.gelu_backward.grad_input(of_after, here.before, grad_input=of_after)
                rows = of_before.flatten(0, 1)
                sums.expand.addmm_(rows.mT, here.normalized.flatten(0, 1))
                sums.expand_bias.add_(rows.sum(0))
                of_xs[part].copy_(here.through_norm(of_before @ (weights.expand * weights.norm)))
        of_output = gradient.flatten(0, 3).sum(0)
        sums.compress_bias.copy_(of_output)
        sums.compress.addr_(of_output, weights.beta.flatten())
        sums.beta.copy_((of_output @ weights.compress).view_as(weights.beta))
        # The sums for W₁ are those of its product with the norm's weight; its bias contains its product with norm_bias.
        sums.norm.copy_((sums.expand * weights.expand).sum(0))
        sums.norm_bias.copy_(sums.expand_bias @ weights.expand)
        sums.expand.mul_(weights.norm).addr_(sums.expand_bias, weights.norm_bias)
        return of_x, None, *sums


class _Responses(NamedTuple):
    """What a slab (groups, voxels, C) becomes on the way to its responses."""

    x: Tensor
    normalized: Tensor
    mean: Tensor
    reciprocal_deviation: Tensor
    before: Tensor  # (groups, voxels, 4·C), before GELU
    after: Tensor

    def through_norm(self, gradient: Tensor) -> Tensor:
        """Return the gradient of x from that of the normalized input."""
        statistics = self.mean, self.reciprocal_deviation
        result: Tensor = torch.ops.aten.native_layer_norm_backward(
            gradient, self.x, self.x.shape[-1:], *statistics, None, None, [True, False, False]
        )[0]
        return result


def _responses_of(slabs: list[Tensor], weights: PerceptronWeights) -> Callable[[int], _Responses]:
    """Return a function that computes the responses of a slab by its number, once if those of all of them are kept."""
    expand = weights.expand * weights.norm
    bias = weights.expand_bias + weights.expand @ weights.norm_bias

    @lru_cache(maxsize=KEPT_BYTES // SLAB_BYTES)
    def responses(number: int) -> _Responses:
        x = slabs[number].contiguous()
        normalized, mean, reciprocal_deviation = torch.native_layer_norm(x, x.shape[-1:], None, None, EPS)
        before = functional.linear(normalized, expand, bias)
        return _Responses(x, normalized, mean, reciprocal_deviation, before, functional.gelu(before))

    return responses


def _groups(norm_by_plane: bool, *tensors: Tensor) -> Iterator[tuple[list[Tensor], ...]]:
    """Yield the voxels of one or more whole groups from each tensor (B, X, Y, Z, C), as slabs (groups, voxels, C)."""
    for sample in zip(*tensors, strict=True):
        groups = [x.flatten(0, 1).transpose(0, 1) if norm_by_plane else x.flatten(0, 2)[None] for x in sample]
        length, channels = groups[0].shape[1:]
        voxel_bytes = 4 * channels * groups[0].element_size()
        voxels = max(1, SLAB_BYTES // voxel_bytes)
        together = max(1, voxels // length)
        for several in zip(*(x.split(together) for x in groups), strict=True):
            yield tuple(list(x.split(voxels, dim=1)) for x in several)


def _squares(responses: Tensor) -> Tensor:
    """Return the sums of squares of each channel and group, (groups, 1, channels)."""
    return responses.square().sum(1, keepdim=True)


def _sum(tensors: Iterator[Tensor]) -> Tensor:
    return reduce(torch.add, tensors)


def _scale_and_gradients(norm: Tensor, gamma: Tensor, of_scale: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the factors of GRN, and the gradients of norm and gamma from theirs."""
    with torch.enable_grad():
        norm, gamma = norm.detach().requires_grad_(), gamma.detach().requires_grad_()
        scale = grn_scale(norm, gamma.flatten())
        of_norm, of_gamma = torch.autograd.grad(scale, (norm, gamma), of_scale)
    return scale.detach(), of_norm, of_gamma
