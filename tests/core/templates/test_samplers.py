"""Each kind of sampler: what it draws, what it takes from a launch, what it refuses."""

import json
import math
import re
import statistics
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import TemplateError
from core.templates.definition import TemplateDefinition, build_template, template_yaml
from core.templates.planning.inputs import Input, input_variables, sample_inputs
from core.templates.planning.plan import Plan
from core.templates.randomness import Stream
from core.templates.samplers.base import Draw
from core.templates.samplers.contacts import EMAIL_DOMAINS
from core.templates.samplers.distributions import normal_inverse
from core.templates.samplers.integer import IntegerSampler
from core.templates.samplers.number import NumberSampler
from core.templates.samplers.registry import sampler_kinds

SHAPE: dict[str, Any] = {
    "name": "sampled",
    "title": "Sampled",
    "domain": "banking",
    "system": "Be brief.",
    "user": "Go.",
    "output": {"type": "object", "properties": {"answer": {"type": "string"}}},
    "mapping": {"input": "x", "response": "{{ output.answer }}"},
}


def made(*variables: tuple[str, dict[str, Any]], **fields: Any) -> TemplateDefinition:
    listed = [{"name": name, "sampler": sampler} for name, sampler in variables]
    return build_template({**SHAPE, "variables": listed, **fields})


def column(definition: TemplateDefinition, name: str, n: int, seed: int = 7) -> list[Any]:
    plan = Plan(definition, n=n, seed=seed)
    return [plan.variables(i)[name] for i in range(n)]


def test_the_kinds_are_the_documented_ones() -> None:
    assert list(sampler_kinds())[:15] == [
        "category", "subcategory", "bernoulli", "integer", "number", "date", "faker", "persona",
        "expression", "source_field", "table_row", "knowledge", "grown", "parent_sample", "given",
    ]  # fmt: skip


@pytest.mark.parametrize(("probability", "wanted"), [(0.3, 60), (0.005, 1), (0.0, 0), (1, 200)])
def test_a_bernoulli_is_true_in_an_exact_share(probability: float, wanted: int) -> None:
    values = column(made(("flag", {"kind": "bernoulli", "probability": probability})), "flag", 200)
    assert sum(values) == wanted
    assert {type(value) for value in values} == {bool}


def test_a_subcategory_may_stand_below_a_bernoulli() -> None:
    lists = {"true": ["fraud", "threat"], "false": ["praise"]}
    definition = made(
        ("escalated", {"kind": "bernoulli", "probability": 0.5}),
        ("reason", {"kind": "subcategory", "parent": "escalated", "values": lists}),
    )
    pairs = Counter(
        (row["escalated"], row["reason"])
        for row in (Plan(definition, n=40, seed=1).variables(i) for i in range(40))
    )
    assert pairs == {(True, "fraud"): 10, (True, "threat"): 10, (False, "praise"): 20}
    assert build_template(definition.model_dump(mode="json")) == definition


def test_grown_values_are_an_axis_and_stay_short_in_yaml() -> None:
    sampler = {"kind": "grown", "instruction": "Hobbies.", "values": ["chess", "sailing"]}
    definition = made(("hobby", {**sampler, "wanted": 40}))
    assert Counter(column(definition, "hobby", 10)) == {"chess": 5, "sailing": 5}
    assert "    - chess\n    - sailing\n" in template_yaml(definition)


SPREADS: list[tuple[dict[str, Any], float, float]] = [
    ({"distribution": "uniform"}, 50.0, 28.9),
    ({"distribution": "normal"}, 50.0, 16.5),
    ({"distribution": "normal", "mean": 30, "std": 5}, 30.0, 5.0),
    ({"distribution": "triangular"}, 50.0, 20.4),
    ({"distribution": "triangular", "mode": 100}, 66.7, 23.6),
    ({"distribution": "exponential", "mean": 10}, 10.0, 10.0),
]


@pytest.mark.parametrize("kind", ["integer", "number"])
@pytest.mark.parametrize(("fields", "mean", "std"), SPREADS)
def test_distributions_have_their_mean_and_spread(
    kind: str, fields: dict[str, Any], mean: float, std: float
) -> None:
    values = column(made(("x", {"kind": kind, "low": 0, "high": 100, **fields})), "x", 4000)
    assert statistics.mean(values) == pytest.approx(mean, abs=1.2)
    assert statistics.stdev(values) == pytest.approx(std, abs=1.0)
    assert min(values) >= 0
    assert max(values) <= 100


@settings(max_examples=60, deadline=None)
@given(
    low=st.integers(-1000, 1000),
    width=st.integers(0, 500),
    distribution=st.sampled_from(["uniform", "normal", "triangular", "exponential"]),
    decimals=st.integers(0, 4),
    seed=st.integers(0, 2**32),
)
def test_drawn_numbers_stay_between_their_ends_on_their_grid(
    low: int, width: int, distribution: Any, decimals: int, seed: int
) -> None:
    at = Draw("x", Stream(seed), {})
    integer = IntegerSampler(
        kind="integer", low=low, high=low + width, distribution=distribution
    ).draw(at)
    number = NumberSampler(
        kind="number", low=low / 3, high=(low + width) / 3, decimals=decimals,
        distribution=distribution,
    ).draw(at)  # fmt: skip
    assert low <= integer <= low + width
    assert low / 3 - 1e-9 <= number <= (low + width) / 3 + 1e-9
    assert number == round(number, decimals) or number == low / 3


