"""Declared shares of groups as rows of a table."""

from typing import Any

import pytest

from core.templates.editing.groups import complete_groups, group_rows, set_groups

DATA: dict[str, Any] = {
    "name": "one",
    "groups": [
        {"variable": "gender", "target": {"woman": 0.5, "man": 0.5}},
        {"variable": "escalated", "target": {True: 0.3, False: 0.7}},
    ],
}


def test_groups_are_rows_and_rows_are_groups_again() -> None:
    rows = group_rows(DATA)
    assert [tuple(row.values()) for row in rows] == [
        ("gender", "woman", 0.5),
        ("gender", "man", 0.5),
        ("escalated", "true", 0.3),
        ("escalated", "false", 0.7),
    ]
    again = set_groups(DATA, rows)
    assert again["groups"][0] == DATA["groups"][0]
    assert again["groups"][1]["target"] == {"true": 0.3, "false": 0.7}
    assert DATA["groups"][1]["target"] == {True: 0.3, False: 0.7}


def test_half_filled_rows_wait_and_no_rows_are_no_groups() -> None:
    rows = [
        {"variable": "gender", "value": "woman", "share": None},
        {"variable": "gender", "value": "", "share": 1},
        {"variable": None, "value": "man", "share": 1},
    ]
    assert complete_groups(rows) == [{"variable": "gender", "value": "woman", "share": 0.0}]
    assert "groups" not in set_groups(DATA, [])


@pytest.mark.parametrize("target", [None, [], "half"])
def test_a_target_that_is_none_has_no_rows(target: object) -> None:
    assert group_rows({"groups": [{"variable": "gender", "target": target}]}) == []
