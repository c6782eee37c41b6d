"""An output schema as rows, one per field, and rows as a schema.

Rows name nested fields by path: `reply.steps` is inside `reply`, `steps[]` is one item of the list
`steps`, `steps[].owner` a field of such an item. A schema that says more than rows can is not
forced into them: `fields_of` answers None.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from core.errors import SchemaError

KINDS: Final = {
    "text": "string", "integer": "integer", "number": "number", "yes/no": "boolean",
    "list": "array", "object": "object",
}  # fmt: skip
_KIND_OF: Final = {name: kind for kind, name in KINDS.items()}
_BOUNDS: Final = {
    "string": ("minLength", "maxLength"),
    "integer": ("minimum", "maximum"),
    "number": ("minimum", "maximum"),
    "array": ("minItems", "maxItems"),
}
_NAME: Final = r"[A-Za-z][A-Za-z0-9_-]{0,63}(\[\])*"
_PATH: Final = re.compile(rf"{_NAME}(\.{_NAME})*")
PLAIN_ITEM: Final = {"type": "string"}  # a list's item until a row `path[]` says otherwise
MAX_FIELDS = 300


@dataclass(frozen=True)
class SchemaField:
    """One field of an answer. Bounds count characters of a text, items of a list, else values."""

    path: str  # reply.steps[].owner
    kind: str = "text"  # a key of KINDS
    description: str = ""
    is_required: bool = True
    is_nullable: bool = False  # null is allowed too
    choices: tuple[str | int | float | bool, ...] = ()  # enum; empty: any value
    minimum: int | float | None = None
    maximum: int | float | None = None
    min_length: int | None = None  # characters
    max_length: int | None = None
    min_items: int | None = None
    max_items: int | None = None
    pattern: str = ""  # regular expression of a text
    format: str = ""  # of a text, such as date or email

    @property
    def low(self) -> int | float | None:
        """The lower bound that counts for this kind."""
        return {"text": self.min_length, "list": self.min_items}.get(self.kind, self.minimum)

    @property
    def high(self) -> int | float | None:
        """The upper bound that counts for this kind."""
        return {"text": self.max_length, "list": self.max_items}.get(self.kind, self.maximum)


def bounded(kind: str, low: float | None, high: float | None) -> dict[str, Any]:
    """The arguments of SchemaField that hold these bounds for that kind."""
    names = {"text": ("min_length", "max_length"), "list": ("min_items", "max_items")}.get(
        kind, ("minimum", "maximum")
    )
    if kind not in ("text", "list", "integer", "number"):
        return {}
    is_whole = kind != "number"
    values = [None if v is None else int(v) if is_whole or v == int(v) else v for v in (low, high)]
    return dict(zip(names, values, strict=True))


def fields_of(schema: Mapping[str, Any]) -> list[SchemaField] | None:
    """The schema's fields, parents before children; None where it says more than rows can."""
    if not isinstance(schema, Mapping) or schema.get("type") != "object":
        return None
    fields: list[SchemaField] = []
    try:
        _read_children(schema, "", fields)
        is_same = _comparable(schema_of(fields)) == _comparable(schema)
    except (SchemaError, TypeError, ValueError, LookupError, AttributeError, RecursionError):
        return None
    return fields if is_same else None


def _read_children(schema: Mapping[str, Any], prefix: str, into: list[SchemaField]) -> None:
    required = schema.get("required", ())
    for name, child in schema.get("properties", {}).items():
        _read(child, f"{prefix}{name}", into, is_required=name in required)


def _read(
    schema: Mapping[str, Any], path: str, into: list[SchemaField], *, is_required: bool
) -> None:
    names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    name = next((n for n in names if n != "null"), "null")
    if name not in _KIND_OF or len(into) >= MAX_FIELDS:
        raise ValueError(path)
    kind = _KIND_OF[name]
    low, high = (schema.get(bound) for bound in _BOUNDS.get(name, ("", "")))
    choices = [value for value in schema.get("enum", ()) if value is not None]
    into.append(
        SchemaField(
            path, kind, schema.get("description", ""), is_required, "null" in names,
            tuple(choices), pattern=schema.get("pattern", ""), format=schema.get("format", ""),
            **bounded(kind, low, high),
        )
    )  # fmt: skip
    if kind == "object":
        _read_children(schema, f"{path}.", into)
    if kind == "list" and schema.get("items") != PLAIN_ITEM:
        _read(schema["items"], f"{path}[]", into, is_required=True)


