"""Variables: adding, changing their kind, and values that other parts follow."""

import copy
from typing import Any

import pytest

from core.templates.editing.draft_text import read_draft, set_at, whole_text
from core.templates.editing.starting import minimal_template
from core.templates.editing.tables import edited_rows, pasted_rows
from core.templates.editing.variables import (
    KINDS,
    add_variable,
    change_kind,
    duplicate_variable,
    set_block,
    set_parent,
    set_values,
    values_of,
    weighted_rows,
    weighted_values,
)


def with_products() -> dict[str, Any]:
    data = add_variable(minimal_template("Tickets"), "product", "category")
    data = set_values(data, 0, [{"value": "router", "weight": 3}, {"value": "mesh", "weight": 1}])
    return add_variable(data, "part", "subcategory")


def sampler(data: dict[str, Any], place: int) -> dict[str, Any]:
    found: dict[str, Any] = data["variables"][place]["sampler"]
    return found


@pytest.mark.parametrize("kind", [k for k in KINDS if k != "table_row"])
def test_a_new_variable_of_each_kind_is_valid_at_once(kind: str) -> None:
    data = add_variable(with_products(), "more", kind)
    reading = read_draft(whole_text(data))
    assert reading.definition is not None, reading.problem
    assert reading.definition.variables[-1].sampler.kind == kind


def test_a_new_row_of_a_table_says_what_to_choose() -> None:
    reading = read_draft(whole_text(add_variable(minimal_template("Rows"), "row", "table_row")))
    assert reading.data is not None
    assert reading.problem is not None
    assert "source" in str(reading.problem)


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_kind_can_become_every_other(kind: str) -> None:
    data = add_variable(with_products(), "more", kind)
    for other in KINDS:
        changed = change_kind(data, 2, other)
        assert sampler(changed, 2)["kind"] == other
        assert read_draft(whole_text(changed)).data is not None


def test_a_change_of_kind_keeps_what_it_can() -> None:
    data = with_products()
    grown = change_kind(data, 0, "grown")
    assert sampler(grown, 0)["values"] == sampler(data, 0)["values"]
    number = set_at(add_variable(data, "n", "integer"), ("variables", 2, "sampler", "high"), 99)
    assert sampler(change_kind(number, 2, "number"), 2)["high"] == 99
    flat = change_kind(set_block(data, 1, "mesh", [{"value": "M1"}]), 1, "category")
    assert sampler(flat, 1)["values"] == ["general", "M1"]
    german = set_at(
        add_variable(data, "c", "faker"), ("variables", 2, "sampler", "locale"), "de_DE"
    )
    assert sampler(change_kind(german, 2, "persona"), 2)["locale"] == "de_DE"


def test_a_renamed_value_is_renamed_where_it_is_used() -> None:
    data = set_block(with_products(), 1, "router", [{"value": "R1"}])
    data["constraints"] = [{"kind": "exclusion", "values": {"product": ["router"], "part": ["R1"]}}]
    data["groups"] = [{"variable": "product", "target": {"router": 0.5, "mesh": 0.5}}]
    before = copy.deepcopy(data)
    changed = set_values(data, 0, [{"value": "gateway", "weight": 3}, {"value": "mesh"}])
    assert sampler(changed, 1)["values"] == {"gateway": ["R1"], "mesh": ["general"]}
    assert changed["constraints"][0]["values"]["product"] == ["gateway"]
    assert changed["groups"][0]["target"] == {"gateway": 0.5, "mesh": 0.5}
    assert data == before


def test_subcategories_follow_values_that_come_and_go() -> None:
    more = set_values(with_products(), 0, [{"value": v} for v in ("router", "mesh", "camera")])
    assert sampler(more, 1)["values"] == {"router": ["general"], "mesh": ["general"], "camera": []}
    reading = read_draft(whole_text(more))
    assert reading.data is not None
    assert "camera" in str(reading.problem)
    fewer = set_values(more, 0, [{"value": "mesh"}])
    assert sampler(fewer, 1)["values"] == {"mesh": ["general"]}


def test_another_parent_brings_its_own_blocks() -> None:
    data = add_variable(with_products(), "flag", "bernoulli")
    data = add_variable(data, "child", "subcategory")
    changed = set_parent(data, 3, "flag")
    assert sampler(changed, 3) == {
        "kind": "subcategory", "parent": "flag",
        "values": {"true": ["general"], "false": ["general"]},
    }  # fmt: skip
    assert values_of(changed, "flag") == ["true", "false"]


def test_a_duplicate_stands_under_its_original_with_a_name_of_its_own() -> None:
    data = duplicate_variable(with_products(), 0)
    assert [v["name"] for v in data["variables"]] == ["product", "product_2", "part"]


def test_values_are_short_where_they_weigh_the_same() -> None:
    assert weighted_values([{"value": "a", "weight": 2}, {"value": " b ", "weight": 2}]) == [
        "a",
        "b",
    ]
    assert weighted_values([{"value": "a", "weight": None}, {"value": "b", "weight": 2.5}]) == [
        {"value": "a", "weight": 1}, {"value": "b", "weight": 2.5},
    ]  # fmt: skip
    assert weighted_values([{"value": ""}, {}, {"value": "a"}, {"value": "a"}]) == ["a"]
    assert weighted_rows(["a", 2, {"value": "b", "weight": 3}]) == [
        {"value": "a", "weight": 1}, {"value": "2", "weight": 1}, {"value": "b", "weight": 3},
    ]  # fmt: skip


def test_what_a_table_reports_is_applied_to_the_rows_it_showed() -> None:
    rows = [{"value": v, "weight": 1} for v in "abc"]
    edits = {
        "edited_rows": {"0": {"value": "A"}, 2: {"weight": 5}},
        "added_rows": [{"value": "d", "_index": 3}],
        "deleted_rows": [1],
    }
    assert edited_rows(rows, edits) == [
        {"value": "A", "weight": 1}, {"value": "c", "weight": 5}, {"value": "d"},
    ]  # fmt: skip
    assert rows[0] == {"value": "a", "weight": 1}
    assert edited_rows(rows, None) == rows


def test_pasted_lines_become_rows_with_weights() -> None:
    assert pasted_rows("router = 3\n\n mesh\nx = y\nB = 2 %\n") == [
        {"value": "router", "weight": 3.0}, {"value": "mesh", "weight": 1},
        {"value": "x = y", "weight": 1}, {"value": "B", "weight": 2.0},
    ]  # fmt: skip
