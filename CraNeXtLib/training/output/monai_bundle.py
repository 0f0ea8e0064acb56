"""Writing a model as a MONAI bundle, for pipelines that are built with MONAI's tools."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import torch

from CraNeXtLib.completion.model_library import CARD, Model
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.atomic import new_folder
from CraNeXtLib.core.files.text import json_text, write_text
from CraNeXtLib.core.product import RESEARCH_USE_NOTICE


def write_monai_bundle(model: Model, folder: str | Path) -> Path:
    """Write ``configs/metadata.json``, ``configs/inference.json``, ``models`` and ``docs/README.md``.

    ``python -m monai.bundle run --config_file BUNDLE/configs/inference.json --bundle_root BUNDLE --input SKULL
    --output_dir DIR`` does what ``cranext reconstruct`` does. It needs this library and uses the model folder, a copy
    of which is ``models``. ``models/model.pt`` has the weights in single precision, for tools that take only the
    network.

    Args:
        model: A model of the kind ``network``.
        folder: Folder of the bundle; it must not exist.

    Raises:
        InputError: If the model is of another kind, or the folder exists or cannot be written.
    """
    import monai
    from safetensors.torch import load_file

    description = model.description
    if description["kind"] != "network":
        raise InputError(f"'{model.name}' is not a network; only networks can become MONAI bundles.")
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
        "intended_use": RESEARCH_USE_NOTICE,
        "copyright": description.get("licence", ""),
        "data_source": description.get("data", ""),
        "network_data_format": {
            "inputs": {"image": logits | {"num_channels": channels, "value_range": [0, 1]}},
            "outputs": {"pred": logits},
        },
    }
    inference = {
        "imports": ["$import torch", "$from CraNeXtLib.cases import reconstruct_case"],
        "bundle_root": ".",
        "input": "defective_skull.nrrd",
        "output_dir": "$@bundle_root + '/eval'",
        "ckpt_path": "$@bundle_root + '/models/model.pt'",
        "device": "$torch.device('cuda' if torch.cuda.is_available() else 'cpu')",
        "network_def": {"_target_": "CraNeXtLib.networks.build", "name": network["name"], **network.get("options", {})},
        "network": "$@network_def.to(@device).eval()",
        "load": "$@network.load_state_dict(torch.load(@ckpt_path, weights_only=True))",
        "settings": {"_target_": "CraNeXtLib.cases.CaseSettings", "model": "$@bundle_root + '/models'"},
        "run": ["$reconstruct_case(@input, @output_dir, @settings)"],
    }
    with new_folder(folder) as new:
        for name in ("configs", "docs"):
            (new / name).mkdir()
        shutil.copytree(model.folder, new / "models")
        write_text(new / "configs" / "metadata.json", json_text(metadata, indent=2))
        write_text(new / "configs" / "inference.json", json_text(inference, indent=2))
        weights = io.BytesIO()  # torch.save to a full disk would raise a RuntimeError without a reason
        torch.save({key: value.float() for key, value in load_file(model.weights).items()}, weights)
        (new / "models" / "model.pt").write_bytes(weights.getbuffer())
        card = model.folder / CARD
        text = card.read_text(encoding="utf-8") if card.is_file() else f"# {model.name}\n"
        (new / "docs" / "README.md").write_text(text, encoding="utf-8")
    return Path(folder)
