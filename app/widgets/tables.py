"""Tables that open a record, and their pager."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from app import state
from app.navigation import go
from app.widgets.formats import plural

PAGE_SIZE = 50
MOST_ROWS_SHOWN = 25


def open_table(
    rows: Sequence[Mapping[str, Any]],
    ids: Sequence[str],
    page: str,
    noun: state.Noun,
    *,
    key: str,
    opener: str,
    columns: Mapping[str, Any] | None = None,
    width: int | None = None,
    query: Mapping[str, str] | None = None,
) -> None:
    """A table whose `opener` column is a button that opens that row's record on its page."""
    click = f"{key}.open"
    button = st.column_config.ButtonColumn(
        opener, type="tertiary", alignment="left", key=click, width=width
    )
    named = [{**row, opener: f":material/chevron_right: {row[opener]}"} for row in rows]
    plain_table(named, key=key, columns={**(columns or {}), opener: button})
    row = state.clicked_row(click)
    if row is not None:
        go(page, **(query or {}), **{noun: ids[row]})


def plain_table(
    rows: Sequence[Mapping[str, Any]],
    *,
    key: str,
    columns: Mapping[str, Any] | None = None,
    height: int | None = None,
) -> None:
    """A table to read, as high as its rows where no height in pixels is given."""
    st.dataframe(
        pd.DataFrame(list(rows)),
        key=key,
        hide_index=True,
        column_config=dict(columns or {}),
        height=height or ("content" if len(rows) <= MOST_ROWS_SHOWN else 720),
        placeholder="–",
    )


def pager(total: int, noun: str, *, key: str, page_size: int = PAGE_SIZE) -> int:
    """How many there are, and page numbers where needed; returns the offset of the page shown."""
    pages = max(-(-total // page_size), 1)
    if state.value_of(key, 1) > pages:
        state.forget(key)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(plural(total, noun), width="content")
        number = st.pagination(pages, key=key) if pages > 1 else 1
    return (number - 1) * page_size


def number(label: str, pattern: str = "localized", **options: Any) -> Any:
    """A right-aligned number column."""
    return st.column_config.NumberColumn(label, format=pattern, **options)


def score(label: str = "Score", width: int | None = None) -> Any:
    """A column of scores from 0 to 1 with a bar."""
    return st.column_config.ProgressColumn(
        label, min_value=0, max_value=1, format="%.2f", width=width
    )


def part(label: str, width: int | None = None) -> Any:
    """A column of percentages from 0 to 100 with a bar."""
    return st.column_config.ProgressColumn(
        label, min_value=0, max_value=100, format="%.1f %%", width=width
    )


def right(label: str, width: int | None = None) -> Any:
    """A column of figures that carry their unit, as text."""
    return st.column_config.TextColumn(label, alignment="right", width=width)
