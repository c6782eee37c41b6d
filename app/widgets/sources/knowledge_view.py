"""A domain's knowledge as tables that people edit, import and export."""

from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from app import cache, state
from app.widgets.filters import filter_bar
from app.widgets.formats import plain, words
from app.widgets.layout import empty_state
from app.widgets.sources.knowledge_domains import domain_picker
from app.widgets.sources.knowledge_import import import_dialog
from app.widgets.tables import pager
from core.errors import SeedbedError
from core.sources.knowledge.edits import edited_rows
from core.sources.knowledge.entries import apply_edits, list_entries, table_counts
from core.sources.knowledge.tables import ENTRY_ID, KNOWLEDGE_COLUMNS

ROWS_PER_PAGE = 200
EXPLAINED = {
    "terms": "What words of the field mean.",
    "rules": "What holds, under which condition, and what follows.",
    "scenarios": "Situations that samples should show.",
    "expert_answers": "Questions with answers that an expert vouches for.",
}
NARROW = {"difficulty": 120, "reference": 220}


def knowledge_view() -> None:
    """The tables of one domain; the chosen one as an editor."""
    domain = domain_picker("sources.knowledge.domain", chosen=state.selected("domain"))
    if not domain:
        empty_state(
            ":material/school:", "There is no domain yet",
            "Name one above, such as banking. Its terms, rules, scenarios and expert answers can "
            "be used as variables of templates.",
        )  # fmt: skip
        return
    counts = table_counts(cache.workspace(), domain)
    table = st.segmented_control(
        "Table", list(KNOWLEDGE_COLUMNS), key="sources.knowledge.table", required=True,
        default="terms", format_func=lambda name: f"{words(name)} {counts[name]:,}",
        label_visibility="collapsed", persist_state="session",
    )  # fmt: skip
    st.caption(EXPLAINED[table] + " Click into the last row to add one.")
    search, offset = _which(counts[table])
    draft = state.knowledge()
    draft.show(f"{domain}/{table}/{search}/{offset}")
    if not draft.rows and not _delta(draft):
        draft.rows = _rows(domain, table, search, offset)
    _actions(domain, table, draft)
    if draft.problem:
        st.error(plain(draft.problem), icon=":material/error:")
    _editor(table, draft)


def _which(total: int) -> tuple[str, int]:
    if total <= ROWS_PER_PAGE // 10:
        return "", 0
    search = filter_bar("sources.knowledge", search="Search in the table").search
    if search or total <= ROWS_PER_PAGE:
        return search, 0
    return "", pager(total, "entry", key="sources.knowledge.page", page_size=ROWS_PER_PAGE)


def _rows(domain: str, table: str, search: str, offset: int) -> list[dict[str, object]]:
    entries = list_entries(
        cache.workspace(), domain, table, search=search, limit=ROWS_PER_PAGE, offset=offset
    )
    return [{ENTRY_ID: entry.entry_id, **entry.fields} for entry in entries]


def _editor(table: str, draft: state.KnowledgeDraft) -> None:
    columns = KNOWLEDGE_COLUMNS[table]
    st.data_editor(
        pd.DataFrame(draft.rows, columns=[ENTRY_ID, *columns], dtype="string"),
        key=draft.key, num_rows="dynamic", hide_index=True, column_order=columns,
        column_config={
            name: st.column_config.TextColumn(
                words(name), required=place == 0, width=NARROW.get(name)
            )
            for place, name in enumerate(columns)
        },
        height="auto" if len(draft.rows) < 14 else 560,
    )  # fmt: skip


def _delta(draft: state.KnowledgeDraft) -> dict[str, object]:
    changes = state.value_of(draft.key) or {}
    return {name: part for name, part in changes.items() if part}


def _actions(domain: str, table: str, draft: state.KnowledgeDraft) -> None:
    is_changed = bool(_delta(draft))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Save changes", key="sources.knowledge.save", type="primary", disabled=not is_changed,
            on_click=_save, args=(domain, table),
        )  # fmt: skip
        st.button(
            "Discard", key="sources.knowledge.discard", disabled=not is_changed,
            on_click=draft.reload,
        )  # fmt: skip
        if st.button(
            "Import rows", key="sources.knowledge.import", icon=":material/upload:",
            disabled=is_changed, help="Save or discard your changes first." if is_changed else None,
        ):  # fmt: skip
            import_dialog(domain, table)
        for format in ("csv", "jsonl"):
            st.link_button(
                f"Export {format.upper()}", _download(domain, table, format),
                icon=":material/download:", type="tertiary",
            )  # fmt: skip


def _download(domain: str, table: str, format: str) -> str:
    query = urlencode({"domain": domain, "format": format})
    return f"/api/v1/knowledge/{table}/download?{query}"


def _save(domain: str, table: str) -> None:
    draft = state.knowledge()
    rows = edited_rows(draft.rows, _delta(draft))
    seen = [str(row[ENTRY_ID]) for row in draft.rows]
    try:
        done = apply_edits(cache.workspace(), domain, table, rows, seen=seen)
    except SeedbedError as error:
        draft.problem = str(error)
        return
    draft.reload()
    cache.knowledge_domains.clear()
    told = {"added": done.added, "changed": done.changed, "removed": done.retired}
    parts = [f"{n:,} {name}" for name, n in told.items() if n]
    state.notify(f"Entries: {', '.join(parts)}." if parts else "Nothing was changed.")