def schema_of(fields: Iterable[SchemaField]) -> dict[str, Any]:
    """The strict JSON Schema of these fields: objects take no others.

    Raises SchemaError for a path that stands twice, has no parent, or is not one.
    """
    root: dict[str, Any] = {
        "type": "object", "additionalProperties": False, "required": [], "properties": {},
    }  # fmt: skip
    nodes: dict[str, dict[str, Any]] = {}
    for field in fields:
        _check_path(field, nodes)
        node = nodes[field.path] = _node(field)
        parent_path, name = _parent(field.path)
        if name == "[]":
            _expect(nodes, parent_path, "array", field.path)["items"] = node
            continue
        parent = _expect(nodes, parent_path, "object", field.path) if parent_path else root
        parent["properties"][name] = node
        if field.is_required:
            parent["required"].append(name)
    return dict(_tidy(root))


def _check_path(field: SchemaField, nodes: Mapping[str, Any]) -> None:
    if not _PATH.fullmatch(field.path):
        raise SchemaError(
            f"{field.path!r} is no field: write letters, digits and _, a dot before a nested "
            "field, [] after a list for its items."
        )
    if field.path in nodes:
        raise SchemaError(f"The field {field.path!r} stands twice.")
    if field.kind not in KINDS:
        raise SchemaError(f"{field.path}: the type is one of {', '.join(KINDS)}.")


def _expect(
    nodes: Mapping[str, dict[str, Any]], path: str, kind: str, child: str
) -> dict[str, Any]:
    node = nodes.get(path)
    names = node["type"] if node else []
    if node is None or kind not in (names if isinstance(names, list) else [names]):
        noun = "a list" if kind == "array" else "an object"
        raise SchemaError(f"{child!r} needs a row above it in which {path!r} is {noun}.")
    return node


def _parent(path: str) -> tuple[str, str]:
    if path.endswith("[]"):
        return path[:-2], "[]"
    parent, _, name = path.rpartition(".")
    return parent, name


def _node(field: SchemaField) -> dict[str, Any]:
    name = KINDS[field.kind]
    node: dict[str, Any] = {"type": [name, "null"] if field.is_nullable else name}
    if field.description:
        node["description"] = field.description
    if field.choices:
        node["enum"] = [*field.choices, *([None] if field.is_nullable else [])]
    for bound, value in zip(_BOUNDS.get(name, ()), (field.low, field.high), strict=False):
        if value is not None:
            node[bound] = value
    for keyword in ("pattern", "format"):
        if name == "string" and getattr(field, keyword):
            node[keyword] = getattr(field, keyword)
    if name == "object":
        node |= {"additionalProperties": False, "required": [], "properties": {}}
    if name == "array":
        node["items"] = dict(PLAIN_ITEM)
    return node


def _tidy(node: Any) -> Any:
    """Empty `required` lists are left out: some validators refuse them."""
    if isinstance(node, list):
        return [_tidy(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {key: _tidy(value) for key, value in node.items() if key != "required" or value}


def _comparable(schema: Any, key: str = "") -> Any:
    """The schema without what carries no meaning: the order of keys and of `required`."""
    if isinstance(schema, Mapping):
        return {
            name: _comparable(value, name)
            for name, value in schema.items()
            if not (name == "required" and value == [])
        }
    if isinstance(schema, Sequence) and not isinstance(schema, str):
        items = [_comparable(item) for item in schema]
        return sorted(items) if key in ("required", "type") and _texts(items) else items
    return schema


def _texts(items: Sequence[Any]) -> bool:
    return all(isinstance(item, str) for item in items)
