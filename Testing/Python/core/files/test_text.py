"""JSON and YAML are strict, and hashes are those of every other program."""

import json
import math

import pytest

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.hashing import sha256_of
from CraNeXtLib.core.files.text import json_text, read_yaml, write_text


def test_numbers_that_json_lacks_become_null():
    content = {"a": math.inf, "b": [math.nan, (1.5, -math.inf)], "c": {"d": 1, "e": True, "f": None, "g": "NaN"}}
    text = json_text(content)
    assert json.loads(text, parse_constant=pytest.fail) == {
        "a": None,
        "b": [None, [1.5, None]],
        "c": {"d": 1, "e": True, "f": None, "g": "NaN"},
    }


def test_valid_content_is_written_as_by_the_standard_library():
    content = {"a": [1, 2.5, "ä"], "b": {}}
    for indent in (None, 1, 2):
        assert json_text(content, indent=indent) == json.dumps(content, indent=indent) + "\n"


def test_text_is_utf8_whatever_the_locale(tmp_path):
    write_text(tmp_path / "new" / "text", "Schädel\n")
    assert (tmp_path / "new" / "text").read_bytes() == "Schädel\n".encode()


def test_yaml_gives_keys_and_values(tmp_path):
    file = tmp_path / "file.yaml"
    file.write_text("run: {epochs: 3}\nlist: [1, a]\n")
    assert read_yaml(file) == {"run": {"epochs": 3}, "list": [1, "a"]}
    file.write_text("")
    assert read_yaml(file) == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"a: 1\nb: 2\na: 3\n", r"file\.yaml, line 3: 'a' is duplicated"),
        (b"a: {b: 1, b: 1}", r"'b' is duplicated"),
        (b"a: [1\nb: 2", r"file\.yaml, line 2 is not valid YAML"),
        (b"\xff\xfe\x00", "is not valid YAML"),
        (b"- a\n- b\n", "must hold keys and values"),
    ],
)
def test_yaml_that_could_be_misread_is_refused(tmp_path, text, message):
    (tmp_path / "file.yaml").write_bytes(text)
    with pytest.raises(InputError, match=message):
        read_yaml(tmp_path / "file.yaml")


def test_a_missing_yaml_file_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_yaml(tmp_path / "none.yaml")


def test_a_hash_is_sha256_of_all_bytes(tmp_path):
    (tmp_path / "empty").touch()
    assert sha256_of(tmp_path / "empty") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    (tmp_path / "long").write_bytes(b"a" * 1_000_000)
    assert sha256_of(tmp_path / "long") == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    (tmp_path / "longer").write_bytes(b"a" * (1 << 21))
    assert sha256_of(tmp_path / "longer") != sha256_of(tmp_path / "long")
