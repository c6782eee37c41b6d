"""The query on screen: opened from a list, edited, run, saved or forgotten."""

import streamlit as st

from app import cache, state
from app.widgets.errors import show_errors
from app.widgets.formats import plain
from core.db.tables import SavedQuery
from core.querying.examples import EXAMPLES
from core.querying.saved import ChartSettings, chart_of, delete_query, list_queries, save_query
from core.querying.tables import TABLES

HEIGHT_PX = 190


def open_query(key: str) -> None:
    """The picker's callback: the chosen query takes the place of the one on screen."""
    chosen = state.value_of(key)
    if chosen is None:
        return
    draft = state.sql()
    for name, sql, chart in _known():
        if name == chosen:
            draft.open(name.partition(": ")[2], sql, chart)
    state.forget("sql.text")


def run() -> None:
    """The button's callback: what is on screen is asked from now on, anew."""
    draft = state.sql()
    draft.text = state.value_of("sql.text", draft.text)
    draft.asked, draft.turn = draft.text, draft.turn + 1


def save() -> None:
    draft = state.sql()
    with show_errors():
        name = state.value_of("sql.name", "")
        draft.text = state.value_of("sql.text", draft.text)
        query = save_query(cache.workspace(), name, draft.text, draft.chart)
        draft.name = query.name
        state.notify(f"Saved as {query.name}.")


def forget(query_id: str) -> None:
    with show_errors():
        delete_query(cache.workspace(), query_id)
        state.sql().name = ""
        state.notify("The saved query is gone.")


def editor() -> None:
    """Picker, text, and what can be done with it."""
    draft = state.sql()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.selectbox(
            "Open", [name for name, _, _ in _known()], index=None, key="sql.open", width=380,
            placeholder="A saved query or an example", on_change=open_query, args=("sql.open",),
        )  # fmt: skip
        with st.popover("Save", icon=":material/bookmark:", key="sql.save"):
            st.text_input("Name", draft.name, key="sql.name", max_chars=100)
            st.button("Save query", key="sql.save.now", on_click=save, type="primary")
        saved = _saved(draft.name)
        if saved is not None:
            with st.popover("Delete", icon=":material/delete:", key="sql.delete"):
                st.write(f"Delete the saved query {plain(saved.name)}?")
                st.button(
                    "Delete query", key="sql.delete.now", on_click=forget, args=(saved.query_id,)
                )
        st.toggle("Tables", key="sql.tables", persist_state="session")
    if state.value_of("sql.tables"):
        tables_view()
    state.offer_default("sql.text", draft.text)
    draft.text = st.text_area(
        "Query", key="sql.text", height=HEIGHT_PX, label_visibility="collapsed",
        placeholder="SELECT verdict, count(*) FROM samples GROUP BY ALL",
    )  # fmt: skip


def tables_view() -> None:
    """What can be asked: tables and their columns."""
    name = st.segmented_control(
        "Table", list(TABLES), default="samples", required=True, key="sql.table",
        label_visibility="collapsed",
    )  # fmt: skip
    table = TABLES[name]
    st.caption(plain(table.meaning))
    st.dataframe(
        [
            {"Column": c.name, "Type": str(c.type).replace("[us]", ""), "Meaning": c.meaning}
            for c in table.columns
        ],
        key=f"sql.columns.{name}", hide_index=True, height=220,
        column_config={"Column": st.column_config.TextColumn(width="small"),
                       "Type": st.column_config.TextColumn(width="small")},
    )  # fmt: skip
    st.caption("Also: dataset_records, every record of every release with its dataset and split.")


def _known() -> list[tuple[str, str, ChartSettings]]:
    """Label, SQL and chart of every query that can be opened, saved ones first."""
    saved = list_queries(cache.workspace())
    return [
        *((f"Saved: {query.name}", query.sql, chart_of(query.chart)) for query in saved),
        *((f"Example: {example.name}", example.sql, example.chart) for example in EXAMPLES),
    ]


def _saved(name: str) -> SavedQuery | None:
    return next((q for q in list_queries(cache.workspace()) if name and q.name == name), None)
