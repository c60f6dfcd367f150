"""Where something is, in words."""

from __future__ import annotations

from ssc_tune.presentation import places
from tests.making.studies import REPORTED, study

SETTINGS = {"few": {"data": {"labels_per_class": 4}}, "more": {"data": {"labels_per_class": 8}}}


def test_only_what_there_are_several_of_is_told() -> None:
    one, blocks = study(REPORTED), study(REPORTED, blocks={"shared": {}, "own": {"parameters": ["tau"]}})
    both = study(REPORTED, blocks={"shared": {}, "own": {"parameters": ["tau"]}}, settings=SETTINGS, claims=[])
    assert [places.told(one, "shared", "main"), places.slug(one, "shared", "main")] == ["", ""]
    assert [places.told(blocks, "own", "main"), places.slug(blocks, "own", "main")] == ["block own", "-own"]
    assert [places.told(both, "own", "few"), places.slug(both, "own", "few")] == ["block own, setting few", "-own-few"]
    assert [places.told(both, "own"), places.told(both, "own", "few")] == ["block own", "block own, setting few"]


def test_a_cell_is_named_by_its_point_and_seed() -> None:
    assert places.cell("ssc", 3, 1) == "ssc, point 3, seed 1"
