"""Trial renderings: every text of a template, in a child with limits."""

import time
from typing import Any

import pytest

from core.errors import TemplateError
from core.templates.definition import TemplateDefinition, build_template
from core.templates.trial import render_spread, trial_render

ANSWER = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}
OPEN_ANSWER = {"type": "object", "properties": {"text": {"type": "string"}}}
BASE: dict[str, Any] = {
    "name": "tried",
    "title": "Tried",
    "domain": "tests",
    "system": "Be brief.",
    "variables": [
        {"name": "tone", "sampler": {"kind": "category", "values": ["kind", "curt"]}},
        {"name": "age", "sampler": {"kind": "integer", "low": 1, "high": 90}},
    ],
    "steps": [
        {"name": "question", "user": "Ask, {{ tone }}.", "output": ANSWER},
        {"name": "answer", "user": "{{ output.question.text }}", "output": ANSWER},
    ],
    "mapping": {"input": "{{ output.question.text }}", "response": "{{ output.answer.text }}"},
}


def tried(**fields: Any) -> TemplateDefinition:
    return build_template({**BASE, **fields})


def test_steps_rules_constraints_and_inputs_render() -> None:
    rows = {"kind": "table_row", "source": "orders", "columns": ["item"]}
    definition = tried(
        variables=[*BASE["variables"], {"name": "row", "sampler": rows}],
        constraints=[{"kind": "rule", "when": "tone == 'curt'", "then": "age > 18"}],
        system="About {{ row.item }}.",
        checks={"rules": [{"name": "r", "condition": "output.answer.text != ''", "message": "m"}]},
    )
    trial_render(definition)
    assert render_spread(definition) >= 2


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"steps": [{**BASE["steps"][0], "output": OPEN_ANSWER}, BASE["steps"][1]]},
         "the prompt of answer: .*leaves out what it may.*`required`"),
        ({"steps": [{**BASE["steps"][0], "user": "{{ 1 / 0 }}"}, BASE["steps"][1]]},
         "the prompt of question: division"),
        ({"steps": [{**BASE["steps"][0], "system": "{{ age.x }}"}, BASE["steps"][1]]},
         "the system prompt of question"),
        ({"checks": {"rules": [{"name": "r", "condition": "output.answer.text > 3",
                                "message": "m"}]}}, "the rule 'r'"),
        ({"constraints": [{"kind": "rule", "then": "age > 90"}]}, "no values were found"),
        ({"constraints": [{"kind": "rule", "then": "tone > 3"}]}, "the constraint"),
        ({"constraints": [{"kind": "rule", "then": "tone == 'kind'"}]},
         "'tone' wants 50 % '(kind|curt)'"),
    ],
    ids=["optional field of a step", "prompt of a step", "system of a step", "rule",
         "constraint that nothing meets", "constraint that fails", "share that cannot be met"],
)  # fmt: skip
def test_a_trial_finds_what_only_rendering_shows(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        trial_render(tried(**fields))


BOMB = f"(range(1000) | list | tojson | replace(',', '{'y' * 900}') | upper | length) > 5"


@pytest.mark.parametrize("where", ["when", "constraint", "rule", "step", "mapping"])
def test_many_slow_texts_together_end_with_the_child(where: str) -> None:
    heavy = "{% for k in range(900) %}{{ 'x' | replace('x', 'y') }}{% endfor %}" * 8
    slow = f"v0 ~ v1 ~ v2 != '' and {BOMB}"
    many = [
        {"name": f"v{k}", "sampler": {"kind": "category", "values": [f"{j}" for j in range(14)]}}
        for k in range(3)
    ]
    fields: dict[str, Any] = {
        "when": {"variables": [*many, {**many[0], "name": "w", "when": slow}]},
        "constraint": {"variables": many, "constraints": [{"kind": "rule", "then": slow}]},
        "rule": {"checks": {"rules": [
            {"name": f"r{k}", "condition": BOMB, "message": "m"} for k in range(20)]},
            "variables": [*many, *BASE["variables"]]},
        "step": {"variables": [*many, *BASE["variables"]],
                 "steps": [{**BASE["steps"][0], "user": heavy}, BASE["steps"][1]]},
        "mapping": {"variables": [*many, *BASE["variables"]],
                    "mapping": {**BASE["mapping"], "input": heavy}},
    }[where]  # fmt: skip
    if where in ("when", "constraint"):
        fields["steps"] = [{**BASE["steps"][0], "user": "Ask."}, BASE["steps"][1]]
    begun = time.monotonic()
    with pytest.raises(TemplateError, match=r"The trial (took longer than 2 s|ran out of memory)"):
        trial_render(tried(**fields))
    assert time.monotonic() - begun < 30
