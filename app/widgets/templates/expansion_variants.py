"""Variants of a prompt: each with its differences, a decision, and a version of its own."""

import streamlit as st

from app import cache, state
from app.widgets.diff import diff_view
from app.widgets.errors import show_errors
from app.widgets.formats import plain, words
from app.widgets.states import state_badge
from app.widgets.templates.expansion_candidates import decide
from core.db.tables import Batch, Candidate
from core.generation.expansion.applying import apply_candidates, prompts_in, save_variant
from core.generation.expansion.candidates import list_candidates, load_candidates
from core.generation.expansion.variants import prompts_of
from core.templates.definition import TemplateDefinition, parse_template, template_yaml
from core.text.diffs import word_diff

PREFIX = "templates.variants"


def variants_view(batch: Batch, definition: TemplateDefinition) -> None:
    """The variants of a run, compared with the draft's present prompt."""
    for row in list_candidates(cache.workspace(), batch_id=batch.batch_id):
        _variant(row, definition)


def _variant(row: Candidate, definition: TemplateDefinition) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(words(str(row.details.get('manner') or 'A variant')))}**")
            state_badge(row.state)
            _buttons(row)
        if row.details.get("reason"):
            st.error(plain(row.details["reason"]), icon=":material/error:")
        st.caption(plain(str(row.details.get("changes", ""))))
        proposed = prompts_in(row)
        names = [step.name for step in definition.steps]
        if proposed.step and proposed.step not in names:
            st.caption("The draft has no such step any more.")
            return
        before = prompts_of(definition, proposed.step)
        with st.expander("What differs from the draft", key=f"{PREFIX}.{row.candidate_id}.diff"):
            for label, old, new in (
                ("System prompt", before.system, proposed.system),
                ("User prompt", before.user, proposed.user),
            ):
                st.caption(label)
                diff_view(word_diff(old, new))


def _buttons(row: Candidate) -> None:
    key, ids = f"{PREFIX}.{row.candidate_id}", (row.candidate_id,)
    if row.state in ("proposed", "duplicate"):
        st.button("Accept", key=f"{key}.accept", on_click=decide, args=(ids, "accepted"))
    if row.state in ("proposed", "duplicate", "invalid"):
        st.button(
            "Reject", key=f"{key}.reject", type="tertiary", on_click=decide, args=(ids, "rejected")
        )
    if row.state == "accepted":
        st.button(
            "Save as a version", key=f"{key}.save", on_click=save, args=(row.candidate_id,),
            help="A named version of the draft with this prompt; the draft follows.",
        )  # fmt: skip
        st.button("Take into the draft", key=f"{key}.take", on_click=take, args=(row.candidate_id,))
    if row.state in ("accepted", "rejected"):
        st.button(
            "Take the decision back", key=f"{key}.reopen", type="tertiary", on_click=decide,
            args=(ids, "proposed"),
        )  # fmt: skip


def take(candidate_id: str) -> None:
    """The callback that puts the prompt into the draft."""
    draft = state.templates()
    with show_errors():
        rows = load_candidates(cache.workspace(), [candidate_id])
        draft.text = template_yaml(apply_candidates(parse_template(draft.text), rows))
        state.notify("The draft has this prompt. Save a version to keep it.")


def save(candidate_id: str) -> None:
    """The callback that saves the draft with this prompt as a named version."""
    draft = state.templates()
    with show_errors():
        definition = parse_template(draft.text)
        row = load_candidates(cache.workspace(), [candidate_id])[0]
        version = save_variant(cache.workspace(), definition, row)
        draft.text = template_yaml(apply_candidates(definition, [row]))
        draft.base = version.template_version_id
        state.notify(f"Saved as version {version.number}, {version.name}.")
