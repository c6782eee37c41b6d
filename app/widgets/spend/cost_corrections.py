"""Estimated calls: what waits for the provider's word, the form that takes it, what was entered."""

from decimal import Decimal

import streamlit as st

from app import cache, state
from app.widgets.errors import show_errors
from app.widgets.formats import day, money, plural
from app.widgets.layout import section
from app.widgets.tables import number, plain_table, right
from core.spend.correction_lists import (
    CorrectionEntry,
    EstimatedBatch,
    correction_history,
    estimated_batches,
)
from core.spend.corrections import correct_batch_total

HISTORY = 10


def estimated_view() -> None:
    """The section, or nothing where every bill is known."""
    batches = estimated_batches(cache.workspace())
    if not batches:
        return
    section(
        "Estimated calls",
        "No bill came for these calls, so their full reservation counts as their cost. "
        "Enter what the provider charged, and every budget follows.",
    )
    waiting = [batch for batch in batches if batch.estimated_calls]
    if waiting:
        plain_table([_waiting_row(b) for b in waiting], key="spend.estimated", columns=WAITING)
    _form(batches)
    history = correction_history(cache.workspace(), limit=HISTORY)
    if history:
        st.caption("Corrections, newest first")
        plain_table([_history_row(e) for e in history], key="spend.corrections", columns=DONE)


WAITING = {"Calls": number("Calls"), "Estimated": right("Estimated")}
DONE = {"Calls": number("Calls"), "Before": right("Before"), "Corrected": right("Corrected")}


def _waiting_row(batch: EstimatedBatch) -> dict[str, object]:
    return {
        "Batch": batch.name,
        "Calls": batch.estimated_calls,
        "Estimated": money(batch.estimated_usd),
    }


def _history_row(entry: CorrectionEntry) -> dict[str, object]:
    return {
        "When, UTC": day(entry.created_at),
        "Batch": entry.name,
        "Calls": entry.calls,
        "Before": money(entry.previous_usd),
        "Corrected": money(entry.cost_usd),
        "By": cache.person(entry.created_by),
        "Reason": entry.reason,
    }


def _form(batches: list[EstimatedBatch]) -> None:
    names = {batch.batch_id: _option(batch) for batch in batches}
    with st.form("spend.correct", border=True):
        left, middle, far, end = st.columns([8, 5, 8, 2], vertical_alignment="bottom")
        batch_id = left.selectbox(
            "Batch", list(names), format_func=lambda i: names[i], key="spend.correct.batch"
        )
        total = middle.number_input(
            "True cost of these calls, USD",
            0.0,
            1e6,
            value=None,
            format="%.6f",
            step=0.01,
            placeholder="0.000000",
            key="spend.correct.total",
        )
        reason = far.text_input(
            "Reason", key="spend.correct.reason", placeholder="invoice number, answer of support …"
        )
        is_sent = end.form_submit_button("Correct", key="spend.correct.save", width="stretch")
    if is_sent:
        _correct(batch_id, total, reason)


def _option(batch: EstimatedBatch) -> str:
    if batch.estimated_calls:
        return f"{batch.name}: {plural(batch.estimated_calls, 'estimated call')}"
    return f"{batch.name}: {plural(batch.corrected_calls, 'corrected call')}, once more"


def _correct(batch_id: str, total: float | None, reason: str) -> None:
    if total is None:
        st.error("Enter what these calls cost; 0 where nothing was charged.")
        return
    with show_errors():
        done = correct_batch_total(cache.workspace(), batch_id, Decimal(str(total)), reason)
        cache.totals.clear()
        cache.spend.clear()
        state.notify(f"{plural(done.calls, 'call')} corrected to {money(done.cost_usd)}.")
        st.rerun()
