"""What a launch chooses for a variable, as a text of the command line."""

import json
from collections.abc import Sequence
from typing import Any

from core.errors import InvalidInput
from core.generation.inputs import KEYS
from core.templates.planning.focus import Focus, read_focus


def input_of(text: str) -> tuple[str, dict[str, Any]]:
    """The variable and its input in `variable=json`; what is no JSON is a text.

    An object with the one key of an input is taken as it stands, anything else as a given value.
    Raises InvalidInput.
    """
    name, sign, written = text.partition("=")
    if not sign or not name.strip():
        raise InvalidInput(f"--input {text!r} names no variable.", remedy="Write variable=value.")
    try:
        value = json.loads(written)
    except ValueError:
        value = written
    is_choice = isinstance(value, dict) and len(value) == 1 and set(value) <= set(KEYS)
    return name.strip(), value if is_choice else {"value": value}


def focus_of(cells: Sequence[str], replaced: Sequence[str]) -> Focus:
    """The focus of options such as `tone=calm,field=retail`, or a JSON object each.

    Raises InvalidInput.
    """
    values: dict[str, Any] = {}
    for text in replaced:
        values |= _assignments("--replace", text)
    return read_focus({"cells": [_assignments("--cell", text) for text in cells],
                       "replaced": values})  # fmt: skip


def _assignments(option: str, text: str) -> dict[str, Any]:
    if text.lstrip().startswith("{"):
        try:
            return dict(json.loads(text))
        except ValueError as error:
            raise InvalidInput(f"{option} {text!r} is no JSON: {error}.") from error
    pairs = [part.partition("=") for part in text.split(",")]
    if not all(sign and name.strip() for name, sign, _ in pairs):
        raise InvalidInput(
            f"{option} {text!r} names no value.", remedy="Write variable=value,variable=value."
        )
    return {name.strip(): value.strip() for name, _, value in pairs}
