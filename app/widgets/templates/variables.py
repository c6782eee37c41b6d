"""The Variables part: all of them as a table, and the form of the one that is open."""

from typing import Any

import streamlit as st

from app import state
from app.widgets.formats import clip, plain, plural
from app.widgets.tables import plain_table
from app.widgets.templates.draft import edit, form_data, is_frozen
from app.widgets.templates.fields import item_buttons, key_of, text_field
from app.widgets.templates.samplers import draws_line, sampler_form
from core.templates.editing.draft_text import Data, delete_item, free_name, move_item
from core.templates.editing.renaming import rename_variable, uses_of
from core.templates.editing.variables import (
    KINDS,
    VARIABLES,
    add_variable,
    change_kind,
    duplicate_variable,
    place_of,
    variable_names,
    weighted_rows,
)

OPEN = "templates.variables.open"
HELP = {
    "category": "One of several values, in exact proportion to their weights.",
    "subcategory": "One of the values listed for the value of another variable.",
    "bernoulli": "True for an exact share of the samples.",
    "integer": "Uniform, normal, triangular or exponential between two bounds.",
    "number": "The same with decimals.",
    "date": "A day between two days.",
    "faker": "A company, a street, a job … in any of Faker's locales.",
    "persona": "A person with a name, age, work and city that fit each other.",
    "expression": "A text made from the variables above it.",
    "source_field": "A column of the row that the sample is made from.",
    "table_row": "Some columns of a row of an imported table.",
    "knowledge": "An entry of a domain's terms, rules, scenarios or expert answers.",
    "grown": "A few values, of which a model proposes more for you to review.",
    "parent_sample": "For templates that rework samples: the one this one derives from.",
    "given": "One value for the whole batch, set when it is launched.",
}
SHOWN_ROWS = 9
ROW_PX = 31


def variables_part() -> None:
    """The table, the buttons that change it, and one variable's form."""
    data = form_data()
    variables = data.get("variables") or []
    _add_box()
    if not variables:
        st.caption("Variables make samples differ. Categories get exact shares of a batch.")
        return
    _table(variables)
    place = _opened(data)
    if place is None:
        return
    with st.container(border=True):
        _form(data, place)


def _add_box() -> None:
    names = variable_names(form_data())
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        # A new one after each addition, so that it is closed.
        box = f"templates.variables.add.{len(names)}"
        with (
            st.container(key="templates.variables.add", width="content"),
            st.popover("Add a variable", icon=":material/add:", key=box, disabled=is_frozen()),
        ):
            for kind, label in KINDS.items():
                st.button(
                    label, key=f"templates.variables.add.{kind}", type="tertiary",
                    on_click=_add, args=(kind,), help=HELP[kind],
                )  # fmt: skip
        st.caption(plural(len(names), "variable"), width="content")
    if state.templates().note:
        st.info(plain(state.templates().note), icon=":material/info:")


def _add(kind: str) -> None:
    wanted = {"persona": "person", "given": "value", "table_row": "row"}.get(kind, kind)
    name = free_name(wanted, variable_names(form_data()))
    edit(add_variable, name, kind)
    state.templates().variable = name


def _table(variables: list[dict[str, Any]]) -> None:
    click = "templates.variables.row"
    row = state.clicked_row(click)
    if row is not None and row < len(variables):
        state.templates().variable = variables[row]["name"]
    names = [variable["name"] for variable in variables]
    opened = state.templates().variable
    opened = opened if opened in names else names[0]
    rows = [
        {
            "Variable": f"{'●' if v['name'] == opened else '○'} {v['name']}",
            "Sampler": KINDS.get(v["sampler"]["kind"], v["sampler"]["kind"]),
            "Settings": settings_line(v["sampler"]),
            "Only when": v.get("when") or "",
        }
        for v in variables
    ]
    columns = {
        "Variable": st.column_config.ButtonColumn(
            "Variable", type="tertiary", alignment="left", key=click, width=155
        ),
        "Sampler": st.column_config.TextColumn(width=125),
        "Settings": st.column_config.TextColumn(width=228),
        "Only when": st.column_config.TextColumn(width=110),
    }
    height = min(len(rows), SHOWN_ROWS) * ROW_PX + ROW_PX + 3
    plain_table(rows, key="templates.variables.table", columns=columns, height=height)


