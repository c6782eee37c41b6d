"""From what a person typed to a checked correction. Pure, apart from rendering the mapping.

Nothing is stored here, and nothing that is wrong is repaired in silence: it is refused with what
to do.
"""

from collections.abc import Mapping
from typing import Any, NoReturn

from core.errors import InvalidInput
from core.review.history import CurrentText
from core.review.rules import CorrectionRules, Texts
from core.text.hashing import storable
from core.text.schema import CompiledSchema

MAX_CHARS = 100_000  # of one corrected text
MAX_PROBLEMS = 3  # named in one message
FIELDS = frozenset({"input", "response", "output"})


def check_correction(
    before: CurrentText, changes: Mapping[str, Any], rules: CorrectionRules
) -> dict[str, Any]:
    """The corrected {input, response, output}, whole.

    A changed output gives new texts through the template's mapping. Changed texts are carried
    back into the output where its fields hold them word for word; where they do not, the output
    is None, because a stale one would contradict the text.

    Raises InvalidInput: unknown field, empty, too long, unchanged, or against the schema.
    """
    _check_fields(changes)
    if (output := changes.get("output")) is not None:
        texts = rules.map_output(output)
    else:
        texts = Texts(before.input, before.response)
    texts = Texts(
        storable(changes.get("input", texts.input)).strip(),
        storable(changes.get("response", texts.response)).strip(),
    )
    _check_texts(before, texts)
    if output is None:
        output = _carried(before, texts, rules)
    if output is not None:
        _check_schema(output, rules.schema)
    if (texts.input, texts.response) == (before.input.strip(), before.response.strip()) and (
        output is None or output == before.output
    ):
        _refuse("The correction changes nothing.", "Change the text, or accept the sample.")
    return {"input": texts.input, "response": texts.response, "output": output}


def _refuse(message: str, remedy: str) -> NoReturn:
    raise InvalidInput(message, remedy=remedy)


def _check_fields(changes: Mapping[str, Any]) -> None:
    if not changes:
        _refuse("The edit has no corrected text.", "Send input, response or output.")
    if unknown := sorted(set(changes) - FIELDS):
        _refuse(f"A correction has no field {unknown[0]!r}.", "Send input, response or output.")
    for name, value in changes.items():
        expected = dict if name == "output" else str
        if not isinstance(value, expected):
            kind = "an object" if name == "output" else "text"
            _refuse(f"The corrected {name} is not {kind}: {value!r:.80}.", f"Send {kind}.")


def _check_texts(before: CurrentText, texts: Texts) -> None:
    if not texts.response or (before.input.strip() and not texts.input):
        name = "input" if texts.response else "response"
        _refuse(f"The corrected {name} is empty.", "Write one, or reject the sample.")
    for name, text in texts._asdict().items():
        if len(text) > MAX_CHARS:
            _refuse(
                f"The corrected {name} has {len(text):,} characters.",
                f"Shorten it to {MAX_CHARS:,} at most.",
            )


def _check_schema(output: dict[str, Any], schema: CompiledSchema) -> None:
    problems = schema.errors(output)
    if problems:
        named = "; ".join(f"{p.path or 'output'}: {p.message}" for p in problems[:MAX_PROBLEMS])
        _refuse(
            f"The corrected output breaks the template's schema. {named}.",
            "Correct these fields and submit again.",
        )


def _carried(before: CurrentText, texts: Texts, rules: CorrectionRules) -> dict[str, Any] | None:
    if before.output is None:
        return None
    swaps = {before.input.strip(): texts.input, before.response.strip(): texts.response}
    swaps.pop("", None)
    output = {key: _swapped(value, swaps) for key, value in before.output.items()}
    mapped = rules.map_output(output)
    followed = (mapped.input.strip(), mapped.response.strip()) == texts
    return output if followed else None


def _swapped(value: Any, swaps: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return swaps.get(value.strip(), value)
    if isinstance(value, list):
        return [_swapped(item, swaps) for item in value]
    if isinstance(value, dict):
        return {key: _swapped(item, swaps) for key, item in value.items()}
    return value
