"""The expansion tab: grow a variable's values, rewrite the prompt, evolve instructions.

Each run is a batch of its own. What it proposes is decided by a person before the draft changes.
"""

from dataclasses import replace

import streamlit as st

from app import cache, state
from app.widgets.errors import show_errors
from app.widgets.formats import count, day, money, plain, plural, sentence, short_id
from app.widgets.layout import go_button
from app.widgets.pickers import has_key, model_picker
from app.widgets.states import ACTIVE, state_badge
from app.widgets.templates.expansion_candidates import candidates_view
from app.widgets.templates.expansion_forms import FORMS
from app.widgets.templates.expansion_variants import variants_view
from core.db.tables import Batch, Template, TemplateVersion
from core.errors import SeedbedError
from core.generation.batches import get_batch
from core.generation.estimate import Estimate
from core.generation.expansion.candidates import list_candidates, list_expansions
from core.generation.expansion.requests import ExpansionRequest, expansion_launch
from core.generation.progress import batch_progress
from core.jobs.expanding import launch_expansion
from core.templates.definition import TemplateDefinition
from core.text.hashing import canonical_hash

OPERATIONS = {
    "grow_values": "Grow values",
    "rewrite_prompt": "Rewrite the prompt",
    "evolve": "Evolve instructions",
}
PREFIX = "templates.expansion"
INTERVAL_S = 1.0
MOST_RUNS = 30


def expansion_tab(
    template: Template, version: TemplateVersion, definition: TemplateDefinition
) -> None:
    """Propose with a model, decide, and take what was accepted into the draft."""
    operation = st.segmented_control(
        "Operation", list(OPERATIONS), default="grow_values", required=True,
        key=f"{PREFIX}.operation", format_func=OPERATIONS.__getitem__,
        label_visibility="collapsed", persist_state="page",
    )  # fmt: skip
    runs = list_expansions(
        cache.workspace(), template_id=template.template_id, operation=operation, limit=MOST_RUNS
    )
    with st.container(border=True):
        _ask(operation, version, definition, len(runs))
    if not runs:
        st.caption("Nothing was proposed yet. What a model proposes waits here for your decision.")
        return
    batch = _run_picker(operation, runs)
    _run_head(batch)
    if operation == "rewrite_prompt":
        variants_view(batch, definition)
    else:
        candidates_view(batch, definition)


def _ask(
    operation: str, version: TemplateVersion, definition: TemplateDefinition, runs: int
) -> None:
    """The form, what it would cost, and its button."""
    wish = FORMS[operation](version, definition)
    choice = model_picker(cache.workspace(), key=f"{PREFIX}.model")
    if wish is None:
        return
    request = ExpansionRequest(
        **{**wish, "connection": choice.connection.name, "model": choice.model},
        operation=operation, template_version_id=version.template_version_id,
        definition=definition,
    )  # fmt: skip
    try:
        launch = expansion_launch(cache.workspace(), request)
        estimate = cache.launch_estimate(launch)
    except SeedbedError as error:
        st.info(plain(str(error)), icon=":material/info:")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            LABELS[operation].format(request.count), key=f"{PREFIX}.ask",
            icon=":material/auto_awesome:",
            on_click=ask, args=(request, runs), disabled=not has_key(choice.connection),
        )  # fmt: skip
        st.caption(estimate_line(estimate), width="stretch")


LABELS = {
    "grow_values": "Propose {} values",
    "rewrite_prompt": "Write {} variants",
    "evolve": "Evolve {} instructions",
}


def estimate_line(found: Estimate) -> str:
    """Calls, cost and what that rests on, in one line."""
    cost = f"expected {money(found.cost_usd)}, at most {money(found.worst_case_usd)}"
    if found.cost_usd is None:
        cost = "no price is known for this model"
    asked = f"{plural(found.n, 'answer')}, about {count(found.output_tokens)} tokens out"
    return plain(" · ".join((asked, cost, sentence(found.basis))))


def ask(request: ExpansionRequest, runs: int) -> None:
    """The button's callback. A double click carries the same number of runs: it launches once."""
    facts = [repr(request), runs]
    with show_errors():
        keyed = replace(request, idempotency_key=f"expand-{canonical_hash(facts)[:32]}")
        batch = launch_expansion(cache.workspace(), keyed)
        state.offer(f"{PREFIX}.run.{request.operation}", batch.batch_id)
        state.notify(f"{batch.name}: a worker asks {batch.model}.")


def _run_picker(operation: str, runs: list[Batch]) -> Batch:
    by_id = {batch.batch_id: batch for batch in runs}
    key = f"{PREFIX}.run.{operation}"
    if state.value_of(key) not in by_id:
        state.offer(key, runs[0].batch_id)
    chosen = st.selectbox(
        "Run", list(by_id), key=key,
        format_func=lambda i: " · ".join(
            (by_id[i].name, by_id[i].model, day(by_id[i].created_at), short_id(i))
        ),
    )  # fmt: skip
    return by_id[chosen]


def _run_head(batch: Batch) -> None:
    """Where the run stands; looked at again while it runs or is compared."""
    is_live = _is_live(batch)
    st.fragment(_progress, run_every=INTERVAL_S if is_live else None)(batch.batch_id, is_live)


def _is_live(batch: Batch) -> bool:
    if batch.state in ACTIVE:
        return True
    rows = list_candidates(cache.workspace(), batch_id=batch.batch_id)
    return batch.state == "completed" and any(
        row.similarity is None and row.state != "invalid" for row in rows
    )


def _progress(batch_id: str, was_live: bool) -> None:
    workspace = cache.workspace()
    batch = get_batch(workspace, batch_id)
    if was_live and not _is_live(batch):
        st.rerun()
    found = batch_progress(workspace, batch_id)
    done = found.generated + found.failed
    with st.container(horizontal=True, vertical_alignment="center"):
        state_badge(batch.state, batch.pause_reason or "")
        failed = f", {found.failed} failed" if found.failed else ""
        st.caption(
            f"{done} of {plural(batch.n, 'answer')}{failed} · {money(found.cost_usd)}",
            width="content",
        )
        if was_live and batch.state not in ACTIVE:
            st.caption("Being compared with what is known …", width="content")
        go_button("Batch", "batches", key=f"{PREFIX}.batch", batch=batch_id)
    if batch.message:
        st.info(plain(batch.message), icon=":material/info:")
    if batch.state in ACTIVE:
        st.progress(done / batch.n)
