"""Dividing a data set by skull, at random or as a model's."""

from __future__ import annotations

import pytest

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.datasets.manifest import DatasetCase, read_manifest
from CraNeXtLib.datasets.splits import split_as, split_by_skull


def cases_of(skulls, kinds=3):
    return [
        DatasetCase(subject=f"{n:03}", kind=str(k), complete=__file__, source="s")
        for n in range(skulls)
        for k in range(kinds)
    ]


def test_the_split_keeps_skulls_whole_and_follows_the_seed():
    cases = cases_of(20)
    split = split_by_skull(cases, validation=0.1, test=0.2, seed=5)
    by_skull = {case.skull: {c.split for c in split if c.skull == case.skull} for case in cases}
    assert all(len(found) == 1 for found in by_skull.values())
    names = [next(iter(found)) for found in by_skull.values()]
    assert (names.count("validation"), names.count("test"), names.count("training")) == (2, 4, 14)
    shuffled = split_by_skull(cases[::-1], validation=0.1, test=0.2, seed=5)[::-1]
    assert shuffled == split
    assert split_by_skull(cases, validation=0.1, test=0.2, seed=6) != split


def test_the_same_seed_gives_the_same_split_in_every_process_and_version():
    split = {
        case.subject: case.split for case in split_by_skull(cases_of(8, kinds=1), validation=0.2, test=0.2, seed=4)
    }
    held_out = {"000": "test", "001": "validation", "002": "validation", "007": "test"}
    assert split == dict.fromkeys(split, "training") | held_out


def test_duplicates_are_never_parted():
    cases = cases_of(12, kinds=1)
    same = [(("s", "000"), ("s", "005")), (("s", "005"), ("s", "009")), (("s", "001"), ("s", "002"))]
    same += [(("s", "006"), ("s", "008")), (("s", "003"), ("s", "008")), (("s", "000"), ("elsewhere", "000"))]
    for seed in range(20):
        splits = {
            c.subject: c.split for c in split_by_skull(cases, validation=0.3, test=0.3, seed=seed, same_skull=same)
        }
        assert splits["000"] == splits["005"] == splits["009"]
        assert splits["001"] == splits["002"]
        assert splits["003"] == splits["006"] == splits["008"]


def test_too_few_skulls_are_refused():
    with pytest.raises(InputError, match="too few"):
        split_by_skull(cases_of(2))


def test_the_split_of_a_model_is_taken_over(tmp_path, capsys):
    cases = cases_of(3)
    split = split_as(cases, {"training": ["000"], "test": ["002"]})
    assert {(case.subject, case.split) for case in split} == {("000", "training"), ("001", ""), ("002", "test")}
    with pytest.raises(InputError, match="none of these skulls"):
        split_as(cases, {"training": ["elsewhere"]})

    from CraNeXtLib.cli import main

    for subject in ("000", "001", "007", "500"):
        for role in ("complete", "implant"):
            (tmp_path / role).mkdir(exist_ok=True)
            (tmp_path / role / f"{subject}.nrrd").touch()
    made = ["dataset", "make", str(tmp_path), "--out", str(tmp_path / "m.csv"), "--no-check", "--split-of"]
    assert main([*made, "pca_skull"]) == 0
    splits = {case.subject: case.split for case in read_manifest(tmp_path / "m.csv")}
    assert splits == {"000": "validation", "001": "training", "007": "test", "500": ""}
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/model.json").write_text('{"name": "mine", "kind": "network", "format_version": 1, "sha256": ""}')
    assert main([*made, str(tmp_path / "mine")]) == 2
    assert "lists no split" in capsys.readouterr().err


@pytest.mark.parametrize(
    "fractions", [(float("nan"), 0.1), (0.1, float("nan")), (-0.1, 0.1), (0.5, 0.5), (float("inf"), 0)]
)
def test_fractions_must_leave_skulls_for_training(fractions):
    with pytest.raises(InputError, match="fractions"):
        split_by_skull(cases_of(20), validation=fractions[0], test=fractions[1])
