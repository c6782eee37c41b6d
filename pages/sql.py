"""SQL: ask anything of samples, attempts, reviews and releases; nothing can be changed."""

import streamlit as st

from app import cache, state
from app.widgets.errors import show_errors
from app.widgets.layout import page_header
from app.widgets.sql.answer import answer_view
from app.widgets.sql.editor import editor, run


def page() -> None:
    header = page_header(
        "SQL", "DuckDB over samples, attempts, reviews and releases. It reads, and changes nothing."
    )
    with header:
        st.button("Run", key="sql.run", icon=":material/play_arrow:", type="primary", on_click=run)
    editor()
    draft = state.sql()
    if not draft.asked:
        st.caption("Open an example or write a SELECT, then run it. Times are UTC.")
        return
    with show_errors():
        with st.spinner("Running …", show_time=True):
            result = cache.query_result(draft.asked, draft.turn)
        answer_view(result)


page()
