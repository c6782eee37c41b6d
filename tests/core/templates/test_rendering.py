from collections import Counter
from typing import Any

import pytest

from core.errors import TemplateError
from core.templates.definition import TemplateDefinition, build_template
from core.templates.planning.inputs import sample_inputs
from core.templates.planning.plan import Plan
from core.templates.rendering import Renderer
from core.templates.starters import starter_definitions
from core.templates.trial import render_spread, skeleton, trial_render
from core.text.schema import CompiledSchema

STARTERS = {definition.name: definition for definition in starter_definitions()}
CHUNK = {
    "text": "A transfer ordered before four arrives on the next working day.",
    "heading": "Transfers",
    "fields": {"category": "pending_transfer"},
}


def small(**fields: Any) -> TemplateDefinition:
    base = {
        "name": "small", "title": "Small", "domain": "tests", "system": "Be {{ tone }}.",
        "user": "Go.",
        "output": {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}},
        "mapping": {"input": "{{ tone }}", "response": " {{ output.a }}\n"},
        "variables": [{"name": "tone", "sampler": {"kind": "category", "values": ["kind"]}}],
    }  # fmt: skip
    return build_template({**base, **fields})


def test_the_library_has_the_first_four() -> None:
    assert set(STARTERS) >= {
        "banking-expert-answer", "comic-panel", "grounded-qa", "preference-pair"
    }  # fmt: skip


@pytest.mark.parametrize("name", STARTERS)
def test_each_starter_renders_every_kind_of_sample(name: str) -> None:
    cells = {"worked-word-problem": 8, "knowledge-rule-answer": 6, "table-grounded-answer": 9}
    assert render_spread(STARTERS[name]) >= cells.get(name, 20)


@pytest.mark.parametrize("name", STARTERS)
def test_each_starter_has_described_fields_and_targets_its_plan_meets(name: str) -> None:
    definition = STARTERS[name]
    assert definition.output["additionalProperties"] is False
    assert set(definition.output["required"]) == set(definition.output["properties"])
    assert all(part.get("description") for part in definition.output["properties"].values())
    needs = definition.source is not None and definition.source.required
    inputs, given = sample_inputs(definition)
    plan = Plan(definition, n=500, seed=11, chunk_ids=["c"] if needs else (), inputs=inputs)
    rows = [plan.variables(i, CHUNK if needs else None, given) for i in range(500)]
    for group in definition.groups:
        counts = Counter(row[group.variable] for row in rows)
        assert all(abs(counts[v] - share * 500) <= 2 for v, share in group.target.items())


@pytest.mark.parametrize("name", STARTERS)
def test_starter_prompts_have_no_gaps(name: str) -> None:
    definition = STARTERS[name]
    inputs, rows = sample_inputs(definition)
    chunk_ids = ["c"] if definition.source else ()
    plan = Plan(definition, n=60, seed=3, chunk_ids=chunk_ids, inputs=inputs)
    renderer = Renderer(definition)
    chunk = CHUNK if definition.source else None
    for i in range(60):
        system, *_, user = renderer.messages(plan.variables(i, chunk, rows), chunk)
        assert (system.role, user.role) == ("system", "user")
        assert "{" not in user.content
        assert "\n\n\n" not in user.content
        assert "  " not in user.content.strip()


def test_the_banking_starter_works_with_and_without_a_source() -> None:
    definition = STARTERS["banking-expert-answer"]
    renderer = Renderer(definition)
    output = {"question": "Q?", "answer": "A.", "intent": "i", "needs_human": False}
    plan = Plan(definition, n=10, seed=1, chunk_ids=["c"])
    variables = plan.variables(0, CHUNK)
    prompt = renderer.messages(variables, CHUNK)[-1].content
    assert CHUNK["text"] in prompt
    assert "pending transfer" in prompt
    assert renderer.map_output(output, variables, CHUNK).input == CHUNK["text"]
    alone = Plan(definition, n=10, seed=1).variables(0)
    assert alone["topic"] in renderer.messages(alone)[-1].content
    assert renderer.map_output(output, alone).input == "Q?"


def test_examples_are_earlier_turns() -> None:
    definition = small(examples=[{"user": "Try.", "output": {"a": "é"}}])
    messages = Renderer(definition).messages({"tone": "calm"})
    assert [(m.role, m.content) for m in messages] == [
        ("system", "Be calm."), ("user", "Try."), ("assistant", '{"a":"é"}'), ("user", "Go.")
    ]  # fmt: skip


def test_mapped_texts_are_stripped() -> None:
    mapped = Renderer(small()).map_output({"a": " x "}, {"tone": "calm"})
    assert (mapped.input, mapped.response) == ("calm", "x")


def test_an_output_without_the_mapped_field_is_named() -> None:
    with pytest.raises(TemplateError, match=r"mapping\.response.*'a'"):
        Renderer(small()).map_output({}, {"tone": "calm"})


def test_text_of_a_chunk_is_never_a_template() -> None:
    definition = small(source={"required": True}, user="<p>{{ chunk.text }}</p>")
    chunk = {"text": "{{ 7 * 7 }}{% include 'x' %}", "heading": "", "fields": {}}
    assert Renderer(definition).messages({"tone": "x"}, chunk)[-1].content == (
        "<p>{{ 7 * 7 }}{% include 'x' %}</p>"
    )


def test_a_trial_runs_in_a_process_of_its_own() -> None:
    trial_render(small())


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"user": "{% for a in range(999) %}{% for b in range(999) %}.{% endfor %}{% endfor %}"},
         "10,000 times"),
        ({"variables": [
            {"name": "tone", "sampler": {"kind": "category", "values": ["kind", "curt"]}},
            {"name": "why", "when": "tone == 'curt'",
             "sampler": {"kind": "category", "values": ["haste"]}}],
          "user": "Because of {{ why }}."}, "'why' is undefined"),
        ({"user": "{{ tone.colour }}"}, "colour"),
        ({"output": {"type": "object", "required": ["a"], "properties": {"a": {"type": "array"}}},
          "mapping": {"input": "x", "response": "{{ output.a }}"}}, "a list is printed"),
        ({"output": {"type": "object", "properties": {"a": {"type": "string"}}}}, "`required`"),
    ],
    ids=["loops", "variable not in every sample", "no such field", "list printed", "optional"],
)  # fmt: skip
def test_a_trial_finds_what_parsing_cannot(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        trial_render(small(**fields))


@pytest.mark.parametrize("code", ["bytearray(3 * 2**30)", "[0 for _ in iter(int, 1)]"])
def test_the_child_is_held_by_its_limits(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # The template's own walls never let it come to this, so the work itself is replaced.
    import subprocess
    import sys

    child = f"from core.templates import trial; trial._limited(lambda: {code}); print('through')"
    done = subprocess.run([sys.executable, "-c", child], capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert "through" not in done.stdout


def test_the_plainest_output_fits_the_schema_shape() -> None:
    schema = {
        "type": "object",
        "required": ["a", "kind"],
        "properties": {
            "a": {
                "type": "array",
                "items": {"type": "object", "properties": {"n": {"type": "integer"}}},
            },
            "kind": {"enum": ["x", "y"]},
            "maybe": {"type": ["null", "string"]},
        },
    }
    full, least = skeleton(schema), skeleton(schema, is_full=False)
    assert full == {"a": [{"n": 1}], "kind": "x", "maybe": "text"}
    assert least == {"a": [], "kind": "x"}
    assert CompiledSchema(schema).is_valid(full)
    assert CompiledSchema(schema).is_valid(least)
