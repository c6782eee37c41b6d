from pathlib import Path

import pytest

from core.errors import InvalidInput
from core.templates.aiming import MAX_TEXT_CHARS, MAX_TEXTS, aim_of, aimed
from core.templates.definition import build_template, parse_template
from core.templates.planning.inputs import Input
from core.templates.planning.plan import Plan
from core.templates.rendering import Renderer
from core.templates.trial import trial_render

STARTERS = sorted(Path("data/templates").rglob("*.yaml"))


def test_every_starter_can_be_aimed_and_keeps_its_grid() -> None:
    for path in STARTERS:
        definition = parse_template(path.read_text(encoding="utf-8"))
        changed = aimed(definition)
        assert aimed(changed) is changed
        assert [v.name for v in changed.variables[:-3]] == [v.name for v in definition.variables]
    trial_render(changed)


def small(**fields: object) -> dict[str, object]:
    return {
        "name": "small", "title": "Small", "domain": "test", "system": "Be brief.", "user": "Go.",
        "output": {"type": "object", "properties": {"answer": {"type": "string"}}},
        "mapping": {"input": "x", "response": "{{ output.answer }}"}, **fields,
    }  # fmt: skip


def test_each_sample_is_told_the_terms_and_shown_one_of_the_texts() -> None:
    definition = aimed(build_template(small()))
    texts = ["What is {{ this }}?", "Second {% raw %}", "Third"]
    plan = Plan(definition, n=60, seed=1, inputs={"aim": Input(value=aim_of(["cash"], texts))})
    prompts = []
    for i in range(60):
        values = plan.variables(i)
        assert values["aim_text"] in texts
        prompts.append(Renderer(definition).messages(values, None)[-1].content)
    assert {text for text in texts if any(text in prompt for prompt in prompts)} == set(texts)
    assert all("part of the field: cash." in prompt for prompt in prompts)


def test_without_terms_or_texts_the_prompt_says_nothing_of_them() -> None:
    definition = aimed(build_template(small()))
    for aim, absent in ((aim_of(["cash"], []), "<example>"), (aim_of([], ["One."]), "Too few")):
        plan = Plan(definition, n=1, seed=1, inputs={"aim": Input(value=aim)})
        assert absent not in Renderer(definition).messages(plan.variables(0), None)[-1].content


def test_an_aim_is_cut_to_what_a_prompt_holds() -> None:
    found = aim_of(["t"] * 99, ["x" * 9_999] * 99)
    assert len(found["texts"]) == MAX_TEXTS
    assert {len(text) for text in found["texts"]} == {MAX_TEXT_CHARS}


def test_a_template_with_a_variable_of_that_name_is_refused() -> None:
    own = {"name": "aim", "sampler": {"kind": "category", "values": ["a", "b"]}}
    with pytest.raises(InvalidInput, match="'aim' of its own"):
        aimed(build_template(small(variables=[own])))
