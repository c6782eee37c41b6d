"""Candidates as a table: look, accept, reject, and take over what was accepted."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from app import cache, state
from app.widgets.errors import show_errors
from app.widgets.formats import clip, plain, plural, words
from app.widgets.samples.sample_view import text_box
from app.widgets.tables import score
from core.db.tables import Batch, Candidate
from core.generation.expansion.applying import apply_candidates, scenario_rows
from core.generation.expansion.candidates import (
    decide_candidates,
    list_candidates,
    load_candidates,
)
from core.generation.expansion.variables import growables, values_present
from core.sources.knowledge.entries import add_entries
from core.templates.definition import TemplateDefinition, parse_template, template_yaml

PREFIX = "templates.candidates"
MOST = 2000
MOST_SHOWN = 12
WRAPPED_PX = 62  # two lines of an instruction
VIEWS = {
    "To decide": ("proposed",),
    "Duplicates": ("duplicate",),
    "Accepted": ("accepted",),
    "Rejected": ("rejected",),
    "All": ("proposed", "duplicate", "accepted", "rejected", "invalid"),
}


def candidates_view(batch: Batch, definition: TemplateDefinition) -> None:
    """The candidates of a run, what can be decided, and where the accepted ones go."""
    rows = list_candidates(cache.workspace(), batch_id=batch.batch_id, limit=MOST)
    if not rows:
        return
    counts = {view: sum(row.state in states for row in rows) for view, states in VIEWS.items()}
    view = st.segmented_control(
        "Show", list(VIEWS), default="To decide", required=True, key=f"{PREFIX}.view",
        format_func=lambda name: f"{name} {counts[name]}", label_visibility="collapsed",
    )  # fmt: skip
    shown = [row for row in rows if row.state in VIEWS[view]]
    chosen = _table(shown, key=f"{PREFIX}.table.{batch.batch_id}.{view}.{len(shown)}")
    if len(chosen) == 1 and chosen[0].operation == "evolve":
        _instruction(chosen[0])
    _decisions(shown, chosen)
    accepted = [row for row in rows if row.state == "accepted"]
    if accepted:
        _take_over(batch, accepted, definition)


def _table(rows: Sequence[Candidate], *, key: str) -> list[Candidate]:
    """The rows that are ticked."""
    if not rows:
        st.caption("None.")
        return []
    picked = st.dataframe(
        pd.DataFrame([_cells(row) for row in rows]),
        key=key, hide_index=True, on_select="rerun", selection_mode="multi-row",
        height="content" if len(rows) <= MOST_SHOWN else 560,
        row_height=None if rows[0].operation == "grow_values" else WRAPPED_PX,
        column_config={
            "State": st.column_config.TextColumn(width=90),
            "Similarity": score("Similarity", width=110),
            "Nearest known": st.column_config.TextColumn(width=260),
            "From": st.column_config.TextColumn(width=190),
        },
    )  # fmt: skip
    return [rows[place] for place in picked["selection"]["rows"]]


def _cells(row: Candidate) -> dict[str, Any]:
    text = {"Value": row.text} if row.operation == "grow_values" else {"Instruction": row.text}
    details = row.details
    return {
        **text,
        "Similarity": row.similarity,
        "Nearest known": clip(row.nearest_text, 160),
        "From": str(details.get("angle") or words(str(details.get("direction", "")))),
        "State": words(row.state),
    }


def _instruction(row: Candidate) -> None:
    """One instruction in full, beside what it grew from."""
    left, right = st.columns(2)
    with left:
        text_box("Grown from", str(row.details.get("parent", "")))
    with right:
        text_box("Instruction", row.text)
    st.caption(plain(f"A good answer has to: {row.details.get('goal', '')}"))


def _decisions(shown: Sequence[Candidate], chosen: Sequence[Candidate]) -> None:
    """Buttons for the ticked rows, or for all of them where none is."""
    rows = chosen or shown
    which = f"{len(chosen)} ticked" if chosen else f"all {len(shown)}"
    ids = tuple(row.candidate_id for row in rows)
    states = {row.state for row in rows}
    with st.container(horizontal=True):
        st.button(
            f"Accept {which}", key=f"{PREFIX}.accept", icon=":material/check:",
            on_click=decide, args=(ids, "accepted"),
            disabled=not rows or states <= {"accepted", "invalid"},
        )  # fmt: skip
        st.button(
            f"Reject {which}", key=f"{PREFIX}.reject", icon=":material/close:",
            on_click=decide, args=(ids, "rejected"), disabled=not rows or states == {"rejected"},
        )  # fmt: skip
        if states & {"accepted", "rejected"}:
            st.button(
                "Take the decision back", key=f"{PREFIX}.reopen", type="tertiary",
                on_click=decide, args=(ids, "proposed"),
            )  # fmt: skip


def decide(candidate_ids: tuple[str, ...], decision: str) -> None:
    """A decision button's callback."""
    with show_errors():
        decided = decide_candidates(cache.workspace(), candidate_ids, decision)
        state.notify(f"{plural(len(decided), 'candidate')} {decision}.")


def _take_over(batch: Batch, accepted: Sequence[Candidate], definition: TemplateDefinition) -> None:
    ids = tuple(row.candidate_id for row in accepted)
    if batch.origin["operation"] == "grow_values":
        _offer(accepted, definition, batch.origin["variable"], batch.origin["parent_value"])
        return
    lists = [item.variable for item in growables(definition) if not item.parent]
    left, right = st.columns(2, vertical_alignment="bottom")
    with left:
        if lists:
            name = st.selectbox("Values of", lists, key=f"{PREFIX}.target")
            _offer(accepted, definition, name, "")
    with right:
        st.caption(f"Scenarios are rows of the knowledge of {definition.domain}; variables draw "
                   "from them.")  # fmt: skip
        st.button(
            f"Keep {len(accepted)} as scenarios", key=f"{PREFIX}.scenarios",
            on_click=keep_scenarios, args=(ids, definition.domain),
        )  # fmt: skip


def _offer(
    accepted: Sequence[Candidate], definition: TemplateDefinition, name: str, parent_value: str
) -> None:
    """The button that puts accepted texts into the draft's variable."""
    names = [item.variable for item in growables(definition)]
    if name not in names:
        st.caption(f"The draft has no list of values called {name} any more.")
        return
    present = set(values_present(definition, name, parent_value))
    fresh = [row for row in accepted if row.text not in present]
    where = f"{name} ({parent_value})" if parent_value else name
    if not fresh:
        st.caption(f"All {len(accepted)} accepted are in the draft's {where}.")
        return
    st.button(
        f"Add {plural(len(fresh), 'accepted value')} to {where}", key=f"{PREFIX}.apply",
        type="primary", icon=":material/playlist_add:", on_click=apply,
        args=(tuple(row.candidate_id for row in fresh), name),
    )  # fmt: skip


def apply(candidate_ids: tuple[str, ...], variable: str) -> None:
    """The callback that changes the draft."""
    draft = state.templates()
    with show_errors():
        rows = load_candidates(cache.workspace(), candidate_ids)
        changed = apply_candidates(parse_template(draft.text), rows, variable)
        draft.text = template_yaml(changed)
        state.notify(f"{plural(len(rows), 'value')} added to {variable}. Save a version to keep.")


def keep_scenarios(candidate_ids: tuple[str, ...], domain: str) -> None:
    """The callback that adds rows to the domain's scenarios."""
    with show_errors():
        rows = scenario_rows(load_candidates(cache.workspace(), candidate_ids))
        added = add_entries(cache.workspace(), domain, "scenarios", rows)
        state.notify(f"{plural(added, 'scenario')} added to {domain}.")
