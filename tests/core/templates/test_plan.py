import json
import math
import subprocess
import sys
from collections import Counter
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import TemplateError
from core.templates.definition import TemplateDefinition, build_template
from core.templates.planning.grid import build_grid
from core.templates.planning.plan import Plan

SHAPE: dict[str, Any] = {
    "name": "planned",
    "title": "Planned",
    "domain": "test",
    "system": "Be brief.",
    "user": "Go.",
    "output": {"type": "object", "properties": {"answer": {"type": "string"}}},
    "mapping": {"input": "x", "response": "{{ output.answer }}"},
}


def made(*variables: dict[str, Any], **fields: Any) -> TemplateDefinition:
    return build_template({**SHAPE, "variables": list(variables), **fields})


def category(name: str, *values: Any, when: str | None = None) -> dict[str, Any]:
    listed = [
        {"value": v[0], "weight": v[1]} if isinstance(v, tuple) else {"value": v} for v in values
    ]
    return {"name": name, "when": when, "sampler": {"kind": "category", "values": listed}}


def drawn(name: str, kind: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "sampler": {"kind": kind, **fields}}


RICH = (
    category("tone", ("calm", 5), ("worried", 3), ("angry", 2)),
    category("field", "retail", "corporate"),
    {
        "name": "topic",
        "sampler": {
            "kind": "subcategory",
            "parent": "field",
            "values": {
                "retail": ["cards", "loans", "savings"],
                "corporate": [{"value": "trade", "weight": 3}, {"value": "payroll", "weight": 1}],
            },
        },
    },
    category("escalated", ("yes", 1), ("no", 4), when="tone == 'angry'"),
    drawn("age", "integer", low=18, high=90),
    drawn("amount", "number", low=0.5, high=99.5, decimals=1),
    drawn("day", "date", start="2026-01-01", end="2026-12-31"),
    drawn("firm", "faker", method="company"),
    drawn("who", "persona"),
    drawn("line", "expression", template="{{ who.first_name }} asks about {{ topic }}"),
)


PINNED_SAMPLE = {
    "tone": "worried",
    "field": "retail",
    "topic": "savings",
    "age": 50,
    "amount": 45.9,
    "day": "2026-09-28",
}


def counted(plan: Plan, offset: int = 0) -> Counter[tuple[tuple[str, str], ...]]:
    names = set().union(*(cell.values for cell in plan.cells()))
    rows = (plan.variables(i) for i in range(offset, offset + len(plan)))
    return Counter(tuple((k, v) for k, v in row.items() if k in names) for row in rows)


@settings(max_examples=25, deadline=None)
@given(n=st.integers(1, 400), seed=st.integers(0, 2**63))
def test_every_cell_gets_its_quota_rounded_down_or_up(n: int, seed: int) -> None:
    definition = made(*RICH[:4])
    plan = Plan(definition, n=n, seed=seed)
    grid = build_grid(definition, has_source=False)
    assert sum(cell.planned for cell in plan.cells()) == n
    assert sum(grid.shares) == grid.whole
    for cell, share in zip(plan.cells(), grid.shares, strict=True):
        quota = Fraction(n * share, grid.whole)
        assert math.floor(quota) <= cell.planned <= math.ceil(quota)


@settings(max_examples=15, deadline=None)
@given(n=st.integers(1, 150), seed=st.integers(0, 2**32))
def test_the_samples_are_exactly_the_planned_cells(n: int, seed: int) -> None:
    plan = Plan(made(*RICH[:4]), n=n, seed=seed)
    planned = {tuple(cell.values.items()): cell.planned for cell in plan.cells() if cell.planned}
    assert counted(plan) == planned


@settings(max_examples=40, deadline=None)
@given(
    weights=st.lists(st.integers(1, 50), min_size=1, max_size=12),
    n=st.integers(1, 500),
    seed=st.integers(0, 2**32),
)
def test_one_variable_is_apportioned_by_largest_remainder(
    weights: list[int], n: int, seed: int
) -> None:
    plan = Plan(made(category("v", *((f"v{k}", w) for k, w in enumerate(weights)))), n=n, seed=seed)
    counts = [cell.planned for cell in plan.cells()]
    rests = [Fraction(n * w, sum(weights)) % 1 for w in weights]
    up = [r for r, c, w in zip(rests, counts, weights, strict=True) if c * sum(weights) > n * w]
    down = [r for r, c, w in zip(rests, counts, weights, strict=True) if c * sum(weights) < n * w]
    assert not up or not down or min(up) >= max(down)


