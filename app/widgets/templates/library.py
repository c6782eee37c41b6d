"""The starter library: browse by set, search, and copy a starter to one's templates."""

import streamlit as st

from app import state
from app.widgets.filters import Choice, filter_bar
from app.widgets.layout import back_button, empty_state, page_header
from app.widgets.tables import number, open_table
from app.widgets.templates.starter_view import HERE, starter_view
from core.templates.starters import SETS, Starter, get_starter, starters

TITLE_PX, SET_PX, NEEDS_PX, COUNT_PX = 350, 155, 165, 60


def library_view() -> None:
    """The list, or the starter that the URL names."""
    name = state.selected("starter")
    if name:
        starter_view(get_starter(name))
    else:
        _list_view()


def _list_view() -> None:
    back_button("All templates", "templates", key="templates.back")
    page_header(
        "Starter library", "Recipes that ship with Seedbed. Look at one, copy it, make it yours."
    )
    chosen = filter_bar("templates.library", [Choice("set", "Any set", list(SETS), SETS)])
    found = [
        s for s in starters()
        if chosen["set"] in (None, s.set_name) and chosen.matches(*_searched(s))
    ]  # fmt: skip
    if not found:
        empty_state(":material/search_off:", "No starter fits", "Take a filter away.")
        return
    rows = [
        {
            "Starter": s.definition.title,
            "Set": SETS[s.set_name],
            "Calls": s.calls,
            "Made from": s.needs,
            "What it is for": s.purpose,
        }
        for s in found
    ]
    columns = {
        "Set": st.column_config.TextColumn(width=SET_PX),
        "Calls": number("Calls", help="Requests to a model for one sample.", width=COUNT_PX),
        "Made from": st.column_config.TextColumn(width=NEEDS_PX),
    }
    open_table(
        rows, [s.definition.name for s in found], "templates", "starter",
        key="templates.library.table", opener="Starter", columns=columns, width=TITLE_PX,
        query=HERE,
    )  # fmt: skip


def _searched(starter: Starter) -> tuple[str, ...]:
    definition = starter.definition
    names = " ".join(variable.name for variable in definition.variables)
    return (
        definition.title, definition.name, definition.domain, definition.description, names,
        SETS[starter.set_name],
    )  # fmt: skip
