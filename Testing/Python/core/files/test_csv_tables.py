"""Cells that spreadsheets would compute are protected in the file and come back as they were."""

import csv
import io

import pytest

from CraNeXtLib.core.files.csv_tables import csv_text, plain

TEXTS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "'=1+1", "''-x", '=a,"b"']
HARMLESS = ["a=b", "-1.5", "+2", "-1e-3", "-inf", "'quoted'", "'", "", "it's", "Case 7", "5 - 3"]


def written_and_read(value):
    text = csv_text([{"first": "x", "value": value}], ["first", "value"])
    return next(csv.DictReader(io.StringIO(text, newline="")))["value"]


@pytest.mark.parametrize("text", TEXTS)
def test_what_a_spreadsheet_would_compute_is_protected_and_read_back(text):
    assert written_and_read(text) == f"'{text}"
    assert plain(written_and_read(text)) == text


@pytest.mark.parametrize("text", HARMLESS)
def test_everything_else_stays_as_it_is(text):
    assert written_and_read(text) == text
    assert plain(text) == text


@pytest.mark.parametrize("number", [-1, -1.5, float("-inf"), 0.25, True, None])
def test_numbers_stay_numbers(number):
    assert written_and_read(number) == ("" if number is None else str(number))


def test_the_columns_are_those_asked_for_in_their_order():
    assert csv_text([{"b": 1, "a": 2, "c": 3}, {}], ["a", "b"]) == "a,b\n2,1\n,\n"
