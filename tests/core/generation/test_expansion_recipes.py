"""The recipes that ship with Seedbed: they render, say what is asked, and stay out of lists."""

from pathlib import Path

import pytest
from factories import make_template

from core.db.workspace import Workspace
from core.errors import Conflict
from core.generation.expansion.recipes import (
    AUGMENTATIONS,
    EXPANSIONS,
    FOLDER,
    recipe,
    recipe_version,
    variant_of,
)
from core.generation.expansion.variants import Prompts, code_pieces, problem_of, prompts_of
from core.templates.definition import build_template
from core.templates.planning.inputs import Input, sample_inputs
from core.templates.planning.plan import Plan
from core.templates.rendering import Renderer
from core.templates.trial import trial_render
from core.templates.versions import list_templates, list_versions

OPERATIONS = [*EXPANSIONS, *AUGMENTATIONS]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_recipe_renders_like_any_template(operation: str) -> None:
    trial_render(recipe(operation))


def test_a_recipe_has_the_name_of_its_file() -> None:
    files = {path.stem for path in Path(FOLDER).glob("*.yaml")}
    names = {*EXPANSIONS.values(), *AUGMENTATIONS.values()}
    assert names <= files
    assert {recipe(operation).name for operation in OPERATIONS} == names


def asked(operation: str, **values: object) -> list[str]:
    """The user prompts of a few samples of a recipe."""
    definition = recipe(operation)
    inputs, rows = sample_inputs(definition)
    inputs |= {name: Input(value=value) for name, value in values.items()}
    plan = Plan(definition, n=6, seed=1, inputs=inputs)
    renderer = Renderer(definition)
    return [renderer.messages(plan.variables(i, None, rows))[-1].content for i in range(6)]


def test_each_direction_of_evolution_is_defined_and_all_take_turns() -> None:
    for direction in ("deeper", "broader", "adversarial"):
        assert all(f"Make it {direction}" in text for text in asked("evolve", direction=direction))
    every = asked("evolve")
    assert [sum(f"Make it {way}" in text for text in every) for way in
            ("deeper", "broader", "adversarial")] == [2, 2, 2]  # fmt: skip


def test_only_the_text_that_changes_is_shown_to_a_paraphraser() -> None:
    assert "<response>" not in asked("paraphrase", changes="input")[0]
    assert "<input>" not in asked("paraphrase", changes="response")[0]
    both = asked("paraphrase", changes="both", guidance="Stay formal.")[0]
    assert "<input>" in both
    assert "<response>" in both
    assert "Stay formal." in both


def test_a_recipe_is_stored_once_and_left_out_of_lists(any_workspace: Workspace) -> None:
    first = recipe_version(any_workspace, recipe("evolve"))
    again = recipe_version(any_workspace, recipe("evolve"))
    assert first.template_version_id == again.template_version_id
    assert len(list_versions(any_workspace, first.template_id)) == 1
    assert list_templates(any_workspace) == []
    own = recipe_version(any_workspace, variant_of(recipe("noise"), "Retail banking!", domain="x"))
    assert own.definition["name"] == "augment-noise-retail-banking"


def test_a_template_of_one_s_own_is_not_written_over(workspace: Workspace) -> None:
    make_template(workspace, "grow-values")
    with pytest.raises(Conflict, match="grow-values"):
        recipe_version(workspace, recipe("grow_values"))


def definition_of(user: str) -> object:
    persona = {"name": "customer", "sampler": {"kind": "persona"}}
    mood = {"name": "mood", "sampler": {"kind": "category", "values": ["calm"]}}
    return build_template(
        {
            "name": "t", "title": "T", "domain": "d", "system": "You help.", "user": user,
            "variables": [persona, mood],
            "output": {"type": "object", "properties": {"a": {"type": "string"}},
                       "required": ["a"], "additionalProperties": False},
            "mapping": {"input": "{{ output.a }}", "response": "{{ output.a }}"},
        }
    )  # fmt: skip


PRESENT = "{% if mood == 'calm' %}Calm. {% endif %}For {{ customer.name }}, {{ customer.age }}."


@pytest.mark.parametrize(
    ("user", "reason"),
    [
        ("{{ customer.age }} is {{ customer.name }}{% if mood == 'calm' %}, calm{% endif %}.", ""),
        ("For {{ customer.name }}{% if mood == 'calm' %}!{% endif %}", "customer.age"),
        ("For {{ customer.name }}, {{ customer.age }}.", "mood"),
        (PRESENT + " {{ customer.city }}", "customer.city"),
        (PRESENT + " {{ chunk.text }}", "chunk"),
        (PRESENT + " {% endif %}", "endif"),
        (PRESENT, "present prompt"),
    ],
)
def test_a_variant_keeps_every_variable_and_every_part_of_one(user: str, reason: str) -> None:
    definition = definition_of(PRESENT)
    problem = problem_of(definition, Prompts("You help.", user))  # type: ignore[arg-type]
    assert (reason in problem) if reason else problem == ""


def test_the_pieces_of_code_are_listed_once() -> None:
    assert code_pieces("{{ a }} {% if b %}{{ a }}{% endif %}") == [
        "{{ a }}", "{% if b %}", "{% endif %}",
    ]  # fmt: skip
    assert prompts_of(definition_of(PRESENT)).user == PRESENT  # type: ignore[arg-type]
