"""``--segment``, ``--implant-segment`` and ``--reference-segment`` choose what every command works on.

The work itself is replaced by a stand-in that keeps the masks.
"""

import nrrd
import numpy as np
import pytest
from plain_metrics import capped_shell

from CraNeXtLib.cases import categorization_case, finishing_case, reconstruction_case
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import write_volume

SPACING = 4.0  # of a shell as large as a head
_, CAP, SHELL = (volume.voxels for volume in capped_shell())
FRONT = SHELL & (np.arange(32)[:, None, None] < 12)
LABELS = SHELL.astype(np.uint8) + FRONT + np.uint8(3) * CAP  # bone 1, front of the bone 2, implant 3
SEGMENTS = ("Rest", "Front", "Implant")


@pytest.fixture
def folder(tmp_path):
    affine = np.diag([SPACING, SPACING, SPACING, 1])
    for name, voxels in (("labels", LABELS), ("skull", SHELL), ("implant", CAP)):
        write_volume(Volume(voxels, affine), tmp_path / f"{name}.nrrd")
    header = {"space": "left-posterior-superior", "kinds": ["domain"] * 3}
    header |= {"space directions": np.diag([-SPACING, -SPACING, SPACING]), "space origin": np.zeros(3)}
    for number, name in enumerate(SEGMENTS):
        fields = {"ID": f"Segment_{number}", "Name": name, "LabelValue": number + 1, "Layer": 0}
        header |= {f"Segment{number}_{key}": str(value) for key, value in fields.items()}
    nrrd.write(str(tmp_path / "segments.seg.nrrd"), LABELS, header, index_order="F")
    return tmp_path


@pytest.fixture
def worked_on(monkeypatch):
    """What the commands would work on, by the function that would do it."""
    masks = {}

    def stand_in(name, positions):
        def work(*arguments, **_settings):
            masks[name] = [arguments[position].voxels for position in positions]
            raise InputError("Enough.")

        return work

    monkeypatch.setattr(finishing_case, "finish", stand_in("finish", (0, 1)))
    monkeypatch.setattr(categorization_case, "categorize", stand_in("categorize", (0,)))

    def reconstruct(source, reference, *_arguments, **_options):
        masks["reconstruct"] = [source.skull.voxels, reference.voxels]
        raise InputError("Enough.")

    monkeypatch.setattr(reconstruction_case, "_reconstruct", reconstruct)
    return masks


@pytest.mark.parametrize(
    ("file", "bone", "implant"),
    [("labels.nrrd", "1,2", "3"), ("segments.seg.nrrd", "Rest,Front", "Implant"), ("segments.seg.nrrd", "1,2", "3")],
)
def test_the_chosen_segments_are_worked_on(run, folder, worked_on, file, bone, implant):
    file = folder / file
    run("finish", file, "--implant-segment", implant, "--skull", file, "--segment", bone, "--out", folder / "out")
    for mask, right in zip(worked_on["finish"], (CAP, SHELL), strict=True):
        np.testing.assert_array_equal(mask, right)
    arguments = ("--reference-implant", file, "--reference-segment", implant, "--out", folder / "out")
    run("reconstruct", file, "--segment", bone, *arguments)
    for mask, right in zip(worked_on["reconstruct"], (SHELL, CAP), strict=True):
        np.testing.assert_array_equal(mask, right)
    run("categorize", file, "--segment", bone.split(",")[1], "--out", folder / "out")
    np.testing.assert_array_equal(worked_on["categorize"][0], FRONT)
    assert not (folder / "out").exists()


def test_the_true_implant_in_a_file_of_several_labels_measures_as_the_true_implant(run, folder):
    labels = folder / "labels.nrrd"
    status, printed, _ = run(
        "evaluate", "--implant", labels, "--implant-segment", 3, "--reference", labels, "--reference-segment", "3",
        "--skull", labels, "--segment", "1,2",
    )  # fmt: skip
    assert status == 0
    assert printed.split()[:4] == ["dsc", "1.0000", "bdsc", "1.0000"]


@pytest.mark.parametrize(
    ("command", "option"),
    [
        ("finish labels.nrrd --skull skull.nrrd --out out", "--implant-segment"),
        ("finish implant.nrrd --skull labels.nrrd --out out", "--segment"),
        ("reconstruct skull.nrrd --reference-implant labels.nrrd --out out", "--reference-segment"),
        ("reconstruct labels.nrrd --out out", "--segment"),
        ("evaluate --implant labels.nrrd --reference implant.nrrd --skull skull.nrrd", "--implant-segment"),
        ("evaluate --implant implant.nrrd --reference labels.nrrd --skull skull.nrrd", "--reference-segment"),
        ("evaluate --implant implant.nrrd --reference implant.nrrd --skull labels.nrrd", "--segment"),
        ("categorize labels.nrrd --out out", "--segment"),
        ("categorize skull.nrrd --implant labels.nrrd --out out", "--implant-segment"),
        ("defects labels.nrrd --kind skullfix --out out", "--segment"),
    ],
)
def test_a_file_of_several_labels_is_refused_with_the_option_that_chooses(run, folder, monkeypatch, command, option):
    monkeypatch.chdir(folder)
    status, _, error = run(*command.split())
    assert status == 2
    assert error.endswith(
        f"labels.nrrd contains several labels (1, 2, 3); choose one with {option}, or several, such as 1,2.\n"
    )
    assert not (folder / "out").exists()


def test_a_label_that_no_voxel_has_is_refused(run, folder):
    status, _, error = run("finish", folder / "implant.nrrd", "--skull", folder / "labels.nrrd", "--segment", "1,7",
                           "--out", folder / "out")  # fmt: skip
    assert status == 2
    assert "No voxel of labels.nrrd has the label 7; choose another with --segment." in error
