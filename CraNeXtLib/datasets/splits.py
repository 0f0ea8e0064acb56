"""Dividing the cases of a data set into training, validation and test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.datasets.manifest import DatasetCase


def split_by_skull(
    cases: Iterable[DatasetCase],
    *,
    validation: float = 0.1,
    test: float = 0.1,
    seed: int = 0,
    same_skull: Iterable[tuple[tuple[str, str], tuple[str, str]]] = (),
) -> list[DatasetCase]:
    """Assign the splits at random, all cases of a skull to one.

    Args:
        cases: The cases; a split that they have already is overwritten.
        validation: Fraction of the skulls to validate on.
        test: Fraction of the skulls to test on.
        seed: The same seed gives the same split, whatever the cases' order.
        same_skull: Pairs of skulls (source, subject) that are duplicates and must stay in one split.

    Raises:
        InputError: If the fractions leave nothing to train on.
    """
    cases = list(cases)
    if not (validation >= 0 and test >= 0 and validation + test < 1):  # also false for NaN
        raise InputError("The validation and test fractions must not be negative and must leave skulls for training.")
    group = {case.skull: case.skull for case in cases}
    for first, second in same_skull:
        if first in group and second in group:
            kept, joined = sorted((group[first], group[second]))
            group = {skull: kept if leader == joined else leader for skull, leader in group.items()}
    leaders = sorted(set(group.values()))
    leaders = [leaders[number] for number in np.random.default_rng(seed).permutation(len(leaders))]
    counts = [int(np.ceil(len(leaders) * fraction - 1e-9)) for fraction in (validation, test)]
    if sum(counts) >= len(leaders):
        raise InputError(f"{len(leaders)} skulls are too few for these validation and test fractions.")
    names = ["validation"] * counts[0] + ["test"] * counts[1]
    names += ["training"] * (len(leaders) - len(names))
    split = dict(zip(leaders, names, strict=True))
    return [replace(case, split=split[group[case.skull]]) for case in cases]


def split_as(cases: Iterable[DatasetCase], subjects: Mapping[str, Iterable[str]]) -> list[DatasetCase]:
    """Assign the splits that a model was made with; skulls that it does not list get none.

    Args:
        cases: The cases; a split that they have already is overwritten.
        subjects: The skulls of each split, as in the model's description.

    Raises:
        InputError: If it lists none of the skulls.
    """
    split_of = {subject: split for split, members in subjects.items() for subject in members}
    cases = [replace(case, split=split_of.get(case.subject, "")) for case in cases]
    if not any(case.split for case in cases):
        raise InputError("The model lists none of these skulls; choose the folder of the data that it was made from.")
    return cases
