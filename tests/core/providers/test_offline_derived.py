"""What the offline provider answers to the recipes of expansions, and that it says what it is."""

import pytest

from core.generation.expansion.recipes import recipe
from core.providers.offline.derived import HONEST, derived_answer
from core.providers.offline.draw import Draw
from core.providers.offline.proposals import propose
from core.providers.offline.rewording import reword
from core.text.schema import CompiledSchema

TOPICS = ["a card that has not arrived", "a transfer that is still pending", "a fee for nothing"]
PARENT = {"input": "Hello, can you check my card?", "response": "Please find it in the app."}


@pytest.mark.parametrize("variable", ["mood", "city", "occupation", "topic"])
def test_values_are_new_distinct_and_as_many_as_asked(variable: str) -> None:
    present = TOPICS if variable == "topic" else ["calm", "Leeds", "nurse"]
    target = {"variable": variable, "present": present, "avoid": ["anxious"]}
    for seed in range(20):
        found = propose(target, 8, Draw(seed))
        assert len(found) == 8
        keys = {value.casefold() for value in found}
        assert len(keys) == 8
        assert not keys & {value.casefold() for value in [*present, "anxious"]}


def test_a_closed_list_without_a_word_list_is_not_padded_with_nonsense() -> None:
    found = propose({"variable": "answer", "present": ["yes", "no"], "avoid": []}, 8, Draw(1))
    assert len(found) == 1


def test_rewording_leaves_code_figures_and_unknown_words() -> None:
    prompt = "Write 3 {{ please.write }} {% if write %}soon{% endif %}, please."
    texts = {reword(prompt, Draw(seed)) for seed in range(20)}
    assert all("{{ please.write }} {% if write %}" in text and "3" in text for text in texts)
    assert len(texts) > 1


@pytest.mark.parametrize(
    ("operation", "variables"),
    [
        ("grow_values", {"target": {"variable": "topic", "present": TOPICS}, "count": 5}),
        ("rewrite_prompt", {"prompt": {"system": "Write.", "user": "{{ topic }}"}}),
        ("evolve", {"parent": PARENT, "way": "deeper"}),
        ("evolve", {"parent": PARENT, "way": "broader"}),
        ("evolve", {"parent": PARENT, "way": "adversarial"}),
        ("paraphrase", {"parent": PARENT, "changes": "both"}),
        ("persona", {"parent": PARENT, "changes": "input",
                     "person": {"age": 40, "occupation": "nurse", "city": "Leeds"}}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_answers_satisfy_the_schema_of_their_recipe(
    operation: str, variables: dict[str, object]
) -> None:
    definition = recipe(operation)
    for seed in range(10):
        answer = derived_answer(definition.name, variables, "", Draw(seed))
        assert answer is not None
        assert CompiledSchema(definition.output).errors(answer) == []
    if operation == "rewrite_prompt":
        assert HONEST in str(answer)


def test_a_copy_of_a_recipe_for_a_domain_is_known_and_other_templates_are_not() -> None:
    variables = {"parent": PARENT, "changes": "both"}
    assert derived_answer("augment-paraphrase-banking", variables, "", Draw(1)) is not None
    assert derived_answer("paraphrases", variables, "", Draw(1)) is None
