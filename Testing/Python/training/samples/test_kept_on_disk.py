"""Items are made once, and a file that is no whole one is never left or used."""

import sys
import tempfile

import pytest
import torch
from full_disk import full_disk
from monai.data.utils import pickle_hashing
from monai.transforms import Transform

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.training.samples.kept_on_disk import KeptOnDisk


@pytest.fixture
def made():
    """The items that were made so far."""
    return []


@pytest.fixture
def kept(tmp_path, made):
    class Make(Transform):
        def __call__(self, item):
            made.append(number := item.pop("number"))  # a transform may change what it is given
            return {"values": torch.full((5000,), float(number))}

    return KeptOnDisk([{"number": 3}], Make(), tmp_path / "cache", hash_func=pickle_hashing)


def test_an_item_is_made_once(kept, made):
    assert kept[0]["values"][0] == kept[0]["values"][-1] == 3
    assert made == [3]


def test_a_folder_that_may_only_be_read_is_used_as_far_as_it_goes(kept, made, monkeypatch):
    def refused(**_options):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "mkdtemp", refused)
        for _ in range(2):
            assert kept[0]["values"][0] == 3
    assert made == [3, 3]
    for _ in range(2):
        assert kept[0]["values"][0] == 3
    assert made == [3, 3, 3]


def test_too_little_memory_for_a_file_is_no_reason_to_make_it_anew(kept, made, monkeypatch):
    def too_large(*_arguments, **_options):
        raise MemoryError

    kept[0]
    monkeypatch.setattr(torch, "load", too_large)
    with pytest.raises(MemoryError):
        kept[0]
    assert made == [3]


def test_a_damaged_file_is_made_anew(kept, made, tmp_path):
    whole = kept[0]["values"]
    (file,) = (tmp_path / "cache").iterdir()
    file.write_bytes(file.read_bytes()[:1000])
    assert torch.equal(kept[0]["values"], whole)
    assert made == [3, 3]
    assert torch.equal(kept[0]["values"], whole)
    assert made == [3, 3]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
def test_a_full_disk_is_named_and_leaves_nothing(kept, tmp_path):
    with full_disk(1000), pytest.raises(InputError, match=r"Cannot write to .*cache.*: File too large"):
        kept[0]
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_file_is_no_folder_for_prepared_cases(tmp_path):
    from CraNeXtLib.training.config_reading import read_config
    from CraNeXtLib.training.data import CompletionData

    (tmp_path / "passwd").write_text("root")
    (tmp_path / "a.csv").write_text("subject,complete\n1,1.nrrd\n")
    config = read_config("default", overrides={"data": {"manifest": str(tmp_path / "a.csv")}})
    with pytest.raises(InputError, match=r"Cannot write to .*passwd: File exists"):
        CompletionData(config, tmp_path / "passwd")
    assert (tmp_path / "passwd").read_text() == "root"
