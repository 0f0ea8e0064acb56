"""The published categorization, bit for bit."""

import numpy as np

from CraNeXtLib.anatomy.categorization.official import official_labels


def test_official_is_the_published_procedure_on_a_cube():
    from skimage.morphology import dilation

    rng = np.random.default_rng(0)
    image = np.zeros((1, 40, 36, 44), np.uint8)
    image[0, 4:36, 4:30, 4:40] = 1
    template = np.zeros_like(image)
    for label in range(1, 9):
        place = rng.integers(2, 32, size=3)
        template[0, place[0] : place[0] + 4, place[1] : place[1] + 3, place[2] : place[2] + 5] = label
    for dilations in (0, 1, 7, 40):
        enlarged = template
        for _ in range(dilations):
            enlarged = dilation(enlarged)  # as published: the four-dimensional array, one step at a time
        published = image * enlarged | image
        assert np.array_equal(official_labels(image[0], template[0], dilations=dilations), published[0])
    assert set(np.unique(published)) <= {0, 1, 3, 5, 7, 9}