@pytest.mark.parametrize(
    ("low", "high"), [(0.0, 1.0), (5.0, 9.0), (9.0, 12.0), (-40.0, -30.0), (37.0, 1e6)]
)
def test_the_tails_of_a_normal_keep_their_order_and_their_limits(low: float, high: float) -> None:
    places = [normal_inverse(u / 1000, low, high, 0.0, 1.0) for u in range(1, 1000)]
    assert places == sorted(places)
    assert all(low <= place <= high for place in places)
    assert len({round(place, 9) for place in places}) > 900


def test_a_far_tail_agrees_with_the_exact_one() -> None:
    from scipy.special import log_ndtr, ndtri_exp

    for u in (0.1, 0.5, 0.9):
        for low, tolerance in ((7.0, 1e-9), (20.0, 1e-9), (31.0, 1e-3)):
            start, end = log_ndtr(-low), log_ndtr(-low - 2)
            # The share above, in logarithms: what a plain subtraction from 1 would lose.
            above = start + math.log1p(u * math.expm1(end - start))
            found = normal_inverse(u, low, low + 2, 0.0, 1.0)
            assert found == pytest.approx(-ndtri_exp(above), abs=tolerance)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"mean": 5}, "`mean` belongs to the distribution normal or exponential"),
        ({"distribution": "normal", "mode": 5}, "`mode` belongs to the distribution triangular"),
        ({"distribution": "normal", "mean": 500}, "outside of 0 … 100"),
        ({"distribution": "normal", "std": 0}, "greater than 0"),
        ({"distribution": "triangular", "mode": -1}, "outside of 0 … 100"),
        ({"distribution": "exponential", "mean": 0}, "above its low"),
        ({"distribution": "poisson"}, "distribution"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(TemplateError, match=re.escape(message)):
        made(("x", {"kind": "integer", "low": 0, "high": 100, **fields}))


@pytest.mark.parametrize("locale", ["en_US", "en_GB", "de_DE", "fr_FR", "pl_PL", "ja_JP", "el_GR"])
def test_a_persona_can_be_reached_under_its_own_name(locale: str) -> None:
    definition = made(("who", {"kind": "persona", "locale": locale}))
    for person in column(definition, "who", 60):
        local, _, domain = person["email"].partition("@")
        assert domain in EMAIL_DOMAINS
        assert re.fullmatch(r"[a-z0-9]+\.[a-z0-9]+", local)
        assert person["username"].startswith(local.partition(".")[0])
        assert re.fullmatch(r"[a-z0-9._]+\d\d", person["username"])
        assert sum(letter.isdigit() for letter in person["phone"]) >= 6
        assert json.loads(json.dumps(person)) == person


def test_a_persona_has_letters_of_its_name_in_its_address() -> None:
    for person in column(made(("who", {"kind": "persona"})), "who", 60):
        letters = re.sub(r"[^a-z]", "", person["first_name"].lower())
        assert person["email"].startswith(f"{letters}.")
        assert re.fullmatch(r"\(\d{3}\) 555-01\d\d", person["phone"])


def test_fields_of_a_persona_are_checked_where_they_are_read() -> None:
    with pytest.raises(TemplateError, match=r"who\.mail: no field is called 'mail'.*email"):
        made(("who", {"kind": "persona"}), user="Write to {{ who.mail }}.")
    assert made(("who", {"kind": "persona"}), user="{% for who in [1] %}{{ who }}{% endfor %}")


TABLE = ("row", {"kind": "table_row", "source": "orders", "columns": ["item", "price"]})
TERM = ("term", {"kind": "knowledge", "table": "terms"})
PARENT = ("parent", {"kind": "parent_sample"})
GIVEN = ("operator", {"kind": "given", "default": {"name": "paraphrase"}})
ROWS = {f"r{k}": {"item": f"thing {k}", "price": k, "note": "x"} for k in range(5)}


def test_table_rows_are_used_once_each_before_any_again() -> None:
    definition = made(TABLE)
    inputs = {"row": Input(row_ids=tuple(ROWS))}
    plan = Plan(definition, n=15, seed=3, inputs=inputs)
    taken = [plan.row_ids(i)["row"] for i in range(15)]
    for turn in range(3):
        assert sorted(taken[5 * turn : 5 * turn + 5]) == sorted(ROWS)
    assert taken[:5] != taken[5:10] or taken[:5] != taken[10:]
    values = plan.variables(4, rows=ROWS)["row"]
    assert values == {key: ROWS[taken[4]][key] for key in ("item", "price")}
    more = Plan(definition, n=5, seed=3, offset=15, inputs=inputs)
    assert sorted(more.row_ids(i)["row"] for i in range(15, 20)) == sorted(ROWS)


def test_parents_are_taken_in_order() -> None:
    plan = Plan(made(PARENT), n=7, seed=3, inputs={"parent": Input(row_ids=("a", "b", "c"))})
    assert [plan.row_ids(i)["parent"] for i in range(7)] == list("abcabca")
    parent = {"input": "q", "response": "r", "output": {"x": 1}, "variables": {"t": "u"}}
    assert plan.variables(1, rows={"b": parent})["parent"] == parent


def test_a_given_value_is_the_launch_s_or_the_default() -> None:
    definition = made(GIVEN, ("text", {"kind": "expression", "template": "{{ operator.name }}"}))
    assert Plan(definition, n=1, seed=1).variables(0)["text"] == "paraphrase"
    chosen = {"operator": Input(value={"name": "noise"})}
    assert Plan(definition, n=1, seed=1, inputs=chosen).variables(0)["text"] == "noise"


@pytest.mark.parametrize(
    ("variable", "message"),
    [
        (TABLE, "variable 'row' takes rows.*Import a table called 'orders'"),
        (TERM, "variable 'term' takes rows.*Add terms to the knowledge of the template's domain"),
        (PARENT, "variable 'parent' takes rows.*Choose the samples"),
    ],
)
def test_a_plan_without_the_rows_says_what_to_choose(
    variable: tuple[str, dict[str, Any]], message: str
) -> None:
    with pytest.raises(TemplateError, match=message):
        Plan(made(variable), n=1, seed=1)


def test_an_input_of_no_variable_is_refused() -> None:
    with pytest.raises(TemplateError, match="takes no input for 'rwo'"):
        Plan(made(GIVEN), n=1, seed=1, inputs={"rwo": Input(row_ids=("a",))})


def test_a_column_that_the_row_lacks_is_named() -> None:
    plan = Plan(made(TABLE), n=1, seed=1, inputs={"row": Input(row_ids=("r",))})
    with pytest.raises(TemplateError, match=r"column 'price', which the row lacks.*'item'"):
        plan.variables(0, rows={"r": {"item": "x"}})
    assert plan.variables(0) == {}


def test_columns_are_checked_where_they_are_read() -> None:
    with pytest.raises(TemplateError, match=r"row\.prise: no field.*item, price"):
        made(TABLE, user="{{ row.prise }}")
    with pytest.raises(TemplateError, match=r"term\.meaning: no field.*definition, example, term"):
        made(TERM, user="{{ term.meaning }}")
    with pytest.raises(TemplateError, match="stands twice"):
        made(("row", {**TABLE[1], "columns": ["a", "a"]}))


def test_placeholders_stand_in_for_everything_that_a_launch_chooses() -> None:
    definition = made(
        TABLE, TERM, PARENT, GIVEN,
        user="{{ row.item }} {{ term.definition }} {{ parent.output.question }} "
        "{{ parent.variables.topic }} {{ operator.name }}",
    )  # fmt: skip
    inputs, rows = sample_inputs(definition)
    assert set(inputs) == set(input_variables(definition)) == {"row", "term", "parent", "operator"}
    values = Plan(definition, n=3, seed=1, inputs=inputs).variables(2, rows=rows)
    assert set(values["row"]) == {"item", "price"}
    assert set(values["term"]) == {"term", "definition", "example"}
    assert values["parent"]["output"] == {"question": "a value"}
    assert values["parent"]["variables"] == {"topic": "a value"}


CONDITIONAL = (
    {"name": "tone", "sampler": {"kind": "category", "values": ["calm", "angry"]}},
    {"name": "age", "sampler": {"kind": "integer", "low": 1, "high": 90}},
    {"name": "secret", "when": "tone == 'angry'",
     "sampler": {"kind": "faker", "method": "uuid4"}},
    {"name": "pension", "when": "age > 60",
     "sampler": {"kind": "category", "values": ["P1", "P2"]}},
    {"name": "claim", "when": "secret is defined and age < 30",
     "sampler": {"kind": "expression", "template": "claim {{ secret }}"}},
)  # fmt: skip


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**63), n=st.integers(1, 40))
def test_a_variable_that_does_not_apply_is_in_no_text_of_its_sample(seed: int, n: int) -> None:
    from core.templates.rendering import Renderer

    definition = build_template(
        {
            **SHAPE,
            "variables": list(CONDITIONAL),
            "user": "{{ variables | tojson }}{% if secret is defined %}!{{ secret }}{% endif %}"
            "{% if pension is defined %}?{{ pension }}{% endif %}"
            "{% if variables.claim is defined %}#{{ claim }}{% endif %}",
        }
    )
    plan, renderer = Plan(definition, n=n, seed=seed), Renderer(definition)
    for i in range(n):
        values = plan.variables(i)
        prompt = renderer.messages(values)[-1].content
        assert ("secret" in values) == (values["tone"] == "angry") == ("!" in prompt)
        assert ("pension" in values) == (values["age"] > 60) == ("?" in prompt)
        assert ("claim" in values) == ("secret" in values and values["age"] < 30) == ("#" in prompt)
        assert all((name in prompt) == (name in values) for name in ("secret", "pension", "claim"))
