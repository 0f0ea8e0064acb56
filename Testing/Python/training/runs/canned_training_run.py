"""The ``cranext train`` command, except that it makes up its curves, so that a test waits a fraction of a second.

It is started in place of ``CraNeXtLib/__main__.py``. The record, the lock and the way to stop are the real ones.
``CANNED_TRAINING`` says what happens: ``short`` (the default), ``long`` until stopped, ``deaf``, which does not look if
it should stop, ``bad`` input, or a ``full`` disk or a small ``gpu`` in the second epoch.
"""

import argparse
import json
import os
import shutil
import sys
import time
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[4])

from CraNeXtLib.completion import model_library  # noqa: E402
from CraNeXtLib.core.errors import CraNeXtError, InputError  # noqa: E402
from CraNeXtLib.core.files.atomic import replacing  # noqa: E402
from CraNeXtLib.training.runs import run_folder  # noqa: E402


def train(config: Path, out: Path, resume: bool, progress) -> None:
    """Go through the epochs that the configuration asks for."""
    kind = os.environ.get("CANNED_TRAINING", "short")
    if kind == "bad":
        raise InputError("The manifest lists no cases.")
    progress("Preparing the cases", 0.0)
    settings = json.loads(config.read_text(encoding="utf-8"))
    (out / "config.yaml").write_text(json.dumps(settings), encoding="utf-8")
    (out / "checkpoints").mkdir(exist_ok=True)
    last = out / "checkpoints" / "last.ckpt"
    first = int(last.read_text()) if resume and last.is_file() else 0
    log = out / "logs" / f"version_{len(list(out.glob('logs/version_*')))}" / "metrics.csv"
    log.parent.mkdir(parents=True)
    log.write_text("complete-dsc,epoch,implant-dsc,step,train_loss\n")
    epochs = 10**6 if kind in ("long", "deaf") else settings.get("run", {}).get("epochs", 3)
    while kind == "deaf":
        time.sleep(0.05)
    for epoch in range(first, epochs):
        time.sleep(0.05)
        if kind == "full" and epoch:
            raise InputError(
                f"Cannot write to {out}: No space left on device; the last whole checkpoint is still there."
            )
        if kind == "gpu" and epoch:
            raise InputError("The GPU's memory is too small for this run; set a smaller run.batch_size.")
        with log.open("a") as file:
            file.write(f"{1 - 0.5 / (epoch + 2)},{epoch},{1 - 1 / (epoch + 2)},{epoch},\n")
            file.write(f",{epoch},,{epoch},{1 / (epoch + 1)}\n")
        with replacing(last) as temporary:
            temporary.write_text(str(epoch + 1))
        print(f"epoch {epoch + 1}", flush=True)
        progress(f"Epoch {epoch + 1} of {epochs}, 1 min left", (epoch + 1) / epochs)
    shutil.copytree(model_library.find("pca_skull").folder, out / "model", dirs_exist_ok=True)


def main() -> int:
    """Parse the options of ``cranext train`` that a background run is started with."""
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["train"])
    parser.add_argument("config", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--resume", action="store_true")
    options = parser.parse_args()
    try:
        with run_folder.in_charge(options.out, lambda _stage, _fraction: None) as told:
            train(options.config, options.out, options.resume, told)
    except CraNeXtError as error:
        print(f"cranext: error: {error}", file=sys.stderr)
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main())