def test_whole_quotas_are_met_exactly() -> None:
    plan = Plan(made(*RICH[:4]), n=1200, seed=3)
    by_topic = Counter(dict(key)["topic"] for key in counted(plan).elements())
    assert by_topic == {"cards": 200, "loans": 200, "savings": 200, "trade": 450, "payroll": 150}


def test_shares_of_each_variable_hold_with_far_fewer_samples_than_cells() -> None:
    many = [category(f"v{k}", ("often", 6), ("seldom", 4)) for k in range(10)]
    plan = Plan(made(*many), n=100, seed=1)
    for k in range(10):
        often = sum(plan.variables(i)[f"v{k}"] == "often" for i in range(100))
        assert abs(often - 60) <= 1


def test_seeds_reach_different_cells() -> None:
    many = [category(f"v{k}", "a", "b", "c") for k in range(5)]
    filled = [
        {i for i, cell in enumerate(Plan(made(*many), n=60, seed=s).cells()) if cell.planned}
        for s in (1, 2)
    ]
    assert filled[0] != filled[1]


def test_a_variable_that_does_not_apply_is_left_out() -> None:
    plan = Plan(made(*RICH[:4]), n=200, seed=5)
    rows = [plan.variables(i) for i in range(200)]
    assert all(("escalated" in row) == (row["tone"] == "angry") for row in rows)
    assert sum(row.get("escalated") == "yes" for row in rows) == 8


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32), places=st.lists(st.integers(0, 499), min_size=1, max_size=5))
def test_any_sample_alone_equals_the_same_sample_in_sequence(seed: int, places: list[int]) -> None:
    definition = made(*RICH)
    whole = Plan(definition, n=500, seed=seed)
    for i in sorted(places):
        whole.variables(i)
    assert [Plan(definition, n=500, seed=seed).variables(i) for i in places] == [
        whole.variables(i) for i in places
    ]


def test_another_process_computes_the_same_plan() -> None:
    definition = made(*RICH)
    code = (
        "import json, sys; from core.templates.definition import build_template;"
        "from core.templates.planning.plan import Plan; d = build_template(json.load(sys.stdin));"
        "p = Plan(d, n=50, seed=9); print(json.dumps([p.variables(i) for i in (0, 7, 49)]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=definition.model_dump_json(), text=True,
        capture_output=True, check=True, env={"PYTHONHASHSEED": "77"},
    )  # fmt: skip
    plan = Plan(definition, n=50, seed=9)
    assert json.loads(done.stdout) == [plan.variables(i) for i in (0, 7, 49)]


def test_the_plan_without_faker_is_pinned() -> None:
    plan = Plan(made(*RICH[:7]), n=1000, seed=42)
    assert plan.variables(17) == PINNED_SAMPLE


def test_drawn_values_stay_in_their_range() -> None:
    plan = Plan(made(*RICH), n=300, seed=8)
    rows = [plan.variables(i) for i in range(300)]
    assert {type(row["age"]) for row in rows} == {int}
    assert min(row["age"] for row in rows) >= 18
    assert max(row["age"] for row in rows) <= 90
    assert all(0.5 <= row["amount"] <= 99.5 and row["amount"] * 10 % 1 == 0 for row in rows)
    assert all("2026-01-01" <= row["day"] <= "2026-12-31" for row in rows)
    assert all(
        row["line"] == f"{row['who']['first_name']} asks about {row['topic']}" for row in rows
    )
    assert len({row["firm"] for row in rows}) > 200


def test_values_are_json() -> None:
    row = Plan(made(*RICH), n=5, seed=8).variables(3)
    assert json.loads(json.dumps(row)) == row


def test_a_persona_follows_its_gender_and_age() -> None:
    definition = made(
        category("gender", "woman", "man", "nonbinary"),
        category("ages", "18-29", "65+", "44"),
        drawn("who", "persona", locale="de_DE", gender_variable="gender", age_variable="ages"),
    )
    plan = Plan(definition, n=90, seed=2)
    for row in (plan.variables(i) for i in range(90)):
        low, high = {"18-29": (18, 29), "65+": (65, 95), "44": (44, 44)}[row["ages"]]
        assert row["who"]["gender"] == row["gender"]
        assert low <= row["who"]["age"] <= high


def test_an_extension_goes_on_where_the_batch_stopped() -> None:
    definition = made(*RICH, source={"required": True})
    chunks = [f"c{k}" for k in range(30)]
    first = Plan(definition, n=20, seed=4, chunk_ids=chunks)
    more = Plan(definition, n=40, seed=4, offset=20, chunk_ids=chunks)
    used = [first.chunk_id(i) for i in range(20)] + [more.chunk_id(i) for i in range(20, 60)]
    assert sorted(map(str, used[:30])) == sorted(map(str, used[30:])) == sorted(chunks)
    assert more.variables(20)["firm"] != first.variables(0)["firm"]
    with pytest.raises(IndexError):
        more.variables(19)
    with pytest.raises(IndexError):
        first.variables(20)


