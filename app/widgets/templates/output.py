"""The Output part: the fields of one answer as rows, beside the JSON Schema that they make."""

from typing import Any

import streamlit as st

from app.widgets.templates.draft import form_data
from app.widgets.templates.fields import json_field, table_field
from core.errors import SchemaError
from core.templates.editing.draft_text import Data, set_at, value_at
from core.templates.editing.schema_fields import KINDS, fields_of, schema_of
from core.templates.editing.schema_rows import fields_of_rows, table_rows
from core.templates.editing.tables import Rows
from core.templates.yaml_text import Path

COLUMNS = {
    "Field": st.column_config.TextColumn(
        width=170, help="`reply.steps[].owner`: a dot for a nested field, [] for a list's items."
    ),
    "Type": st.column_config.SelectboxColumn(options=list(KINDS), default="text", width=75),
    "Required": st.column_config.CheckboxColumn("Req.", default=True, width=60),
    "Min": st.column_config.NumberColumn(
        width=60, help="Lowest number, fewest characters of a text, fewest items of a list."
    ),
    "Max": st.column_config.NumberColumn(width=60),
    "Choices": st.column_config.ListColumn(width=110, help="The only values it can have."),
    "Description": st.column_config.TextColumn(width=210),
    "Null": st.column_config.CheckboxColumn(width=60, help="null is allowed too."),
    "Pattern": st.column_config.TextColumn(width=100, help="Regular expression of a text."),
    "Format": st.column_config.SelectboxColumn(
        options=["", "date", "date-time", "time", "email", "uri", "uuid"], width=90
    ),
}


TABLE_PX = 530
LEAST_ROWS = 12


def output_part() -> None:
    """The output of the template, or of the step that is open."""
    data = form_data()
    if data.get("steps"):
        st.caption("Each step has an output of its own: they are under Steps.")
        return
    output_fields(data, ("output",))


def output_fields(data: Data, path: Path) -> None:
    """The schema at the path as rows; as JSON alone where it says more than rows can."""
    schema = value_at(data, path, {})
    fields = fields_of(schema) if isinstance(schema, dict) else None
    if fields is None:
        st.info(
            "This schema says more than rows can hold (references, alternatives, open objects), "
            "so it is edited as JSON Schema, on the right.",
            icon=":material/data_object:",
        )
        return
    st.caption(
        "`reply` of type object and `reply.text` nest; `tags` of type list and `tags[]` say what "
        "an item is. Min and Max count characters, items, or are the bounds of a number."
    )
    rows = table_rows(fields)
    table_field(
        f"templates.fields.{'.'.join(map(str, path))}", rows, COLUMNS,
        lambda data, rows: set_at(data, path, schema_of(fields_of_rows(rows))),
        clean=_clean, numbers=["Min", "Max"], most_px=TABLE_PX, least_rows=LEAST_ROWS,
    )  # fmt: skip


def _clean(rows: Rows) -> Any:
    """What the rows mean; rows that mean nothing yet are left out, and refused ones are kept."""
    try:
        return schema_of(fields_of_rows(rows))
    except (SchemaError, TypeError) as error:
        return str(error)


def schema_field(path: Path, height: int) -> None:
    """The schema at the path as JSON, to read beside the rows or to edit."""
    json_field(
        "JSON Schema", path, noun="schema", box="schema", height=height,
        label_visibility="collapsed",
    )  # fmt: skip
