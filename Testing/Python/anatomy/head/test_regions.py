"""The regions are the paper's."""

from CraNeXtLib.anatomy.head.regions import ALL_REGIONS, REGIONS, UNDEFINED


def test_labels_and_names_are_those_of_the_paper():
    assert [region.label for region in ALL_REGIONS] == list(range(1, 10))
    assert REGIONS[0].name == "Maxilla & Mandible"
    assert REGIONS[-1].name == "Upper Frontal"
    assert UNDEFINED.label == 9
    assert len({region.color for region in ALL_REGIONS}) == 9
