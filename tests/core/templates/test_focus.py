import hashlib
import json
from collections import Counter
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvalidInput, TemplateError
from core.templates.definition import TemplateDefinition, build_template
from core.templates.planning.focus import EVERYTHING, Focus, read_focus
from core.templates.planning.grid import build_grid
from core.templates.planning.plan import Plan

SHAPE: dict[str, Any] = {
    "name": "focused",
    "title": "Focused",
    "domain": "test",
    "system": "Be brief.",
    "user": "Go.",
    "output": {"type": "object", "properties": {"answer": {"type": "string"}}},
    "mapping": {"input": "x", "response": "{{ output.answer }}"},
}
TONES = {"calm": 5, "worried": 3, "angry": 2}
FIELDS = {"retail": 1, "corporate": 1, "private": 4}
# SHA-256 of the first plans of `definition()` as they were before a plan could have a focus.
WHOLE_PLAN_DIGEST = "03954885449e94016ae3860effa78b61fed493a5f7dfea5039c4aaafc903a8ce"


def category(name: str, weights: dict[str, int], when: str | None = None) -> dict[str, Any]:
    values = [{"value": value, "weight": weight} for value, weight in weights.items()]
    return {"name": name, "when": when, "sampler": {"kind": "category", "values": values}}


def definition(**fields: Any) -> TemplateDefinition:
    variables = [
        category("tone", TONES),
        category("field", FIELDS),
        category("escalated", {"yes": 1, "no": 3}, when="tone == 'angry'"),
        {"name": "is_new", "sampler": {"kind": "bernoulli", "probability": 0.25}},
        {"name": "age", "sampler": {"kind": "integer", "low": 18, "high": 90}},
        {"name": "who", "sampler": {"kind": "persona"}},
        {
            "name": "line",
            "sampler": {"kind": "expression", "template": "{{ who.first_name }}, {{ tone }}"},
        },
    ]
    return build_template({**SHAPE, "variables": variables, **fields})


DEFINITION = definition()


def every_sample(plan: Plan, offset: int = 0) -> list[dict[str, Any]]:
    return [plan.variables(i) for i in range(offset, offset + len(plan))]


def digest_of(*plans: Plan) -> str:
    found = [[every_sample(plan), [[c.values, c.planned] for c in plan.cells()]] for plan in plans]
    return hashlib.sha256(json.dumps(found).encode()).hexdigest()


@pytest.mark.parametrize("focus", [None, EVERYTHING, Focus(), read_focus({}), read_focus(None)])
def test_an_empty_focus_gives_byte_for_byte_the_plan_there_was_before_there_was_a_focus(
    focus: Focus | None,
) -> None:
    given_focus = {} if focus is None else {"focus": focus}
    plans = [Plan(DEFINITION, n=n, seed=n, **given_focus) for n in (1, 17, 240)]
    assert digest_of(*plans) == WHOLE_PLAN_DIGEST


values_of = {"tone": st.sampled_from(sorted(TONES)), "field": st.sampled_from(sorted(FIELDS))}
cells = st.lists(
    st.fixed_dictionaries({}, optional=values_of).filter(bool), min_size=1, max_size=4
).map(tuple)


