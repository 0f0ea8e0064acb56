"""A model as a MONAI bundle, for those who have MONAI's tools around their networks."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from CraNeXtLib.atomic_files import new_folder
from CraNeXtLib.errors import InputError
from CraNeXtLib.models import Model


def write_monai_bundle(model: Model, folder: str | Path) -> Path:
    """Write ``configs/metadata.json``, ``configs/inference.json``, ``models/model.pt`` and ``docs/README.md``.

    The bundle holds the network and its weights, and needs this library to build the network; the way to the grid and
    back is ``cranext reconstruct``'s, not the bundle's.

    Args:
        model: A model of the kind ``network``.
        folder: The bundle; it must not exist.

    Raises:
        InputError: If the model is of another kind, or the folder exists or cannot be written.
    """
    import monai
    from safetensors.torch import load_file

    description = model.description
    if description["kind"] != "network":
        raise InputError(f"'{model.name}' is no network; only networks can be MONAI bundles.")
    network, shape = description["network"], description["grid"]["shape"]
    channels = network.get("options", {}).get("in_channels", 1)
    logits = {"type": "image", "format": "segmentation", "num_channels": 1, "spatial_shape": shape, "dtype": "float32"}
    metadata = {
        "version": "1.0.0",
        "monai_version": monai.__version__,
        "pytorch_version": torch.__version__,
        "name": model.name,
        "task": "Cranial implant design",
        "description": f"Completes a defective skull; gives logits of the {description.get('target', 'complete')}.",
        "intended_use": "Research only, not for clinical decisions.",
        "copyright": description.get("licence", ""),
        "data_source": description.get("data", ""),
        "network_data_format": {
            "inputs": {"image": logits | {"num_channels": channels, "value_range": [0, 1]}},
            "outputs": {"pred": logits},
        },
    }
    inference = {
        "imports": ["$import torch", "$import CraNeXtLib.networks"],
        "bundle_root": ".",
        "ckpt_path": "$@bundle_root + '/models/model.pt'",
        "device": "$torch.device('cuda' if torch.cuda.is_available() else 'cpu')",
        "network_def": {"_target_": "CraNeXtLib.networks.build", "name": network["name"], **network.get("options", {})},
        "network": "$@network_def.to(@device).eval()",
        "load": "$@network.load_state_dict(torch.load(@ckpt_path, weights_only=True))",
    }
    with new_folder(folder) as new:
        for name in ("configs", "models", "docs"):
            (new / name).mkdir()
        (new / "configs" / "metadata.json").write_text(json.dumps(metadata, indent=2) + "\n", encoding="utf-8")
        (new / "configs" / "inference.json").write_text(json.dumps(inference, indent=2) + "\n", encoding="utf-8")
        torch.save({key: value.float() for key, value in load_file(model.weights).items()}, new / "models" / "model.pt")
        card = model.folder / "MODEL_CARD.md"
        text = card.read_text(encoding="utf-8") if card.is_file() else f"# {model.name}\n"
        (new / "docs" / "README.md").write_text(text, encoding="utf-8")
    return Path(folder)
