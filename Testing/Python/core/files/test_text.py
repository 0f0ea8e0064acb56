"""JSON and YAML are strict, and hashes are those of every other program."""

import json
import math
import os

import pytest

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.hashing import sha256_of
from CraNeXtLib.core.files.text import json_text, read_json, read_text, read_yaml, write_text, yaml_text


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
    write_text(tmp_path / "new" / "text", "Schädel\na\r\n")
    assert (tmp_path / "new" / "text").read_bytes() == "Schädel\na\r\n".encode()


def test_yaml_gives_keys_and_values(tmp_path):
    file = tmp_path / "file.yaml"
    file.write_text("run: {epochs: 3}\nlist: [1, a]\n")
    assert read_yaml(file) == {"run": {"epochs": 3}, "list": [1, "a"]}
    file.write_text("")
    assert read_yaml(file) == {}


def test_what_is_written_as_yaml_can_be_read(tmp_path):
    """PyYAML itself writes an alias where an object repeats, which read_yaml refuses."""
    shape, kinds = (32, 32, 32), {"bilateral": 1.0}
    values = {"shape": shape, "again": shape, "defects": kinds, "others": [kinds, kinds], "name": "ä: 1", "none": None}
    write_text(tmp_path / "file.yaml", yaml_text(values))
    read = read_yaml(tmp_path / "file.yaml")
    assert read == values | {"shape": [*shape], "again": [*shape]}
    assert list(read) == list(values)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"a: 1\nb: 2\na: 3\n", r"file\.yaml, line 3: 'a' is duplicated"),
        (b"a: {b: 1, b: 1}", r"'b' is duplicated"),
        (b"a: [1\nb: 2", r"file\.yaml, line 2 is not valid YAML"),
        (b"\xff\xfe\x00", "is not a YAML file in UTF-8"),
        (b"- a\n- b\n", "must hold keys and values"),
        (b"a: !!timestamp x", "value that cannot be read"),
        (b"a: !!bool x", "value that cannot be read"),
        (b"a: &x [1]\nb: *x\n", r"file\.yaml, line 2: aliases \(\*\) are not allowed"),
        (b"a: &x {b: *x}\n", "aliases"),
        (b"? [a]\n: 1\n", "line 1: a list or section cannot be a key"),
        (b"a: " + b"[" * 20_000, "is nested too deeply"),
        (b"a: " + b"1" * 5000, "contains a value that cannot be read"),
        (b"a: 0x" + b"f" * 5000, "contains a value that cannot be read"),
        (b"a: 2026-13-01", "contains a value that cannot be read"),
        (b'a: "\\ud800"', "contains a value that cannot be read"),
    ],
)
def test_yaml_that_could_be_misread_is_refused(tmp_path, text, message):
    (tmp_path / "file.yaml").write_bytes(text)
    with pytest.raises(InputError, match=message):
        read_yaml(tmp_path / "file.yaml")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', r"^file\.json: the key 'c' is duplicated\.$"),
        (b'{"a": 1,\n "b": }', r"^file\.json is not valid JSON \(line 2\)\.$"),
        (b'{"a": NaN}', "contains NaN, which is not valid JSON"),
        (b'{"a": -Infinity}', "contains -Infinity"),
        (b"[" * 100_000, "is nested too deeply"),
        (b'{"a": ' * 100_000, "is nested too deeply"),
        (b"[" + b"1" * 5000 + b"]", "a number with too many digits"),
        (b'["\\ud800"]', "half a character"),
        (b'{"\\udfff": 1}', "half a character"),
        (b"\xff", "is not a JSON file in UTF-8"),
        (b"", r"is not valid JSON \(line 1\)"),
    ],
)
def test_json_that_could_be_misread_is_refused(tmp_path, content, message):
    (tmp_path / "file.json").write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_json(tmp_path / "file.json")


def test_json_gives_its_values_with_or_without_a_byte_order_mark(tmp_path):
    content = {"a": [1, 2.5, None, True, "\U0001f9e0"], "b": {"a": 10**40}}
    for encoding in ("utf-8", "utf-8-sig"):
        (tmp_path / "file.json").write_text(json.dumps(content), encoding=encoding)
        assert read_json(tmp_path / "file.json") == content


def test_only_regular_files_of_a_sensible_size_are_read_as_text(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="pipe is a pipe or a device"):
        read_text(tmp_path / "pipe")
    with pytest.raises(InputError, match="is a folder"):
        read_text(tmp_path)
    with (tmp_path / "large").open("wb") as file:
        file.truncate((64 << 20) + 1)
    with pytest.raises(InputError, match="large has 64 MiB, too much for a text file"):
        read_text(tmp_path / "large")


@pytest.mark.parametrize("name", ["a\0b", "x" * 300])
def test_a_name_that_no_file_can_have_is_that_of_no_file(tmp_path, name):
    with pytest.raises(InputError, match="There is no file"):
        read_json(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        read_yaml(tmp_path / name)


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
