"""Samples made in steps take the shapes that trainers expect."""

import json
from typing import Any

import pytest

from core.datasets.export.shapes import SHAPES
from core.templates.specimens import SpecimenMaker
from core.templates.starters import get_starter


def record_of(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    sample = SpecimenMaker(get_starter(name).definition, n=1).make(0)
    record = {
        "id": "s1", "input": sample.mapped.input, "response": sample.mapped.response,
        "output": json.dumps(sample.output),
    }  # fmt: skip
    return record, sample.output


@pytest.mark.parametrize("name", ["preference-pair", "preference-single-flaw"])
def test_a_preference_pair_is_exported_from_one_answer_or_from_steps(name: str) -> None:
    record, output = record_of(name)
    row = SHAPES["preference"].make(record)
    assert row is not None
    chosen = output["chosen"]
    assert row["chosen"] == (chosen if isinstance(chosen, str) else chosen["answer"])
    assert isinstance(row["rejected"], str)
    assert row["rejected"] != row["chosen"]


def test_a_chat_of_several_steps_is_exported_turn_by_turn() -> None:
    record, output = record_of("two-voices-chat")
    row = SHAPES["messages"].make(record)
    assert row is not None
    assert [turn["role"] for turn in row["messages"]] == ["user", "assistant", "user", "assistant"]
    assert row["messages"] == [output[f"turn_{number}"] for number in (1, 2, 3, 4)]


def test_steps_that_are_no_turns_become_one_question_and_one_answer() -> None:
    record, output = record_of("critique-and-revision")
    row = SHAPES["messages"].make(record)
    assert row is not None
    assert [turn["content"] for turn in row["messages"]] == [
        output["question"]["question"], output["revision"]["answer"],
    ]  # fmt: skip
