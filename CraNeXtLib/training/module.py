"""The network, its loss, its optimizer and its validation, for Lightning."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from lightning.pytorch import LightningModule
from lightning.pytorch.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor, nn
from torchmetrics import MeanMetric, MinMetric

from CraNeXtLib import networks
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.runtime.library_errors import as_input_error
from CraNeXtLib.networks.activation_checkpointing import checkpoint_activations
from CraNeXtLib.networks.compact_weights import restored
from CraNeXtLib.networks.cranext_refiner import CraNeXtRefiner
from CraNeXtLib.training.config import OptimizationConfig, TrainingConfig
from CraNeXtLib.training.losses import make_loss
from CraNeXtLib.training.samples.input_kind import input_kind
from CraNeXtLib.training.samples.numbered_samples import Batch

# An implant fills about a hundredth of the grid. A network that starts at even odds spends its first steps unlearning.
_FIRST_LOGIT = -4.0


class CompletionModule(LightningModule):
    """A network that learns to complete skulls.

    Args:
        config: The run's configuration.
        total_steps: Steps of the whole run, for the schedule; may be set later.

    Raises:
        InputError: If the network's options are wrong or do not suit the grid, or the model to start from has another
            network.
    """

    def __init__(self, config: TrainingConfig, total_steps: int = 1) -> None:
        super().__init__()
        self.config, self.total_steps = config, total_steps
        self.network = make_network(config)
        self._loss = make_loss(config.optimization.loss, bce_weight=config.optimization.bce_weight)
        self.implant_dsc, self.complete_dsc, self.worst_implant_dsc = MeanMetric(), MeanMetric(), MinMetric()

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits of the target, (B, 1, X, Y, Z), for an input (B, C, X, Y, Z)."""
        logits: Tensor = self.network(x)
        return logits

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:  # noqa: ARG002
        """Seed the network's random draws by step and process, so that a resumed run repeats them."""
        torch.manual_seed(hash((self.config.run.seed, self.global_step, self.global_rank)) % 2**63)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:  # noqa: ARG002
        """Return the loss of a batch."""
        loss = self.loss(batch)
        self.log("train_loss", loss, on_step=False, on_epoch=True, batch_size=len(batch["defective"]), sync_dist=True)
        return loss

    def loss(self, batch: Batch) -> Tensor:
        """Return the loss of a batch, in float32."""
        target = batch["complete"]
        if self.config.data.target == "implant":
            target = (target - batch["defective"]).clamp(min=0)
        return self._loss(self(batch["input"]).float(), target)

    def validation_step(self, batch: Batch, batch_idx: int) -> None:  # noqa: ARG002
        """Measure the DSC on the grid."""
        if not batch["counts"].item():
            return
        defective, complete = batch["defective"], batch["complete"]
        predicted = torch.sigmoid(self(batch["input"]).float())
        if self.config.data.target == "implant":
            predicted = predicted + defective
        implants = ((whole - defective).clamp(min=0) >= 0.5 for whole in (predicted, complete))
        dsc = dice(*implants)
        self.implant_dsc.update(dsc)
        self.complete_dsc.update(dice(predicted >= 0.5, complete >= 0.5))
        self.worst_implant_dsc.update(dsc)

    def on_validation_epoch_end(self) -> None:
        """Log means over all cases of all processes."""
        for name, metric in (
            ("implant-dsc", self.implant_dsc),
            ("complete-dsc", self.complete_dsc),
            ("worst-implant-dsc", self.worst_implant_dsc),
        ):
            self.log(name, metric.compute())
            metric.reset()

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        """Return the optimizer, without weight decay on norms and biases, and the schedule by step."""
        options = self.config.optimization
        kernels = [p for p in self.network.parameters() if p.ndim in (2, 5)]
        others = [p for p in self.network.parameters() if p.ndim not in (2, 5)]
        groups = [{"params": kernels, "weight_decay": options.weight_decay}, {"params": others, "weight_decay": 0.0}]
        kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[options.optimizer]
        optimizer = kind(groups, lr=options.learning_rate, fused=True)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, partial(rate_at, options, self.total_steps))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def configure_gradient_clipping(self, optimizer: torch.optim.Optimizer, *_: Any, **__: Any) -> None:
        """Clip the gradient. A step whose gradient is not finite, as sometimes in low precision, changes nothing."""
        limit = self.config.optimization.gradient_clip or math.inf
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), limit)
        if not torch.isfinite(norm):
            optimizer.zero_grad(set_to_none=True)


