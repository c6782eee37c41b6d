"""Ways in which models go wrong, for trying out checks and review without paying for them."""

from collections.abc import Mapping
from typing import Any

from core.providers.offline.draw import Draw

# `refused` and `truncated` end the answer; `duplicate` is made by the provider; the others change
# the filled value.
KINDS = ("schema", "refusal", "refused", "placeholder", "short", "truncated", "duplicate")
DEFECTS = frozenset(("schema", "refusal", "placeholder", "short"))
REFUSALS = (
    "I'm sorry, but I can't help with that request.",
    "I cannot assist with this.",
    "As an AI language model, I am unable to give advice on this.",
    "I'm sorry, I can't provide that information.",
    "I am not able to help with that.",
)
PLACEHOLDERS = (
    "[insert name here]",
    "{{customer_name}}",
    "TODO: add details",
    "<your answer>",
    "Lorem ipsum dolor sit amet",
)
SHORT = ("Yes.", "OK.", "See above.", "No idea.", "Maybe.")


def pick_defect(draw: Draw, rate: Any) -> str:
    """One of KINDS for that share of requests, else the empty string."""
    if not isinstance(rate, int | float) or draw.share() >= rate:
        return ""
    return draw.pick(KINDS)


def spoil(value: Any, schema: Mapping[str, Any], defect: str, draw: Draw) -> Any:
    """The value with one fault put in; unchanged where it has no text to spoil."""
    if not isinstance(value, dict) or not value:
        return value
    if defect == "schema":
        return _against_schema(value, schema, draw)
    texts = [key for key, text in value.items() if isinstance(text, str) and len(text) > 20]
    if not texts:
        return value
    key = max(texts, key=lambda name: len(value[name]))  # the answer, in most schemas
    if defect == "refusal":
        return {**value, key: draw.pick(REFUSALS)}
    if defect == "short":
        return {**value, key: draw.pick(SHORT)}
    half = len(value[key]) // 2
    at = value[key].find(" ", half) + 1 or half
    return {**value, key: f"{value[key][:at]}{draw.pick(PLACEHOLDERS)} {value[key][at:]}"}


def _against_schema(value: dict[str, Any], schema: Mapping[str, Any], draw: Draw) -> dict[str, Any]:
    required = [key for key in schema.get("required") or () if key in value]
    key = draw.pick(required or list(value))
    if required and draw.chance(0.5):
        return {name: part for name, part in value.items() if name != key}
    return {**value, key: [value[key]] if not isinstance(value[key], list) else "none"}
