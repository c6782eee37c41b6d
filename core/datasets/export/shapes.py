"""The shapes that trainers expect, each made from one record. Every row keeps its `id`."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa

from core.datasets.records import RECORD_SCHEMA, Record

ExportShape = Literal["records", "messages", "alpaca", "preference", "prompt_completion"]
MESSAGE = pa.struct([("role", pa.string()), ("content", pa.string())])


@dataclass(frozen=True)
class Shape:
    """How a record becomes a row; `make` gives None where the record lacks what it needs."""

    name: ExportShape
    title: str
    schema: pa.Schema
    make: Callable[[Record], dict[str, Any] | None]
    needs: str = ""  # what `make` asks of the record's output


def _text_schema(*names: str) -> pa.Schema:
    return pa.schema([(name, pa.string()) for name in ("id", *names)])


def _output(record: Record) -> dict[str, Any]:
    text = record["output"]
    output = json.loads(text) if text else {}
    return output if isinstance(output, dict) else {}


def _messages(record: Record) -> dict[str, Any]:
    output = _output(record)
    # A chat written step by step has one message per step, named in order: turn_1, turn_2 …
    messages = output.get("messages") or [output[name] for name in sorted(output)]
    if not (isinstance(messages, list) and messages and all(map(_is_message, messages))):
        messages = [
            {"role": "user", "content": record["input"]},
            {"role": "assistant", "content": record["response"]},
        ]
    turns = [{"role": turn["role"], "content": turn["content"]} for turn in messages]
    return {"id": record["id"], "messages": turns}


def _is_message(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(value.get(name), str) for name in ("role", "content")
    )


def _alpaca(record: Record) -> dict[str, Any]:
    return {
        "id": record["id"],
        "instruction": record["input"],
        "input": "",
        "output": record["response"],
    }


def _preference(record: Record) -> dict[str, Any] | None:
    output = _output(record)
    chosen, rejected = _answer(output.get("chosen")), _answer(output.get("rejected"))
    if not (isinstance(chosen, str) and isinstance(rejected, str)):
        return None
    return {
        "id": record["id"],
        "prompt": record["input"],
        "chosen": chosen,
        "rejected": rejected,
    }


def _answer(part: object) -> object:
    """The text itself, or the `answer` of a step."""
    return part.get("answer") if isinstance(part, dict) else part


def _prompt_completion(record: Record) -> dict[str, Any]:
    return {"id": record["id"], "prompt": record["input"], "completion": record["response"]}


SHAPES: Mapping[str, Shape] = {
    shape.name: shape
    for shape in (
        Shape("records", "Full records with lineage", RECORD_SCHEMA, dict),
        Shape(
            "messages",
            "Chat messages",
            pa.schema([("id", pa.string()), ("messages", pa.list_(MESSAGE))]),
            _messages,
        ),
        Shape("alpaca", "Alpaca", _text_schema("instruction", "input", "output"), _alpaca),
        Shape(
            "preference",
            "Preference pairs",
            _text_schema("prompt", "chosen", "rejected"),
            _preference,
            needs="text in the output's fields `chosen` and `rejected`, or in their `answer`",
        ),
        Shape(
            "prompt_completion",
            "Prompt and completion",
            _text_schema("prompt", "completion"),
            _prompt_completion,
        ),
    )
}
