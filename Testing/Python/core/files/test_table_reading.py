"""Tables that users write: what they give, and that what could be misread is refused by line."""

import json

import pytest

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.table_reading import path_in, read_table

COLUMNS = ("case", "skull", "kind")


def table(folder, content, name="cases.csv"):
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def test_cells_come_stripped_with_their_line_and_without_empty_ones(tmp_path):
    text = '\ufeffcase, skull,kind\r\na , x.nrrd,\r\n"b\nc","y, z.nrrd",\'=1\r\n'
    assert read_table(table(tmp_path, text), COLUMNS) == [
        (2, {"case": "a", "skull": "x.nrrd"}),
        (4, {"case": "b\nc", "skull": "y, z.nrrd", "kind": "=1"}),
    ]


def test_json_gives_the_same_as_csv(tmp_path):
    rows = [{"case": 1, "skull": " x "}, {"case": "ä", "skull": None, "kind": ""}]
    file = table(tmp_path, json.dumps(rows), "cases.JSON")
    assert read_table(file, COLUMNS) == [(1, {"case": "1", "skull": "x"}), (2, {"case": "ä"})]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("case,skull,case\na,x,b\n", r"^cases\.csv has two columns called 'case'; delete or rename one\.$"),
        ("case,skull, case\na,x,b\n", "two columns called 'case'"),
        ("case,color\na,x\n", r"no column is called 'color'; allowed: case, skull, kind\.$"),
        ("case,skull\na,x,y\n", r"^cases\.csv, line 2 has more cells than the header"),
        ('case,skull\n"a,x\nb,y\n', r"not valid CSV \(line 3\)"),
        ('case,skull\n"a"b,x\n', r"not valid CSV \(line 2\)"),
        ("case,skull\na," + "x" * 11_000, "line 2: 'skull' holds text that cannot be used"),
        ("case,skull\na," + "x" * 140_000, r"not valid CSV \(line 2\)"),
        ("case,skull\na,x\0y\n", r"line 2\)?: ('skull' holds text that cannot be used|line contains NUL)"),
        (b"case,skull\n\xe4,x\n", r"^cases\.csv is not a CSV file in UTF-8; save it as one\.$"),
    ],
)
def test_a_csv_that_could_be_misread_is_refused(tmp_path, content, message):
    with pytest.raises(InputError, match=message):
        read_table(table(tmp_path, content), COLUMNS)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"case": "a"}', "must be a JSON list of objects"),
        ('["a"]', "must be a JSON list of objects"),
        ('[{"case": ["a"]}]', "line 1: 'case' must be text or a number"),
        ('[{"case": true}]', "line 1: 'case' must be text or a number"),
        ('[{"case": "a", "case": "b"}]', "the key 'case' is duplicated"),
        ('[{"case": "a\\u0000"}]', "'case' holds text that cannot be used"),
        ('[{"color": "a"}]', "no column is called 'color'"),
    ],
)
def test_a_json_table_of_other_content_is_refused(tmp_path, content, message):
    with pytest.raises(InputError, match=message):
        read_table(table(tmp_path, content, "cases.json"), COLUMNS)


def test_only_tables_are_read(tmp_path):
    with pytest.raises(InputError, match=r"cases\.xlsx must end in \.csv or \.json"):
        read_table(table(tmp_path, "", "cases.xlsx"), COLUMNS)


def test_paths_are_relative_to_the_table(tmp_path):
    assert path_in(tmp_path, "a/b.nrrd") == tmp_path / "a" / "b.nrrd"
    assert path_in(tmp_path, str(tmp_path / "c")) == tmp_path / "c"
    assert path_in(tmp_path, "ä" * 127) == tmp_path / ("ä" * 127)


@pytest.mark.parametrize("text", ["a\0b", "x" * 256, "ä" * 128, "/".join(["abc"] * 1100)])
def test_a_name_that_no_file_can_have_is_refused(tmp_path, text):
    with pytest.raises(InputError, match="No file can have the name"):
        path_in(tmp_path, text)
