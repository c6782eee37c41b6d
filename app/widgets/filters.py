"""The filter bar at the top of every list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import streamlit as st

from app.widgets.formats import words


class Choice(NamedTuple):
    """One field of the bar; nothing chosen means no filter."""

    name: str
    label: str
    options: Sequence[str]
    labels: Mapping[str, str] | None = None
    width: int = 190


@dataclass(frozen=True)
class Filters:
    """What the bar says."""

    search: str
    values: Mapping[str, str | None]

    def __getitem__(self, name: str) -> str | None:
        return self.values[name]

    def matches(self, *texts: str) -> bool:
        """Whether the search text occurs in one of these."""
        return any(self.search.lower() in text.lower() for text in texts)


def filter_bar(page: str, choices: Sequence[Choice] = (), *, search: str = "Search") -> Filters:
    """Search box and choices in one row, kept while the tab lives. `search=""` leaves it out."""
    values: dict[str, str | None] = {}
    text = ""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        if search:
            text = st.text_input(
                search,
                key=f"{page}.search",
                type="search",
                icon=":material/search:",
                placeholder=search,
                label_visibility="collapsed",
                persist_state="session",
            )
        for choice in choices:
            labels = choice.labels or {}
            values[choice.name] = st.selectbox(
                choice.label,
                list(choice.options),
                index=None,
                key=f"{page}.{choice.name}",
                placeholder=choice.label,
                label_visibility="collapsed",
                format_func=lambda option, labels=labels: labels.get(option, words(option)),
                width=choice.width,
                persist_state="session",
            )
    return Filters((text or "").strip(), values)
