"""How far a report is, in plain words: its stage, its progress, the time left."""

import streamlit as st

from app import cache
from app.widgets.errors import show_errors
from app.widgets.formats import ago, count, duration, plain
from core.insight.report import InsightView, load_insight

INTERVAL_S = 2.0


def stage_line(view: InsightView) -> str:
    """What the figures rest on, when, and with which model; empty before the first."""
    if view.computed_at is None:
        return ""
    noun = "chunks" if view.scope.kind == "source" else "samples"
    basis = {
        "lexical": "by their words alone; figures of meaning follow",
        "sampled": f"{count(view.embedded)} of them embedded, so figures of meaning have an error",
    }.get(view.stage, f"embedded with {plain(view.embedding_model)}")
    stale = "; more were added since" if view.is_stale else ""
    return f"{count(view.samples)} {noun}, {basis}, {ago(view.computed_at)}{stale}"


def progress_panel(view: InsightView) -> None:
    """The progress of a report in the making; the page is drawn again when its figures change."""
    st.fragment(_progress, run_every=INTERVAL_S)(view.scope_id, _marker(view))


def _progress(scope_id: str, marker: str) -> None:
    with show_errors():
        view = load_insight(cache.workspace(), scope_id)
        if _marker(view) != marker:
            st.rerun()
        st.progress(min(1.0, view.done / view.total) if view.total else 0.0, _told(view))


def _marker(view: InsightView) -> str:
    return f"{view.is_waiting}.{view.stage}.{view.computed_at}"


def _told(view: InsightView) -> str:
    if view.state == "queued":
        return "Waiting for a compute worker"
    if not view.total:
        return "Reading the texts"
    if view.done >= view.total:
        return f"All {count(view.total)} texts are embedded; measuring and checking"
    told = f"Embedding: {count(view.done)} of {count(view.total)} texts"
    if view.rate_per_s > 0:
        told += f", {view.rate_per_s:,.0f} a second, {duration(view.eta_s)} left"
    return told
