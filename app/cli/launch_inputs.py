"""What a launch chooses for a variable, as a text of the command line."""

import json
from typing import Any

from core.errors import InvalidInput
from core.generation.inputs import KEYS


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