def settings_line(sampler: dict[str, Any]) -> str:
    """A sampler's settings in one line: values first."""
    values = sampler.get("values")
    if isinstance(values, list):
        rows = weighted_rows(values)
        is_even = len({row["weight"] for row in rows}) <= 1
        named = [r["value"] if is_even else f"{r['value']} ×{r['weight']:g}" for r in rows]
        return clip(f"{len(rows)}: " + ", ".join(named), 140)
    if isinstance(values, dict):
        count = sum(len(items) for items in values.values())
        return clip(f"{count} in {len(values)} values of {sampler.get('parent')}", 140)
    rest = {name: value for name, value in sampler.items() if name != "kind"}
    return clip(", ".join(f"{name.replace('_', ' ')} {value}" for name, value in rest.items()), 140)


def _opened(data: Data) -> int | None:
    names = variable_names(data)
    draft = state.templates()
    if draft.variable not in names:
        draft.variable = names[0]
    state.bind(OPEN, draft.variable)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Open", names, key=OPEN, on_change=_open, width=210, label_visibility="collapsed"
        )
        place = place_of(data, draft.variable)
        if place is not None:
            _buttons(place, len(names))
    return place


def _open() -> None:
    if state.is_echo(OPEN):
        return
    state.templates().variable = state.value_of(OPEN)


def _buttons(place: int, count: int) -> None:
    item_buttons(
        "templates.variables", place, count,
        move=lambda by: edit(move_item, VARIABLES, place, by),
        delete=lambda: _delete(place),
        duplicate=lambda: edit(duplicate_variable, place),
    )  # fmt: skip


def _delete(place: int) -> None:
    data = form_data()
    name = data["variables"][place]["name"]
    edit(delete_item, VARIABLES, place)
    uses = uses_of(form_data(), name)
    if uses:
        state.templates().note = f"{name} is still read by: {', '.join(uses)}."


def _form(data: Data, place: int) -> None:
    variable = data["variables"][place]
    left, right = st.columns(2)
    with left:
        key = key_of(("variables", place, "name"))
        state.bind(key, variable["name"])
        st.text_input(
            "Name", key=key, on_change=_rename, args=(variable["name"], key),
            disabled=is_frozen(), help="Prompts and conditions that read it follow, where safe.",
        )  # fmt: skip
    with right:
        key = key_of(("variables", place, "sampler", "kind"))
        state.bind(key, variable["sampler"]["kind"])
        kinds = [*KINDS, *({variable["sampler"]["kind"]} - KINDS.keys())]
        st.selectbox(
            "Sampler", kinds, key=key, format_func=lambda kind: KINDS.get(kind, kind),
            on_change=_change_kind, args=(place, key), disabled=is_frozen(),
        )  # fmt: skip
    sampler_form(data, place)
    with st.container(key="code-when"):
        text_field(
            "Only when", ("variables", place, "when"), placeholder="always",
            help="A condition over the variables above it, such as `severity == 'high'`. "
            "Where it is false the sample goes without this variable.",
        )  # fmt: skip
    text_field("Description", ("variables", place, "description"), placeholder="optional")
    draws_line(variable["name"])


def _change_kind(place: int, key: str) -> None:
    if state.is_echo(key):
        return
    edit(change_kind, place, state.value_of(key))


def _rename(old: str, key: str) -> None:
    new = (state.value_of(key) or "").strip()
    if not new or new == old or state.is_echo(key):
        return
    told: list[str] = []

    def rename(data: Data) -> Data:
        renamed = rename_variable(data, old, new)
        if renamed.changed:
            told.append(f"{old} is now {new}, also in: {', '.join(renamed.changed)}.")
        if renamed.left:
            told.append(f"{old} is still read by: {', '.join(renamed.left)}. Change it there.")
        return renamed.data

    edit(rename)
    if not state.templates().problem:
        state.templates().variable = new
        state.templates().note = " ".join(told)
