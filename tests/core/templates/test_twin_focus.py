"""A focus that replaces a value in some samples, and the beginning of a larger plan."""

from typing import Any

import pytest

from core.errors import TemplateError
from core.templates.definition import build_template
from core.templates.planning.focus import Focus
from core.templates.planning.plan import Plan

DEFINITION = build_template(
    {
        "name": "twins",
        "title": "Twins",
        "domain": "test",
        "system": "Be brief.",
        "user": "Go.",
        "variables": [
            {"name": "gender", "sampler": {"kind": "category", "values": ["woman", "man", "x"]}},
            {"name": "age", "sampler": {"kind": "integer", "low": 18, "high": 90}},
            {"name": "who", "sampler": {"kind": "persona"}},
        ],
        "output": {"type": "object", "properties": {"answer": {"type": "string"}}},
        "mapping": {"input": "x", "response": "{{ output.answer }}"},
    }
)
BECOMES_MAN = {"replaced": {"gender": "man"}, "where": {"gender": "woman"}}


def drawn(n: int, offset: int = 0, **focus: Any) -> list[dict[str, Any]]:
    plan = Plan(DEFINITION, n=n, seed=3, offset=offset, focus=Focus(**focus))
    return [plan.variables(i) for i in range(offset, offset + n)]


@pytest.mark.parametrize("offset", [0, 100])
def test_only_samples_of_the_first_value_change(offset: int) -> None:
    before, after = drawn(30, offset), drawn(30, offset, **BECOMES_MAN)
    assert sum(a != b for a, b in zip(before, after, strict=True)) == 10
    for a, b in zip(before, after, strict=True):
        assert b == ({**a, "gender": "man"} if a["gender"] == "woman" else a)


def test_the_beginning_of_a_plan_is_that_of_the_whole() -> None:
    assert drawn(7, of=30) == drawn(30)[:7]
    assert drawn(7, of=30, **BECOMES_MAN) == drawn(30, **BECOMES_MAN)[:7]
    assert drawn(30, of=30) == drawn(30)


def test_a_field_of_a_variable_can_be_the_condition() -> None:
    given = drawn(30)[0]["who"]["gender"]
    after = drawn(30, replaced={"who.gender": "other"}, where={"who.gender": given})
    for a, b in zip(drawn(30), after, strict=True):
        assert b["who"]["gender"] == ("other" if a["who"]["gender"] == given else
                                      a["who"]["gender"])  # fmt: skip


def test_a_plan_has_no_beginning_larger_than_itself() -> None:
    with pytest.raises(TemplateError, match="no beginning"):
        Plan(DEFINITION, n=31, seed=3, focus=Focus(of=30))


def test_what_is_empty_is_not_stored() -> None:
    assert Focus(**BECOMES_MAN).stored() == BECOMES_MAN
    assert Focus(of=5).stored() == {"of": 5}
    assert Focus(of=5)
    assert not Focus()
