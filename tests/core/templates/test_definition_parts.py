"""Steps, constraints and rules of a template: what is refused, at which line, with what to do."""

from typing import Any

import pytest

from core.errors import TemplateError
from core.templates.definition import (
    build_template,
    content_hash,
    parse_template,
    template_yaml,
)

STEPS = """\
name: revised
title: Revised
domain: tests
system: Be brief.
steps:
  - name: question
    user: Ask about {{ topic }}.
    output:
      type: object
      required: [text]
      properties:
        text: {type: string}
  - name: answer
    title: The answer
    continues: true
    temperature: 0.2
    user: |
      Answer:
      {{ output.question.text }}
    output:
      type: object
      required: [text, score]
      properties:
        text: {type: string}
        score: {type: integer}
variables:
  - name: topic
    sampler: {kind: category, values: [cats, dogs]}
  - name: urgent
    sampler: {kind: bernoulli, probability: 0.3}
  - name: age
    sampler: {kind: integer, low: 1, high: 90}
  - name: day
    sampler: {kind: date, start: 2026-01-01, end: 2026-12-31}
  - name: who
    sampler: {kind: persona}
constraints:
  - kind: inequality
    left: age
    operator: ">="
    right: 18
  - kind: exclusion
    values:
      topic: [cats]
      urgent: [true]
  - kind: rule
    when: urgent
    then: age > 30
examples:
  - step: answer
    user: Try.
    output: {text: yes, score: 3}
mapping:
  input: "{{ output.question.text }}"
  response: "{{ output.answer.text }}"
checks:
  rules:
    - name: scored
      condition: output.answer.score > 0
      message: The score is missing.
"""


def changed(old: str, new: str) -> str:
    assert old in STEPS
    return STEPS.replace(old, new, 1)


def test_the_output_of_a_template_with_steps_follows_from_them() -> None:
    definition = parse_template(STEPS)
    assert definition.output["required"] == ["question", "answer"]
    assert definition.output["additionalProperties"] is False
    assert definition.output["properties"]["answer"] == definition.steps[1].output


def test_templates_with_steps_and_constraints_read_back_the_same() -> None:
    definition = parse_template(STEPS)
    text = template_yaml(definition)
    assert "\noutput:" not in text
    assert parse_template(text) == definition
    assert build_template(definition.model_dump(mode="json")) == definition
    assert content_hash(parse_template(text)) == content_hash(definition)


PROBLEMS: dict[str, tuple[str, str, int, str]] = {
    "reads a later step": (
        "Ask about {{ topic }}.", "A {{ output.answer.text }}", 7, "'answer' comes after this one"
    ),
    "reads itself": (
        "Ask about {{ topic }}.", "A {{ output.question.text }}", 7,
        "'question' is this step itself"
    ),
    "reads no step": (
        "      {{ output.question.text }}", "      {{ output.quest }}", 19,
        "no field is called 'quest'; there are: question"
    ),
    "reads no field of a step": (
        "      {{ output.question.text }}", "      {{ output.question.txt }}", 19, "text"
    ),
    "mapping reads no field": ("output.answer.text", "output.answer.txt", 55, "txt"),
    "same step": ("- name: answer", "- name: question", 13, "twice"),
    "bad step name": ("- name: answer", "- name: The Answer", 13, "name"),
    "unknown field of a step": ("    title: The answer", "    colour: red", 14, "colour"),
    "step schema": ("        score: {type: integer}", "        score: {type: whole}", 20, "whole"),
    "step without fields": ("      properties:\n        text: {type: string}\n  - name", "  - name",
                            8, "no properties"),
    "user beside steps": ("system: Be brief.", "system: Be brief.\nuser: Go.", 5, "each step"),
    "output beside steps": (
        "system: Be brief.",
        "system: Be brief.\noutput: {type: object, properties: {a: {type: string}}}", 5, "leave it"
    ),
    "system reads output": ("system: Be brief.", "system: Be {{ output.question }}.", 4, "output"),
    "example without step": ("  - step: answer\n    user", "  - user", 50, "question, answer"),
    "example of no step": ("step: answer", "step: critique", 50, "critique"),
    "example breaks its step": ("score: 3}", "score: high}", 52, "whole number"),
    "constraint on nothing": ("left: age", "left: agee", 39, "'agee'; there are: age, day"),
    "constraint with itself": ("right: 18", "right: age", 41, "itself"),
    "bound that is no number": ("right: 18", "right: old", 41, "'old' is no value of age"),
    "bound that is no day": (
        "left: age\n    operator: \">=\"\n    right: 18", "left: day\n    operator: \">=\"\n"
        "    right: 2026-02-30", 41, "'2026-02-30' is no value of day"
    ),
    "constraint on a record": ("left: age", "left: who", 39, "who has fields"),
    "no such operator": ('operator: ">="', 'operator: "=>"', 40, "operator"),
    "value never taken": ("topic: [cats]", "topic: [cows]", 44, "never takes the value 'cows'"),
    "truth never taken": ("urgent: [true]", "urgent: [maybe]", 45, "it takes true, false"),
    "exclusion of one": ("      urgent: [true]\n", "", 43, "at least 2"),
    "exclusion on nothing": ("urgent: [true]", "urgend: [true]", 45, "'urgend'"),
    "rule reads nothing there is": ("then: age > 30", "then: agee > 30", 48, "'agee'"),
    "rule reads no variable": (
        "when: urgent\n    then: age > 30", "then: 1 == 1", 47, "reads no variable"
    ),
    "rule syntax": ("then: age > 30", "then: age >", 48, "then"),
    "rule reads output": ("then: age > 30", "then: output.x", 48, "output"),
    "rule reads all variables": ("then: age > 30", "then: variables.age > 30", 48, "themselves"),
    "unknown kind of constraint": ("kind: rule", "kind: law", 46, "law"),
    "check reads no field": ("output.answer.score > 0", "output.answer.mark > 0", 59, "mark"),
    "check reads no variable": ("output.answer.score > 0", "ages > 3", 59, "'ages'"),
    "check syntax": ("output.answer.score > 0", "output.answer.score >", 59, "condition"),
    "persona field": ("Ask about {{ topic }}.", "Ask {{ who.nickname }}.", 7, "nickname"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "word"), PROBLEMS.values(), ids=PROBLEMS.keys())
