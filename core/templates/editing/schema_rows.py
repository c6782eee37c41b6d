"""Rows of the output table in the editor, as fields of a schema and back."""

from collections.abc import Iterable, Mapping
from typing import Any

from core.errors import SchemaError
from core.templates.editing.schema_fields import SchemaField, bounded


def table_rows(fields: Iterable[SchemaField]) -> list[dict[str, Any]]:
    """Fields as the editor's table shows them."""
    return [
        {
            "Field": field.path,
            "Type": field.kind,
            "Required": field.is_required,
            "Description": field.description,
            "Choices": [str(choice) for choice in field.choices],
            "Min": field.low,
            "Max": field.high,
            "Null": field.is_nullable,
            "Pattern": field.pattern,
            "Format": field.format,
        }
        for field in fields
    ]


def fields_of_rows(rows: Iterable[Mapping[str, Any]]) -> list[SchemaField]:
    """The fields that a table's rows describe; rows without a name are left out.

    Raises SchemaError for choices or bounds that the type cannot have.
    """
    return [_field(row) for row in rows if str(row.get("Field") or "").strip()]


def _field(row: Mapping[str, Any]) -> SchemaField:
    kind = row.get("Type") or "text"
    path = str(row["Field"]).strip()
    is_required = row.get("Required")
    return SchemaField(
        path, kind, str(row.get("Description") or "").strip(),
        is_required=True if is_required is None else bool(is_required),
        is_nullable=bool(row.get("Null")),
        choices=_choices(path, kind, row.get("Choices") or ()),
        pattern=str(row.get("Pattern") or "") if kind == "text" else "",
        format=str(row.get("Format") or "") if kind == "text" else "",
        **bounded(kind, row.get("Min"), row.get("Max")),
    )  # fmt: skip


def _choices(path: str, kind: str, values: Iterable[Any]) -> tuple[str | int | float | bool, ...]:
    texts = [str(value).strip() for value in values if str(value).strip()]
    read = {"text": str, "integer": int, "number": float}.get(kind)
    if not texts:
        return ()
    if read is None:
        raise SchemaError(f"{path}: a field of type {kind} has no choices.")
    try:
        return tuple(dict.fromkeys(read(text) for text in texts))
    except ValueError as error:
        raise SchemaError(f"{path}: one of {', '.join(texts)} is no {kind}.") from error
