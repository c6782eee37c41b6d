"""Choosing what Insight is about: a batch, a template version, a dataset version or a source."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

import streamlit as st

from app import cache, state
from app.widgets.formats import plural, short_id, words
from core.errors import NotFound
from core.insight.records import PREFIXES, Scope, ScopeKind
from core.insight.scopes import ScopeRow, find_scope, list_scopes

KINDS: Final[dict[ScopeKind, str]] = {
    "batch": "Batches", "template_version": "Template versions",
    "dataset_version": "Dataset versions", "source": "Sources",
}  # fmt: skip


def scope_label(row: ScopeRow) -> str:
    """A scope as pickers name it."""
    noun = "chunk" if row.scope.kind == "source" else "sample"
    note = (words(row.note).lower(),) if row.note else ()
    return " · ".join((row.name, plural(row.texts, noun), *note))


def scope_labels(rows: Iterable[ScopeRow]) -> dict[str, str]:
    """The label of each scope by id, told apart where names are alike: a browser sends the label
    of what was picked, not its id."""
    known = {row.scope_id: scope_label(row) for row in rows}
    times = Counter(known.values())
    return {
        scope_id: label if times[label] == 1 else f"{label} · {short_id(scope_id)}"
        for scope_id, label in known.items()
    }


def scope_picker(*, key: str, width: int = 440) -> ScopeRow | None:
    """The kind and one scope of it; the choice stands in the URL. None where there is none."""
    wanted = _wanted()
    state.offer_once(f"{key}.kind", wanted.kind if wanted else None, among=list(KINDS))
    state.offer_default(f"{key}.kind", "batch")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        kind = st.segmented_control(
            "Kind", list(KINDS), required=True, key=f"{key}.kind",
            format_func=KINDS.get, label_visibility="collapsed", persist_state="session",
            on_change=_forget_choice,
        )  # fmt: skip
        return _picked(kind, wanted, key=f"{key}.{kind}", width=width)


def _picked(kind: ScopeKind, wanted: Scope | None, *, key: str, width: int) -> ScopeRow | None:
    rows = {row.scope.id: row for row in list_scopes(cache.workspace(), kind)}
    if wanted is not None and wanted.kind == kind and wanted.id not in rows:
        rows = {wanted.id: find_scope(cache.workspace(), wanted.id), **rows}
    if not rows:
        return None
    chosen = wanted.id if wanted is not None and wanted.kind == kind else next(iter(rows))
    state.offer(key, chosen)
    labels = scope_labels(rows.values())
    scope_id = st.selectbox(
        "Scope", list(rows), key=key, format_func=labels.get,
        label_visibility="collapsed", width=width,
        on_change=state.select_from_widget, args=("scope", key),
    )  # fmt: skip
    return rows[scope_id]


def _wanted() -> Scope | None:
    """The scope in the URL, or the batch that another page sent."""
    scope_id = state.selected("scope") or state.selected("batch") or ""
    if scope_id.partition("_")[0] not in PREFIXES:
        return None
    try:
        return find_scope(cache.workspace(), scope_id).scope
    except NotFound:
        return None


def _forget_choice() -> None:
    state.select("scope", None)
    state.select("batch", None)
