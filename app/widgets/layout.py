"""The frame of every page: heading, notices, figures, facts, empty states."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import state
from app.navigation import go
from app.widgets.formats import plain

STYLE = Path(__file__).with_name("style.css")
FACTS_PX = 640


class Card(NamedTuple):
    """One figure that matters."""

    label: str
    value: str
    help: str | None = None
    trend: Sequence[float] | None = None


def page_header(title: str, caption: str = "") -> DeltaGenerator:
    """The page's name on the left; returns the place for its one primary action, top right."""
    st.html(STYLE)
    note = state.notice()
    if note.text:
        st.toast(plain(note.text), icon=note.icon)
        note.text = ""
    left, right = st.columns([3, 2], vertical_alignment="center")
    with left.container(gap="xxsmall"):
        st.title(plain(title), anchor=False)
        if caption:
            st.caption(caption)
    return right.container(horizontal=True, horizontal_alignment="right", gap="small")


def section(title: str, caption: str = "") -> None:
    """A heading inside a page."""
    with st.container(gap="xxsmall"):
        st.subheader(plain(title), anchor=False)
        if caption:
            st.caption(caption)


def cards(items: Iterable[Card]) -> None:
    """Figures side by side; they wrap on a narrow screen."""
    row = st.container(horizontal=True, gap="small")
    for item in items:
        with row:
            st.metric(
                item.label,
                item.value,
                help=item.help,
                border=True,
                chart_data=item.trend,
                chart_type="area",
                width="stretch",
            )


def facts(values: Mapping[str, str]) -> None:
    """Names and values as two quiet columns; values are shown as plain text."""
    with st.container(gap="xxsmall", width=FACTS_PX):
        for name, value in values.items():
            left, right = st.columns([1, 2], gap="small", wrap=False, vertical_alignment="center")
            left.caption(name)
            right.text(value or "–")


def empty_state(icon: str, title: str, text: str) -> DeltaGenerator:
    """Says why there is nothing here; returns the place for the button that changes that."""
    with st.container(border=True, horizontal_alignment="center", gap="small"):
        st.space("small")
        st.markdown(f"### {icon} {title}", text_alignment="center")
        st.caption(text, text_alignment="center")
        slot = st.container(horizontal=True, horizontal_alignment="center")
        st.space("small")
    return slot


def go_button(
    label: str, noun: str, *, key: str, primary: bool = False, icon: str | None = None, **query: str
) -> None:
    """A button that leads to another page."""
    if st.button(label, key=key, icon=icon, type="primary" if primary else "secondary"):
        go(noun, **query)


def back_button(label: str, noun: str, *, key: str) -> None:
    """Back to a page's list."""
    if st.button(label, key=key, type="tertiary", icon=":material/arrow_back:"):
        go(noun)