def test_problems_of_parts_carry_their_line(old: str, new: str, line: int, word: str) -> None:
    with pytest.raises(TemplateError) as caught:
        parse_template(changed(old, new))
    assert caught.value.line == line, str(caught.value)
    assert word in str(caught.value)


def test_a_check_named_twice_is_refused() -> None:
    data = parse_template(STEPS).model_dump(mode="json")
    data["checks"]["rules"] *= 2
    with pytest.raises(TemplateError, match=r"checks\.rules\.1\.name: the name 'scored'"):
        build_template(data)


PLAIN: dict[str, Any] = {
    "name": "plain",
    "title": "Plain",
    "domain": "tests",
    "system": "Be brief.",
    "user": "Go.",
    "output": {"type": "object", "properties": {"a": {"type": "string"}}},
    "mapping": {"input": "x", "response": "y"},
}


def test_without_steps_prompt_and_schema_are_asked_for() -> None:
    with pytest.raises(TemplateError, match=r"user: write the prompt"):
        build_template({**PLAIN, "user": ""})
    with pytest.raises(TemplateError, match=r"output: write the JSON Schema"):
        build_template({**PLAIN, "output": {}})
    with pytest.raises(TemplateError, match=r"examples\.0\.step: no step"):
        build_template({**PLAIN, "examples": [{"user": "x", "output": {"a": "b"}, "step": "q"}]})


def test_the_hash_leaves_defaults_out_so_that_new_fields_change_none() -> None:
    definition = build_template(PLAIN)
    spelled_out = build_template(definition.model_dump(mode="json"))
    assert content_hash(definition) == content_hash(spelled_out) == PLAIN_HASH
    other = build_template({**PLAIN, "model": {"connection": "fast"}})
    assert content_hash(other) != PLAIN_HASH


PLAIN_HASH = "f9f72b1103226b0583c0e4c57913dc8af163dcfa3c4f8d46e8395a124e2020b2"


def test_a_constraint_that_no_redraw_can_meet_is_refused() -> None:
    variables = [
        {"name": "intent", "sampler": {"kind": "source_field", "column": "intent"}},
        {"name": "tone", "sampler": {"kind": "category", "values": ["calm", "angry"]}},
    ]
    constraint = {"kind": "rule", "when": "intent == 'fraud'", "then": "tone == 'angry'"}
    with pytest.raises(TemplateError, match=r"constraints\.0: none of its .* \(intent, tone\)"):
        build_template({**PLAIN, "variables": variables, "constraints": [constraint], "source": {}})


def test_an_order_of_values_that_are_no_numbers_is_refused() -> None:
    level = {"name": "level", "sampler": {"kind": "category", "values": ["low", "high"]}}
    constraint = {"kind": "inequality", "left": "level", "operator": ">", "right": 3}
    with pytest.raises(TemplateError, match=r"takes the value 'low', which is no number"):
        build_template({**PLAIN, "variables": [level], "constraints": [constraint]})


def test_targets_of_a_truth_value_are_written_as_in_yaml() -> None:
    flag = {"name": "flag", "sampler": {"kind": "bernoulli", "probability": 0.25}}
    groups = [{"variable": "flag", "target": {True: 0.25, False: 0.75}}]
    definition = build_template({**PLAIN, "variables": [flag], "groups": groups})
    assert definition.groups[0].target == {"true": 0.25, "false": 0.75}
