"""The offline judge: marks that follow from what can be counted, and words that say so."""

from typing import Any

import pytest

from core.providers.offline.draw import Draw
from core.providers.offline.judging import HONEST, judged_answer
from core.quality.judge.prompting import judge_definition, read_answer
from core.quality.judge.rubrics import starter_rubrics
from core.text.schema import CompiledSchema

GOOD = {
    "input": "How do I freeze my card when I have lost it abroad?",
    "response": "If you have lost your card abroad, open the app, choose the card, press Freeze. "
    "It is blocked at once for payments and cash. When you find it, you can unfreeze it there; "
    "when not, order a new one with the same steps and we send it to your address.",
}
BAD: dict[str, dict[str, str]] = {
    "empty": {**GOOD, "response": " "},
    "repetitive": {**GOOD, "response": "the card the card the card the card the card the card"},
    "off topic": {**GOOD, "response": "Bananas ripen faster beside apples"},
}
PLACEHOLDER = {**GOOD, "response": f"{GOOD['response']} TODO: ask [customer name]."}


def marks(sample: dict[str, str], seed: int, rubric_name: str = "answer-quality") -> dict[str, Any]:
    rubric = next(one for one in starter_rubrics() if one.name == rubric_name)
    definition = judge_definition(rubric, "score")
    said = judged_answer(definition.output, definition.name, {"parent": sample}, Draw(seed))
    assert said is not None
    assert CompiledSchema(definition.output).errors(said) == []
    answer = read_answer(rubric, "score", said)
    assert answer is not None
    assert all(reason.startswith(HONEST) for reason in answer.reasons.values())
    return answer.marks


@pytest.mark.parametrize("bad", list(BAD))
def test_a_good_answer_gets_better_marks_whatever_is_drawn(bad: str) -> None:
    for seed in range(25):
        assert sum(marks(GOOD, seed).values()) > sum(marks(BAD[bad], seed).values())


def test_a_placeholder_fails_the_criterion_of_safety() -> None:
    for seed in range(10):
        assert marks(GOOD, seed, "conversation")["safety"] == 1
        assert marks(PLACEHOLDER, seed, "conversation")["safety"] == 0


def test_the_source_decides_what_is_grounded() -> None:
    source = GOOD["response"]
    for seed in range(10):
        grounded = marks({**GOOD, "chunk": source}, seed, "faithful-to-source")
        invented = marks({**GOOD, "chunk": "Bananas are yellow."}, seed, "faithful-to-source")
        assert grounded["groundedness"] > invented["groundedness"]


def test_judges_differ_a_little_and_each_is_the_same_every_time() -> None:
    middling = {**GOOD, "response": "Open the app, choose the lost card and press Freeze there."}
    found = [tuple(marks(middling, seed).items()) for seed in range(40)]
    assert found == [tuple(marks(middling, seed).items()) for seed in range(40)]
    assert 1 < len(set(found)) < 40


def test_a_pair_is_decided_by_the_samples_and_not_by_their_places() -> None:
    rubric = starter_rubrics()[0]
    definition = judge_definition(rubric, "pair")
    firsts = 0
    for seed in range(40):
        for shown, better in (((GOOD, BAD["empty"]), "first"), ((BAD["empty"], GOOD), "second")):
            variables = dict(zip(("first", "second"), shown, strict=True))
            said = judged_answer(definition.output, definition.name, variables, Draw(seed))
            assert said is not None
            assert CompiledSchema(definition.output).errors(said) == []
            assert {part["better"] for part in said.values()} == {better}
        same = judged_answer(
            definition.output, definition.name, {"first": GOOD, "second": GOOD}, Draw(seed)
        )
        assert same is not None
        firsts += sum(part["better"] == "first" for part in same.values())
    assert firsts < 40 * len(rubric.criteria) / 2


def test_other_templates_are_left_alone() -> None:
    schema = judge_definition(starter_rubrics()[0], "score").output
    assert judged_answer(schema, "bank-answers", {"parent": GOOD}, Draw(1)) is None
    assert judged_answer(None, "judge-score-x", {"parent": GOOD}, Draw(1)) is None
    assert judged_answer(schema, "judge-score-x", {}, Draw(1)) is None
