"""Forms of the samplers that draw from listed values: category, subcategory, grown list."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from app import state
from app.widgets.formats import count, share
from app.widgets.templates.draft import edit, form_data, is_frozen
from app.widgets.templates.fields import area_field, key_of, number_field, on_value, table_field
from core.templates.editing.draft_text import Data, value_at
from core.templates.editing.tables import Rows, pasted_rows
from core.templates.editing.variables import (
    PLACEHOLDERS,
    parents_for,
    set_block,
    set_parent,
    set_values,
    values_of,
    weighted_rows,
    weighted_values,
)

COLUMNS = {
    "value": st.column_config.TextColumn("Value", width=250),
    "weight": st.column_config.NumberColumn(
        "Weight", min_value=0, width=80, help="Relative to the others; empty is 1."
    ),
}
TABLE_PX = 282


def category_form(data: Data, place: int) -> None:
    """Values and weights, with the share that each gets."""
    name = data["variables"][place]["name"]
    rows = weighted_rows(data["variables"][place]["sampler"].get("values"))
    _values_table(
        f"templates.values.{name}", rows, lambda data, rows: set_values(data, place, rows)
    )
    st.caption(shares_line(rows))


def _values_table(key: str, rows: Rows, change: Callable[[Data, Rows], Data]) -> None:
    table_field(
        key, rows, COLUMNS, change, clean=weighted_values, numbers=["weight"],
        most_px=TABLE_PX,
    )  # fmt: skip
    turn = state.templates().tables[key].turn  # a new table comes with an empty, closed box
    icon = ":material/content_paste:"
    with (
        st.container(key=f"{key}.paste"),
        st.popover("Paste a list", type="tertiary", icon=icon, key=f"{key}.paste.{turn}"),
        st.container(key=f"{key}.text"),
    ):
        text_key = f"{key}.text.{turn}"
        st.text_area(
            "One value a line; `value = 3` sets its weight", key=text_key, height=160,
            on_change=_paste, args=(text_key, change, rows), disabled=is_frozen(),
            help="They are added to the values that are there; the first ones give way.",
        )  # fmt: skip


def _paste(key: str, change: Callable[[Data, Rows], Data], rows: Rows) -> None:
    added = pasted_rows(state.value_of(key) or "")
    kept = [] if weighted_values(rows) in PLACEHOLDERS else rows
    if added:
        edit(change, [*kept, *added])


def shares_line(rows: Sequence[dict[str, Any]], most: int = 6) -> str:
    """The share of each value, the first few."""
    kept = weighted_values(rows)
    weights = {row["value"]: float(row["weight"]) for row in weighted_rows(kept)}
    total = sum(weights.values())
    if not total:
        return "No values yet."
    named = [f"{value} {share(weight / total, 0)}" for value, weight in weights.items()]
    more = f" and {count(len(named) - most)} more" if len(named) > most else ""
    return "Shares: " + ", ".join(named[:most]).replace("$", r"\$") + more


def subcategory_form(data: Data, place: int) -> None:
    """The parent, and a block of values for each of its values."""
    variable = data["variables"][place]
    parents = parents_for(data, place)
    path = ("variables", place, "sampler", "parent")
    key = key_of(path)
    parent = variable["sampler"].get("parent")
    state.bind(key, parent if parent in parents else None)
    st.selectbox(
        "Depends on", parents, key=key, index=None, disabled=is_frozen(),
        on_change=on_value(key, lambda name: edit(set_parent, place, name)),
        placeholder="a category above it",
    )  # fmt: skip
    if not parents:
        st.caption("Add a category above it first.")
        return
    values = values_of(data, parent)
    if not values:
        return
    chosen_key = f"templates.block.{variable['name']}"
    if state.value_of(chosen_key) not in values:
        state.forget(chosen_key)
    blocks = variable["sampler"].get("values") or {}
    chosen = st.pills(
        f"Values where {parent} is", values, default=values[0], required=True, key=chosen_key,
        format_func=lambda value: f"{value} ({len(blocks.get(value) or ())})",
    )  # fmt: skip
    rows = weighted_rows(blocks.get(chosen))
    _values_table(
        f"templates.values.{variable['name']}.{values.index(chosen)}", rows,
        lambda data, rows: set_block(data, place, chosen, rows),
    )  # fmt: skip
    empty = [value for value in values if not blocks.get(value)]
    st.caption(f"No values yet for: {', '.join(empty)}." if empty else shares_line(rows))


def grown_form(data: Data, place: int) -> None:
    """What the values are, the ones there are, and how many there should be."""
    area_field(
        "What the values are", ("variables", place, "sampler", "instruction"), height=80,
        is_required=True, help="Told to the model that proposes more.",
    )  # fmt: skip
    category_form(data, place)
    number_field(
        "Values there should be", ("variables", place, "sampler", "wanted"), default=20,
        is_whole=True, min_value=1,
    )  # fmt: skip
    have = len(values_of(form_data(), data["variables"][place]["name"]) or ())
    wanted = value_at(data, ("variables", place, "sampler", "wanted"), 20)
    if isinstance(wanted, int) and have < wanted:
        st.caption(f"Expand proposes {count(wanted - have)} more; you decide which are taken.")