@settings(max_examples=20, deadline=None)
@given(count=st.integers(1, 60), seed=st.integers(0, 2**32))
def test_each_chunk_is_used_once_before_any_is_used_again(count: int, seed: int) -> None:
    definition = made(source={"required": False})
    plan = Plan(definition, n=2 * count, seed=seed, chunk_ids=[str(k) for k in range(count)])
    first = [plan.chunk_id(i) for i in range(count)]
    second = [plan.chunk_id(i) for i in range(count, 2 * count)]
    assert len(set(first)) == len(set(second)) == count


def test_a_source_field_takes_the_column_of_its_chunk() -> None:
    definition = made(
        category("asked", "a", "b", when="not has_source"),
        drawn("intent", "source_field", column="category"),
        drawn("lang", "source_field", column="language", default="en"),
        drawn("shout", "expression", template="{{ chunk.text | upper if has_source else '-' }}"),
        source={"required": False},
    )
    with_source = Plan(definition, n=4, seed=1, chunk_ids=["c"])
    chunk = {"text": "hello", "heading": "", "fields": {"category": "greeting"}}
    assert with_source.variables(0, chunk) == {
        "intent": "greeting", "lang": "en", "shout": "HELLO"
    }  # fmt: skip
    without = Plan(definition, n=4, seed=1).variables(0)
    assert without["shout"] == "-"
    assert "asked" in without
    assert "intent" not in without
    with pytest.raises(TemplateError, match=r"column 'category'.*its columns: 'label'"):
        with_source.variables(0, {"text": "hello", "fields": {"label": "x"}})


def test_a_condition_on_a_drawn_number_is_drawn_by_weight() -> None:
    definition = made(
        drawn("age", "integer", low=1, high=100),
        category("pension", "state", "private", when="age > 66"),
    )
    plan = Plan(definition, n=200, seed=1)
    rows = [plan.variables(i) for i in range(200)]
    assert all(("pension" in row) == (row["age"] > 66) for row in rows)
    assert plan.cells()[0].values == {}


def test_a_template_without_variables_has_one_cell() -> None:
    plan = Plan(made(), n=7, seed=1)
    assert [(cell.values, cell.planned) for cell in plan.cells()] == [({}, 7)]
    assert plan.variables(6) == {}
    assert plan.chunk_id(6) is None


def test_too_many_cells_are_refused_with_their_sizes() -> None:
    many = [category(f"v{k}", *(f"x{j}" for j in range(20))) for k in range(5)]
    with pytest.raises(TemplateError, match=r"more than 100,000 cells: v0 \(20\) × v1 \(20\)"):
        Plan(made(*many), n=10, seed=1)


def test_a_target_that_no_sample_can_meet_is_refused_with_its_share() -> None:
    definition = made(
        category("tone", "calm", "angry"),
        {
            "name": "mood",
            "sampler": {
                "kind": "subcategory",
                "parent": "tone",
                "values": {"calm": ["fine"], "angry": ["cross"]},
            },
            "when": "tone == 'calm'",
        },
        groups=[{"variable": "mood", "target": {"fine": 0.75, "cross": 0.25}}],
    )
    with pytest.raises(TemplateError, match=r"'mood' wants 25.0% 'cross'.*0 cells"):
        Plan(definition, n=10, seed=1)


@pytest.mark.parametrize(
    ("request_", "message"),
    [({"n": 0}, "at least 1 sample"), ({"n": 5, "offset": -1}, "at least 1 sample")],
    ids=["no samples", "negative offset"],
)
def test_a_plan_of_nothing_is_refused(request_: dict[str, int], message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        Plan(made(), seed=1, **request_)


def test_sources_must_fit_the_template() -> None:
    with pytest.raises(TemplateError, match="Choose a source"):
        Plan(made(source={"required": True}), n=1, seed=1)
    with pytest.raises(TemplateError, match="does not use a source"):
        Plan(made(), n=1, seed=1, chunk_ids=["c"])


def test_a_condition_that_reads_an_absent_variable_is_named() -> None:
    definition = made(
        category("a", "x", "y"),
        category("b", "p", when="a == 'x'"),
        category("c", "q", when="b == 'p'"),
    )
    with pytest.raises(TemplateError, match=r"condition of 'c': 'b' is undefined.*is defined"):
        Plan(definition, n=4, seed=1)
