"""The preview: one or two small real batches, run by a worker, before any large sum is spent.

Both sides share seed and plan, so that a difference on screen is one of the prompts or models.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from uuid import uuid4

import streamlit as st

from app import cache, state
from app.widgets.errors import show_errors
from app.widgets.pickers import has_key, source_picker
from app.widgets.templates.preview_results import preview_results
from app.widgets.templates.sides import ALONE, SHAPES, Side, pick_sides
from core.db.tables import Template, TemplateVersion
from core.errors import NotFound
from core.generation.batches import MAX_PREVIEW, LaunchRequest, get_batch
from core.jobs.comparing import launch_preview
from core.sources.browsing import list_sources
from core.templates.definition import TemplateDefinition
from core.templates.versions import load_definition, save_draft, version_name

DRAFT = "draft"
DOUBLE_CLICK_S = 2.0
KEY = "templates.preview"


def preview_tab(
    template: Template, versions: Sequence[TemplateVersion], definition: TemplateDefinition
) -> None:
    """What to preview, and the samples of the newest preview of this template."""
    is_changed = definition != load_definition(versions[0])
    labels = {DRAFT: "Your changes"} if is_changed else {}
    labels |= {v.template_version_id: version_name(v).capitalize() for v in versions}
    shape = st.segmented_control(
        "Compare", SHAPES, default=ALONE, required=True, key=f"{KEY}.shape",
        label_visibility="collapsed",
    )  # fmt: skip
    sides = pick_sides(shape, labels, definition, key=KEY)
    _form(template, sides, definition)
    shown = state.preview()
    if shown.template_id == template.template_id and shown.batch_ids:
        preview_results(shown.batch_ids)


def _form(template: Template, sides: list[Side], definition: TemplateDefinition) -> None:
    with st.form(KEY, border=True):
        left, middle, right = st.columns([1, 1, 2])
        n = left.number_input("Samples", 1, MAX_PREVIEW, 3, key=f"{KEY}.n")
        seed = middle.number_input(
            "Seed", min_value=0, value=None, step=1, key=f"{KEY}.seed",
            placeholder="drawn at launch",
        )  # fmt: skip
        with right:
            sources: tuple[str, ...] = ()
            if definition.source is not None:
                found = list_sources(cache.workspace(), limit=200)
                sources = source_picker(found, key=f"{KEY}.sources")
        button, note = st.columns([1, 3], vertical_alignment="center")
        is_sent = button.form_submit_button(
            "Preview", key=f"{KEY}.submit", icon=":material/visibility:",
            disabled=not all(has_key(choice.connection) for _, choice in sides),
        )  # fmt: skip
        note.caption(
            "Real calls, run by a worker at the highest priority, in the ledger and under the "
            "budgets. An answer that was paid for before is not paid again."
        )
    if is_sent:
        with show_errors():
            _launch(template, sides, definition, int(n), None if seed is None else int(seed),
                    sources)  # fmt: skip


def _launch(
    template: Template,
    sides: list[Side],
    definition: TemplateDefinition,
    n: int,
    seed: int | None,
    sources: tuple[str, ...],
) -> None:
    """All sides or none. The same wish, sent twice by a double click, is one preview."""
    requests = [
        LaunchRequest(
            template_version_id=_version_id(version, definition),
            n=n,
            seed=seed,
            connection=choice.connection.name,
            model=choice.model,
            source_ids=sources,
        )
        for version, choice in sides
    ]
    shown, now = state.preview(), time.monotonic()
    wish = repr((template.template_id, requests))
    is_again = wish == shown.wish and (_runs(shown) or now - shown.sent_at < DOUBLE_CLICK_S)
    if not is_again:
        shown.wish, shown.intent, shown.sent_at = wish, uuid4().hex, now
    marked = [
        replace(request, idempotency_key=f"{shown.intent}.{place}")
        for place, request in enumerate(requests)
    ]
    batches = launch_preview(cache.workspace(), marked)
    shown.template_id = template.template_id
    shown.batch_ids = [batch.batch_id for batch in batches]


def _runs(shown: state.PreviewDraft) -> bool:
    try:
        found = [get_batch(cache.workspace(), batch_id) for batch_id in shown.batch_ids]
    except NotFound:
        return False
    return any(batch.state in ("queued", "running") for batch in found)


def _version_id(chosen: str, definition: TemplateDefinition) -> str:
    if chosen == DRAFT:
        return save_draft(cache.workspace(), definition).template_version_id
    return chosen
