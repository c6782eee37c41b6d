"""Sources: documents and tables that samples are grounded in, their terms, and knowledge."""

import streamlit as st

from app import cache, state
from app.navigation import go
from app.widgets.errors import show_errors
from app.widgets.filters import Choice, filter_bar
from app.widgets.formats import ago, count, size
from app.widgets.layout import Card, back_button, cards, empty_state, go_button, page_header
from app.widgets.sources.chunks import chunks_view
from app.widgets.sources.graph import graph_view
from app.widgets.sources.knowledge_view import knowledge_view
from app.widgets.sources.preview import KIND_NAMES, add_view
from app.widgets.sources.terms import terms_view
from app.widgets.tables import number, open_table, right
from core.db.tables import Source
from core.sources.browsing import get_source, list_sources
from core.sources.evaluation import keep_for_evaluation

PARTS = {"Chunks": chunks_view, "Terms": terms_view, "Graph": graph_view}
VIEWS = {"sources": "Sources", "knowledge": "Knowledge"}


def views() -> None:
    """Sources or knowledge; the choice stands in the URL."""
    state.offer("sources.view", state.selected("view") or "sources")
    st.segmented_control(
        "View", list(VIEWS), key="sources.view", format_func=VIEWS.get, required=True,
        label_visibility="collapsed", on_change=choose_view,
    )  # fmt: skip


def choose_view() -> None:
    chosen = state.value_of("sources.view")
    state.select("view", None if chosen == "sources" else chosen)


def knowledge_page() -> None:
    page_header("Sources", "What a domain knows: variables of templates can draw from it.")
    views()
    knowledge_view()


def list_view() -> None:
    with page_header("Sources", "Documents and tables that samples are grounded in."):
        if st.button("Add a source", type="primary", icon=":material/add:", key="sources.add"):
            go("sources", view="add")
    views()
    sources = list_sources(cache.workspace(), limit=500)
    if not sources:
        with empty_state(
            ":material/description:", "There is no source yet",
            "Add a document or a table. It is cut into chunks that templates can use.",
        ):  # fmt: skip
            go_button("Add a source", "sources", key="sources.empty", view="add")
        return
    chosen = filter_bar("sources", [Choice("kind", "Any kind", list(KIND_NAMES), KIND_NAMES)])
    sources = [
        s for s in sources if chosen["kind"] in (None, s.kind) and chosen.matches(s.name)
    ]  # fmt: skip
    rows = [
        {
            "Source": s.name, "Kind": KIND_NAMES[s.kind], "Chunks": s.chunk_count,
            "Size": size(s.size_bytes), "Columns": ", ".join(s.columns),
            "Terms": "yes" if s.terms_at else "–",
            "For": "evaluation" if s.is_evaluation else "generation", "Added": ago(s.created_at),
        }
        for s in sources
    ]  # fmt: skip
    open_table(
        rows, [s.source_id for s in sources], "sources", "source", key="sources.table",
        opener="Source",
        columns={"Chunks": number("Chunks"), "Size": right("Size")},
    )  # fmt: skip


def keep(source_id: str) -> None:
    kept = bool(state.value_of(f"sources.evaluation.{source_id}"))
    with show_errors():
        keep_for_evaluation(cache.workspace(), source_id, kept)


def source_view(source: Source) -> None:
    back_button("All sources", "sources", key="sources.back")
    with page_header(source.name):
        go_button(
            "Launch a batch", "batches", key="sources.launch", view="launch", primary=True
        )  # fmt: skip
    pages = [Card("Pages", count(source.page_count))] if source.page_count else []
    cards(
        [
            Card("Chunks", count(source.chunk_count)), *pages,
            Card("Size", size(source.size_bytes)),
            Card("Kind", KIND_NAMES[source.kind]), Card("Added", ago(source.created_at)),
        ]
    )  # fmt: skip
    st.toggle(
        "Keep for evaluation", value=source.is_evaluation,
        key=f"sources.evaluation.{source.source_id}",
        help="A sample that holds most of one of its records counts as a leak: models trained on "
        "it would have seen the test. Batches are compared when their checks run next.",
        on_change=keep, args=(source.source_id,),
    )  # fmt: skip
    part = st.segmented_control(
        "Part", list(PARTS), key="sources.part", default="Chunks", required=True,
        label_visibility="collapsed", persist_state="session",
    )  # fmt: skip
    PARTS[part](source)


with show_errors():
    if state.selected("source"):
        source_view(get_source(cache.workspace(), state.selected("source") or ""))
    elif state.selected("view") == "add":
        add_view()
    elif state.selected("view") == "knowledge":
        knowledge_page()
    else:
        list_view()
