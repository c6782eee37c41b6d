"""States and verdicts as badges."""

import streamlit as st

from app.widgets.formats import words
from core.db.tables import Batch

ACTIVE = ("queued", "running")

COLORS = {
    "queued": "gray",
    "running": "blue",
    "paused": "orange",
    "completed": "green",
    "failed": "red",
    "cancelled": "gray",
    "accepted": "green",
    "needs_review": "orange",
    "rejected": "red",
    "generated": "green",
    "building": "blue",
    "released": "green",
    "ready": "green",
}


def state_badge(state: str, note: str = "") -> None:
    """One state, in its colour."""
    text = f"{words(state)} · {words(note).lower()}" if note else words(state)
    st.badge(text, color=COLORS.get(state, "gray"))


def batch_state(batch: Batch) -> str:
    """A batch's state with the reason of a pause, for a table."""
    reason = f" ({batch.pause_reason})" if batch.state == "paused" and batch.pause_reason else ""
    return words(batch.state) + reason
