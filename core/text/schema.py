"""JSON Schema: is a schema usable, does a value satisfy it. Never opens a connection.

Owns the compiled validators. Schemas are JSON Schema 2020-12, self-contained: a reference may only
point inside the same document.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import jsonschema_rs
import orjson

from core.errors import SchemaError
from core.text.answers import parse_json as parse_json
from core.text.field_errors import FieldError as FieldError
from core.text.field_errors import cut, field_error, pointer, quoted
from core.text.hashing import canonical_json

MAX_ERRORS = 20
MAX_SCHEMA_DEPTH = 100
TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")
REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
DIALECT = "https://json-schema.org/draft/2020-12/schema"
REMEDY = 'Write an object schema, such as {"type": "object", "properties": {…}}.'


class CompiledSchema:
    """A checked schema, ready to validate. Equal schemas share one compiled validator.

    Raises SchemaError as `check_schema` does.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        check_schema(schema)
        self._validator = _compiled(canonical_json(schema))

    def is_valid(self, value: Any) -> bool:
        """Whether the value satisfies the schema."""
        try:
            return bool(self._validator.is_valid(value))
        except ValueError:
            return False

    def errors(self, value: Any) -> list[FieldError]:
        """What is wrong with the value, at most MAX_ERRORS entries; empty when nothing is."""
        found: list[FieldError] = []
        try:
            for error in self._validator.iter_errors(value):
                found.append(field_error(error))
                if len(found) == MAX_ERRORS:
                    break
        except ValueError as error:  # nested deeper than the validator follows
            found.append(FieldError("", f"cannot be checked: {error}"))
        return found


def check_schema(schema: Mapping[str, Any]) -> None:
    """Pass silently when the schema is a usable JSON Schema for an object.

    Raises SchemaError naming the path: not a mapping, not an object schema, an unknown type or a
    malformed keyword, a reference that leaves the document or leads nowhere, a pattern that is not
    a regular expression, nesting beyond MAX_SCHEMA_DEPTH.
    """
    if not isinstance(schema, Mapping):
        raise SchemaError(
            f"An output schema is a mapping, got {quoted(schema)}.",
            remedy=REMEDY,
        )
    _check_references(schema)
    try:
        text = canonical_json(schema)
    except (TypeError, ValueError) as error:
        raise SchemaError(f"The output schema is not JSON: {error}.", remedy=REMEDY) from error
    if schema.get("type") != "object":
        raise SchemaError(
            f'At the top, "type" must be "object", got {quoted(schema.get("type"))}.',
            remedy=REMEDY,
        )
    _compiled(text)


@lru_cache(maxsize=256)
def _compiled(text: str) -> Any:
    """The validator of a schema given as canonical JSON."""
    schema = orjson.loads(text)
    try:
        return jsonschema_rs.Draft202012Validator(schema, validate_formats=True, offline=True)
    except jsonschema_rs.ValidationError as error:
        raise _schema_error(error) from error
    except (jsonschema_rs.ReferencingError, ValueError) as error:
        raise SchemaError(f"The output schema cannot be used: {error}.", remedy=REMEDY) from error


def _schema_error(error: Any) -> SchemaError:
    path = pointer(error.instance_path)
    if error.instance_path and error.instance_path[-1] == "type":
        return SchemaError(
            f"At {path}: {quoted(error.instance)} is not a JSON Schema type.",
            remedy=f"Use one of {', '.join(TYPES)}.",
        )
    where = f"At {path}: " if path else ""
    return SchemaError(
        f"The output schema is not JSON Schema. {where}{cut(error.message, 200)}.",
        remedy="Correct it and save again.",
    )


def _check_references(schema: Mapping[str, Any]) -> None:
    for path, node, depth in _nodes(schema):
        if depth > MAX_SCHEMA_DEPTH:
            raise SchemaError(
                f"The output schema is nested deeper than {MAX_SCHEMA_DEPTH} levels.",
                remedy="Flatten it.",
            )
        if not isinstance(node, Mapping):
            continue
        for keyword in REFERENCES:
            target = node.get(keyword)
            if isinstance(target, str) and not target.startswith("#"):
                raise SchemaError(
                    f"At {path}/{keyword}: {quoted(target)} points outside the schema.",
                    remedy='Copy the definition under "$defs" and refer to "#/$defs/…".',
                )
        dialect = node.get("$schema")
        if isinstance(dialect, str) and dialect.rstrip("#") != DIALECT:
            raise SchemaError(
                f"At {path}/$schema: {quoted(dialect)} is another dialect.",
                remedy=f"Leave it out or write {DIALECT}.",
            )


def _nodes(schema: Mapping[str, Any]) -> Iterator[tuple[str, Any, int]]:
    """Every value in the schema with its pointer and depth, without recursion."""
    waiting: list[tuple[str, Any, int]] = [("", schema, 0)]
    while waiting:
        path, node, depth = waiting.pop()
        yield path, node, depth
        if isinstance(node, Mapping):
            waiting.extend((f"{path}/{key}", value, depth + 1) for key, value in node.items())
        elif isinstance(node, list | tuple):
            waiting.extend((f"{path}/{i}", value, depth + 1) for i, value in enumerate(node))
