"""What a batch is aimed at, in words, and a switch to leave the aim out."""

import streamlit as st

from app.widgets.batches.launch_start import LaunchStart
from app.widgets.formats import plain
from core.templates.planning.focus import EVERYTHING, Focus, named

MOST_CELLS = 4


def focus_text(focus: Focus) -> str:
    """The focus in one line; "" for the whole plan."""
    cells = [named(cell) for cell in focus.cells]
    told = "; ".join(cells[:MOST_CELLS])
    if len(cells) > MOST_CELLS:
        told += f"; and {len(cells) - MOST_CELLS} more cells"
    replaced = f"with {named(focus.replaced)} throughout" if focus.replaced else ""
    return ", ".join(part for part in (told, replaced) if part)


def focus_line(start: LaunchStart) -> Focus:
    """A switch that keeps the aim of the batch that is launched again; nothing without one."""
    if not start.focus:
        return EVERYTHING
    is_kept = st.toggle(
        plain(f"Only {focus_text(start.focus)}"), value=True, key=start.key("focus"),
        help="That batch was aimed at a part of the plan. Off, the whole plan is generated.",
    )  # fmt: skip
    return start.focus if is_kept else EVERYTHING