@settings(max_examples=60, deadline=None)
@given(wanted=cells, n=st.integers(1, 300), seed=st.integers(0, 2**31))
def test_a_focused_plan_stays_in_its_cells_and_meets_their_quotas_exactly(
    wanted: tuple[dict[str, str], ...], n: int, seed: int
) -> None:
    plan = Plan(DEFINITION, n=n, seed=seed, focus=Focus(cells=wanted))
    whole = build_grid(DEFINITION, has_source=False)
    due = {
        json.dumps(values): Fraction(share)
        for place, share in enumerate(whole.shares)
        if any(cell.items() <= (values := whole.cell_values(place)).items() for cell in wanted)
    }
    total = sum(due.values())
    drawn = Counter(
        json.dumps({name: row[name] for name in whole.names if name in row})
        for row in every_sample(plan)
    )
    assert sum(drawn.values()) == n
    assert drawn.keys() <= due.keys()
    assert {json.dumps(cell.values) for cell in plan.cells()} == due.keys()
    for key, share in due.items():
        quota = n * share / total
        assert int(quota) <= drawn[key] <= -(-quota.numerator // quota.denominator)


@settings(max_examples=60, deadline=None)
@given(
    tone=values_of["tone"],
    other=st.none() | values_of["field"],
    wanted=st.just(()) | cells,
    n=st.integers(1, 40),
    offset=st.integers(0, 1000),
    seed=st.integers(0, 2**31),
)
def test_replaced_values_change_nothing_else_of_a_sample(
    tone: str, other: str | None, wanted: tuple[dict[str, str], ...], n: int, offset: int, seed: int
) -> None:
    replaced = {"tone": tone} if other is None else {"tone": tone, "field": other}
    plan = Plan(DEFINITION, n=n, seed=seed, offset=offset, focus=Focus(cells=wanted))
    twins = Plan(
        DEFINITION, n=n, seed=seed, offset=offset, focus=Focus(cells=wanted, replaced=replaced)
    )
    for row, twin in zip(every_sample(plan, offset), every_sample(twins, offset), strict=True):
        assert twin == {**row, **replaced}
        assert list(twin) == list(row)
    assert twins.cells() == plan.cells()


def test_a_field_of_a_drawn_record_is_replaced_and_its_other_fields_stay() -> None:
    plan = Plan(DEFINITION, n=20, seed=1)
    twins = Plan(DEFINITION, n=20, seed=1, focus=Focus(replaced={"who.first_name": "Amara"}))
    for row, twin in zip(every_sample(plan), every_sample(twins), strict=True):
        assert twin == {**row, "who": {**row["who"], "first_name": "Amara"}}
        assert row["who"]["first_name"] != "Amara"


def test_a_variable_that_a_sample_does_not_have_is_not_put_there() -> None:
    rows = every_sample(Plan(DEFINITION, n=100, seed=3, focus=Focus(replaced={"escalated": "no"})))
    assert {row["escalated"] for row in rows if row["tone"] == "angry"} == {"no"}
    assert all("escalated" not in row for row in rows if row["tone"] != "angry")


def test_a_truth_value_may_be_named_as_text_and_keeps_its_type() -> None:
    rows = every_sample(Plan(DEFINITION, n=40, seed=3, focus=Focus(replaced={"is_new": "true"})))
    assert {row["is_new"] for row in rows} == {True}
    rows = every_sample(Plan(DEFINITION, n=40, seed=3, focus=Focus(cells=({"is_new": "true"},))))
    assert {row["is_new"] for row in rows} == {True}


def test_a_cell_that_constraints_leave_without_a_share_gets_nothing() -> None:
    ruled = definition(
        constraints=[
            {"kind": "exclusion", "values": {"tone": ["angry"], "field": ["private"]}},
        ]
    )
    with pytest.raises(TemplateError, match="no cell with tone angry, field private"):
        Plan(ruled, n=5, seed=0, focus=Focus(cells=({"tone": "angry", "field": "private"},)))
    rows = every_sample(Plan(ruled, n=50, seed=0, focus=Focus(cells=({"tone": "angry"},))))
    assert {row["field"] for row in rows} == {"retail", "corporate"}


@pytest.mark.parametrize(
    ("focus", "message"),
    [
        (Focus(cells=({"age": 20},)), "'age' has no exact shares"),
        (Focus(cells=({"tone": "shrill"},)), "'tone' never takes the value 'shrill'"),
        (Focus(cells=({"tone": "calm", "escalated": "yes"},)), "no cell with tone calm"),
        (Focus(cells=({},)), "names no variable"),
        (Focus(replaced={"mood": "calm"}), "no variable 'mood'"),
        (Focus(replaced={"tone": "shrill"}), "'tone' never takes the value 'shrill'"),
        (Focus(replaced={"who": "Amara"}), "'who' cannot be replaced"),
        (Focus(replaced={"who.shoe": "43"}), "'who.shoe' cannot be replaced"),
        (Focus(replaced={"tone.pitch": "high"}), "'tone.pitch' cannot be replaced"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_focus_that_does_not_fit_the_template_is_refused(focus: Focus, message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        Plan(DEFINITION, n=5, seed=0, focus=focus)


def test_a_stored_focus_reads_back_and_an_empty_one_is_stored_as_nothing() -> None:
    focus = Focus(cells=({"tone": "calm"}, {"is_new": True}), replaced={"age": 40})
    assert read_focus(json.loads(json.dumps(focus.stored()))) == focus
    assert Focus().stored() == {}
    assert Focus(cells=({"tone": "calm"},)).stored() == {"cells": [{"tone": "calm"}]}


@pytest.mark.parametrize("stored", [{"cell": []}, {"cells": "tone"}, {"cells": [{"a": [1]}]}, 3])
def test_what_is_no_focus_is_refused_with_what_to_write(stored: object) -> None:
    with pytest.raises(InvalidInput, match="The focus cannot be read"):
        read_focus(stored)