def check_network(config: TrainingConfig) -> None:
    """Check that a network can be made and that it suits the grid, without making it.

    Raises:
        InputError: If its options are wrong or do not suit the grid.
    """
    name, options = config.network.name, input_kind(config).network_options
    try:
        with torch.device("meta"):
            networks.build(name, **options)
    except InputError as error:
        raise InputError(f"network.options do not fit {name}: {error}") from error
    try:
        networks.check_grid(name, config.data.shape, **options)
    except InputError as error:
        raise InputError(f"data.shape {list(config.data.shape)} does not fit {name}: {error}") from error


def make_network(config: TrainingConfig) -> nn.Module:
    """Return the network to train, with fresh weights or those of the model to start from.

    Raises:
        InputError: If its options are wrong or do not suit the grid, or the model to start from has another network.
    """
    check_network(config)
    torch.manual_seed(config.run.seed)
    network = networks.build(config.network.name, **input_kind(config).network_options)
    if config.network.start_from:
        _start_from(network, config.network.start_from, face=config.data.input == "face")
    elif config.data.target == "implant":
        last = [module for module in network.modules() if isinstance(module, nn.Conv3d)][-1]
        if last.bias is not None:
            nn.init.constant_(last.bias, _FIRST_LOGIT)
    prepare_for_training(network, config)
    return network


def prepare_for_training(network: nn.Module, config: TrainingConfig) -> None:
    """Set the precision of a network's layers, and what is kept for the backward pass."""
    _keep_deepest_levels_in_float32(network)
    if config.run.gradient_checkpointing:
        checkpoint_activations(network)


def _start_from(network: nn.Module, name: str, *, face: bool) -> None:
    """Load the weights of a model into a network: those of its network of the face, or of the head.

    Raises:
        InputError: If there is no such model, it is not a network, or its weights do not fit.
    """
    from safetensors.torch import load_file

    from CraNeXtLib.completion import face_completer, model_library
    from CraNeXtLib.completion.refined_completer import NETWORK_PREFIX

    model = model_library.find(name)
    if model.description["kind"] not in ("network", "refined"):
        raise InputError(f"network.start_from: '{name}' is not a network; choose a model that is one.")
    with as_input_error(
        lambda _error: f"network.start_from: the weights of '{name}' do not fit the network.", RuntimeError, OSError
    ):
        weights = {key: value.float() for key, value in restored(load_file(model.weights)).items()}
        if model.description["kind"] == "refined":
            prefix = face_completer.PREFIX if face else NETWORK_PREFIX
            names = networks.names_within(weights, prefix)
            network.load_state_dict({name: weights[prefix + name] for name in names})
        elif isinstance(network, CraNeXtRefiner):
            network.start_from(weights)
        else:
            network.load_state_dict(weights)


def _keep_deepest_levels_in_float32(network: nn.Module) -> None:
    """Exempt the layers that work on a few voxels from autocast.

    On CPUs, PyTorch 2.13's bfloat16 weight gradient of a 3³ convolution on about ten voxels is sometimes garbage.
    """
    for part in network.modules():
        for layer in getattr(part, "deepest_layers", ()):
            layer.forward = _in_float32(layer.forward)


def _in_float32(forward: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def run(x: Tensor, *others: Tensor | torch.Size) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            return forward(x.float(), *(y.float() if isinstance(y, Tensor) else y for y in others))

    return run


def rate_at(options: OptimizationConfig, total_steps: int, step: int) -> float:
    """Return the learning rate at a step relative to the highest: warm-up, constant, then half a cosine to 0."""
    warmup = min(1.0, (step + 1) / options.warmup_steps) if options.warmup_steps else 1.0
    falling = options.decay * total_steps
    elapsed = step - (total_steps - falling)
    return warmup * (0.5 * (1 + math.cos(math.pi * min(1.0, elapsed / falling))) if elapsed > 0 else 1.0)


def dice(first: Tensor, second: Tensor) -> Tensor:
    """Return the DSC of two masks; 1 if both are empty."""
    sizes = first.sum() + second.sum()
    return torch.where(sizes > 0, 2 * (first & second).sum() / sizes.clamp(min=1), 1.0)
