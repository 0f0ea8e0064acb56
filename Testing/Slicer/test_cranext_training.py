"""The module CraNeXtTraining inside Slicer: a data set is checked; a training run is started, found and stopped."""

import json
import tempfile
import unittest
from pathlib import Path

import numpy as np
import slicer
from bundled import skip_without, wait_while

NEEDED = "lightning, monai, nibabel, nrrd, scipy, skimage, tensorboard, torch, yaml"
TINY = {
    "preset": "default",
    "data": {"shape": [32, 32, 32], "spacing_mm": 3.0, "workers": 0, "on_bad_case": "stop"},
    "network": {"options": {"widths": [4, 4, 4, 4, 4], "depths": [1, 1, 1, 1, 1], "drop_path": 0.0}},
    "run": {"samples_per_epoch": 2, "precision": "32", "picture_every": 0},
}


def write_data_set(folder):
    """Write two ellipsoidal shells with a hole, one for training and one for validation; return the manifest."""
    from CraNeXtLib.geometry.volume import Volume
    from CraNeXtLib.geometry.volume_files import write_volume

    affine = np.diag([3.0, 3.0, 3.0, 1.0])
    affine[:3, 3] = -96.0
    points = np.stack(np.meshgrid(*[np.arange(64) * 3.0 - 96.0] * 3, indexing="ij"), axis=-1)
    lines = ["subject,complete,implant,split"]
    for split, width in (("training", 70.0), ("validation", 75.0)):
        radius = np.linalg.norm(points / (width, 90.0, 75.0), axis=-1)
        shell = (radius < 1) & (radius > 0.9)
        hole = shell & (np.linalg.norm(points - (40.0, 20.0, 60.0), axis=-1) < 28)
        for role, mask in (("complete", shell), ("implant", hole)):
            write_volume(Volume(mask.astype(np.uint8), affine), folder / f"{split}_{role}.nrrd")
        lines.append(f"{split},{split}_complete.nrrd,{split}_implant.nrrd,{split}")
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n")
    return folder / "manifest.csv"


class CraNeXtTrainingTest(unittest.TestCase):
    """Skipped without the packages for training in Slicer's Python."""

    def setUp(self):
        slicer.mrmlScene.Clear(False)

    def test_a_training_is_started_found_again_and_stopped(self):
        from CraNeXtTraining import CraNeXtTrainingLogic

        skip_without(NEEDED, self)
        logic = CraNeXtTrainingLogic()
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
            folder = Path(name)
            manifest = write_data_set(folder)
            (folder / "tiny.yaml").write_text(json.dumps(TINY))

            found = logic.check(manifest)
            assert found.description["splits"] == {"training": 1, "validation": 1}
            run = logic.start(manifest, folder / "run", configuration=folder / "tiny.yaml", epochs=1000, device="cpu")
            wait_while(lambda: run.poll() and not run.curves.get("implant-dsc"), lambda: run.log)
            assert run.state.status == "running", run.log

            again = logic.find(folder / "run")
            assert again.state.is_active
            again.stop()
            wait_while(again.poll, lambda: again.log)
            assert again.state.status == "stopped", again.log
            assert again.state.can_resume
            assert again.curves["train_loss"]
