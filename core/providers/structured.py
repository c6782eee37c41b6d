"""The forms of an output schema that providers accept for constrained answers.

A wire form may be narrower than the template's schema, never wider: an answer that fits it in shape
is then checked against the template's own schema, limits included.
"""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from core.providers.base import ModelRequest

# What both constrained decoders take. Other limits move into the description, where the model can
# read them. Source: structured output guides of OpenAI and Anthropic, read 2026-11.
KEPT = frozenset(
    {"type", "properties", "required", "items", "enum", "const", "anyOf", "$ref", "$defs",
     "description", "title", "additionalProperties"}
)  # fmt: skip
LIMITS = frozenset(
    {"minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
     "multipleOf", "minItems", "maxItems", "uniqueItems", "pattern", "format", "default",
     "examples"}
)  # fmt: skip
PRIMITIVES = frozenset({"string", "integer", "number", "boolean", "null"})
MAX_CACHED_SCHEMAS = 256
NAME_REFUSED = re.compile(r"[^A-Za-z0-9_-]")
MAX_NAME_CHARS = 64


def constrained_schema(schema: Mapping[str, Any]) -> dict[str, Any] | None:
    """The schema with closed objects and without limits; None when it cannot be constrained.

    Every object must name its properties and require all of them; only KEPT and LIMITS keywords
    may occur.
    """
    if not isinstance(schema, Mapping) or schema.get("type") != "object":
        return None
    return _narrow(schema)


def _narrow(schema: Any) -> dict[str, Any] | None:
    if not isinstance(schema, Mapping):
        return None
    keywords = set(schema) - {"$schema", "$id", "$comment"}
    if keywords - KEPT - LIMITS:
        return None
    result = {key: schema[key] for key in schema if key in KEPT}
    is_typed = "type" in schema or keywords & {"enum", "const", "anyOf", "$ref"}
    if not is_typed or not _narrow_children(schema, result):
        return None
    limits = [f"{key}: {_text(schema[key])}" for key in schema if key in LIMITS]
    if limits and "$ref" not in result:
        described = str(result.get("description", ""))
        result["description"] = f"{described} ({', '.join(limits)})".strip()
    return result


def _narrow_children(schema: Mapping[str, Any], result: dict[str, Any]) -> bool:
    types = schema.get("type")
    if types == "object" or "properties" in schema:
        return _narrow_object(schema, result)
    if types == "array":
        result["items"] = _narrow(schema.get("items"))
        return result["items"] is not None
    if "anyOf" in schema:
        result["anyOf"] = [_narrow(option) for option in schema["anyOf"]]
        return None not in result["anyOf"]
    if isinstance(types, list):
        return set(types) <= PRIMITIVES
    return types is None or types in PRIMITIVES


def _narrow_object(schema: Mapping[str, Any], result: dict[str, Any]) -> bool:
    properties = schema.get("properties")
    if not isinstance(properties, Mapping) or not properties:
        return False
    if set(schema.get("required", ())) != set(properties):
        return False
    if schema.get("additionalProperties", False) is not False:
        return False
    result["additionalProperties"] = False
    result["properties"] = {name: _narrow(value) for name, value in properties.items()}
    for name, value in (schema.get("$defs") or {}).items():
        result["$defs"] = {**result["$defs"], name: _narrow(value)}
    children = [*result["properties"].values(), *result.get("$defs", {}).values()]
    return None not in children


def _text(value: Any) -> str:
    return orjson.dumps(value).decode()


def schema_name(request: ModelRequest) -> str:
    """The name that goes with the schema, as both providers allow it."""
    return NAME_REFUSED.sub("_", request.schema_name)[:MAX_NAME_CHARS] or "output"


class FragmentCache:
    """The serialised form of each schema, made once: a batch sends the same one in every call."""

    def __init__(self) -> None:
        self._made: dict[tuple[int, str], tuple[Mapping[str, Any], orjson.Fragment]] = {}

    def get(self, schema: Mapping[str, Any], variant: str) -> orjson.Fragment | None:
        made = self._made.get((id(schema), variant))
        return made[1] if made is not None and made[0] is schema else None

    def put(self, schema: Mapping[str, Any], variant: str, value: Any) -> orjson.Fragment:
        if len(self._made) >= MAX_CACHED_SCHEMAS:
            self._made.clear()
        fragment = orjson.Fragment(orjson.dumps(value, default=dict))
        # The schema itself is kept, so that its id cannot be given to another one.
        self._made[id(schema), variant] = (schema, fragment)
        return fragment
