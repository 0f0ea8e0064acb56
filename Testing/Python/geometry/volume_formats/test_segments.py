"""Segments and labels are chosen by name, and described wrongly they are refused."""

import numpy as np
import pytest

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume_formats.segments import choose_segments
from CraNeXtLib.geometry.volume_formats.stored_volume import StoredVolume

LABELS = np.array([0, 1, 2, 3, 4], np.uint8).reshape(5, 1, 1)


def described(*names, **changed):
    header = {}
    for number, name in enumerate(names):
        fields = {"ID": f"Segment_{number + 1}", "Name": name, "LabelValue": str(number + 1), "Layer": "0"}
        header |= {f"Segment{number}_{key}": value for key, value in fields.items()}
    return StoredVolume(LABELS, np.eye(4), None, header=header | changed)


def chosen(stored, segment):
    return np.flatnonzero(choose_segments(stored, segment, name="a.seg.nrrd", option="--implant-segment")).tolist()


@pytest.mark.parametrize(
    ("segment", "labels"),
    [
        ("Frontal", [1]),
        ("frontal, OCCIPITAL", [1, 2]),
        ("Parietal, left", [3]),
        ("Frontal,Parietal, left,4", [1, 3, 4]),
        ("Segment_2,Segment_4", [2, 4]),
        ("1,2,3", [1, 2, 3]),
    ],
)
def test_a_union_is_written_with_commas_even_if_a_name_has_one(segment, labels):
    assert chosen(described("Frontal", "Occipital", "Parietal, left", "Nasal"), segment) == labels


def test_a_name_that_is_the_id_of_another_segment_is_refused_and_no_guess():
    for stored, wanted in ((described("Segment_2", "Skull"), "Segment_2"), (described("B", "Segment_1"), "Segment_1")):
        with pytest.raises(InputError, match=f"'{wanted}' is the ID or number of one segment of .* name of another"):
            chosen(stored, wanted)
    assert chosen(described("Segment_1", "Segment_2"), "Segment_2") == [2]
    assert chosen(described("Segment_2", "Skull"), "Segment_1,Skull") == [1, 2]


def test_a_name_wins_over_one_in_other_letters_and_over_a_label():
    assert chosen(described("Segment_2", "Skull", "skull"), "skull") == [3]
    assert chosen(described("Segment_2", "Skull", "4", "Plate"), "4") == [3]


def test_segments_of_two_layers_may_have_the_same_label():
    stored = described("Skull", "Implant", Segment1_LabelValue="1", Segment1_Layer="1")
    layers = np.stack([LABELS, LABELS[::-1]])
    stored = StoredVolume(layers, stored.affine, None, header=stored.header)
    assert [chosen(stored, name) for name in ("Skull", "Implant", "Skull,Implant")] == [[1], [3], [1, 3]]


def test_labels_are_chosen_by_number():
    plain = StoredVolume(LABELS, np.eye(4), None)
    assert chosen(plain, "3") == [3]
    assert chosen(plain, "1, 4") == [1, 4]
    for segment in ("5", "-5", "--5", "9" * 30, "²", "", "1,,2", "1,", "0x1", "bone"):
        with pytest.raises(InputError, match="--implant-segment"):
            chosen(plain, segment)


def test_a_choice_is_needed_and_must_be_unique():
    for segment, words in (
        (None, "several segments; choose one with --implant-segment: 'A', 'B', 'B'"),
        ("C", "no segment 'C'; choose one with --implant-segment"),
        ("B", "several segments called 'B'; choose by ID with --implant-segment: 'Segment_2', 'Segment_3'"),
    ):
        with pytest.raises(InputError, match=words):
            chosen(described("A", "B", "B"), segment)
    assert chosen(described("A", "B", "B"), "Segment_3") == [3]


@pytest.mark.parametrize("field", ["Layer", "LabelValue"])
@pytest.mark.parametrize("value", ["", "word", "1.5", "9" * 5000, "5"])
def test_metadata_that_describe_nothing_are_refused(field, value):
    if (field, value) == ("LabelValue", "5"):
        pytest.skip("a segment may be empty")
    with pytest.raises(InputError, match="describes the segment 'Segment_1'"):
        chosen(described("A", **{f"Segment0_{field}": value}), "A")


def test_an_empty_segment_and_one_with_the_label_of_another_are_refused():
    empty = described("Skull", "Implant", Segment1_LabelValue="7")
    assert chosen(empty, "Skull") == [1]
    for segment in ("Implant", "Skull,Implant", "7"):
        with pytest.raises(InputError, match=r"The segment '.*' of a.seg.nrrd is empty; .* --implant-segment"):
            chosen(empty, segment)
    with pytest.raises(InputError, match=r"'Segment_2' by a layer or label .* another segment's"):
        chosen(described("Skull", "Implant", Segment1_LabelValue="1"), "Skull")
