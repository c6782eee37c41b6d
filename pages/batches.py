"""Batches: launch one, watch it, steer it; the queue and its workers."""

from dataclasses import replace

import streamlit as st

from app import cache, state
from app.navigation import go, page
from app.widgets.errors import show_errors
from app.widgets.filters import Choice, filter_bar
from app.widgets.formats import ago
from app.widgets.job_queue import queue_view
from app.widgets.launch import launch_form
from app.widgets.layout import back_button, empty_state, facts, go_button, page_header, section
from app.widgets.progress import log_view, progress_panel
from app.widgets.states import batch_state
from app.widgets.tables import PAGE_SIZE, number, open_table, pager
from core.db.tables import Batch
from core.generation.batches import get_batch, list_batches
from core.jobs.control import cancel_batch, pause_batch, resume_batch, retry_failed
from core.jobs.launching import launch_batch
from core.templates.versions import get_version, list_templates, version_name

STATES = ("queued", "running", "paused", "completed", "failed", "cancelled")
CONTROLS = {
    "pause": ("Pause", ":material/pause:", ("queued", "running"), pause_batch),
    "resume": ("Resume", ":material/play_arrow:", ("paused",), resume_batch),
    "retry": ("Retry failed", ":material/replay:", ("completed", "failed"), retry_failed),
    "cancel": ("Cancel", ":material/stop:", ("queued", "running", "paused"), cancel_batch),
}


NEXT = {"samples": "See the samples", "insight": "Insight", "review": "Review",
        "datasets": "Build a dataset"}  # fmt: skip


def list_view() -> None:
    workspace = cache.workspace()
    with page_header("Batches", "Background generations: launched here, run by workers."):
        if st.button("Launch a batch", type="primary", icon=":material/add:", key="batches.new"):
            go("batches", view="launch")
    shown = st.segmented_control(
        "View", ["Batches", "Queue and workers"], default="Batches", required=True,
        key="batches.tab", label_visibility="collapsed",
    )  # fmt: skip
    if shown != "Batches":
        queue_view()
        return
    chosen = filter_bar("batches", [Choice("state", "Any state", STATES)], search="Search by name")
    batches = list_batches(workspace, state=chosen["state"], limit=500)
    batches = [b for b in batches if chosen.matches(b.name, b.model, b.batch_id)]
    if not batches:
        with empty_state(
            ":material/conveyor_belt:", "No batch here yet",
            "A batch generates samples from a template in the background.",
        ):  # fmt: skip
            go_button("Launch a batch", "batches", key="batches.empty", view="launch")
        return
    offset = pager(len(batches), "batch", key="batches.page")
    batches = batches[offset : offset + PAGE_SIZE]
    rows = [
        {
            "Batch": b.name, "State": batch_state(b),
            "Done": round(100 * (b.generated + b.failed) / b.n),
            "Planned": b.n, "Generated": b.generated, "Failed": b.failed,
            "Model": b.model, "Created": ago(b.created_at),
        }
        for b in batches
    ]  # fmt: skip
    open_table(
        rows, [b.batch_id for b in batches], "batches", "batch", key="batches.table",
        opener="Batch",
        columns={
            "Done": st.column_config.ProgressColumn(min_value=0, max_value=100, format="%d %%"),
            "Planned": number("Planned"), "Generated": number("Generated"),
            "Failed": number("Failed"),
        },
    )  # fmt: skip


def launch_view() -> None:
    back_button("All batches", "batches", key="batches.back")
    page_header("Launch a batch")
    if not list_templates(cache.workspace()):
        with empty_state(
            ":material/edit_note:", "There is no template yet", "A batch needs one to follow."
        ):
            go_button("Go to templates", "templates", key="batches.to_templates", primary=True)
        return
    request = launch_form(state.selected("template"))
    if request is not None:
        wish = replace(request, idempotency_key=state.launch().intent)
        batch = launch_batch(cache.workspace(), wish)
        state.notify("The batch is queued.")
        go("batches", batch=batch.batch_id)


def control(action: str, batch_id: str) -> None:
    """A button's callback: one core call, its error shown in place."""
    with show_errors():
        CONTROLS[action][3](cache.workspace(), batch_id)


def batch_view(batch: Batch) -> None:
    back_button("All batches", "batches", key="batches.back")
    with page_header(batch.name):
        for action, (label, icon, states, _) in CONTROLS.items():
            if batch.state in states and (action != "retry" or batch.failed):
                st.button(
                    label, icon=icon, key=f"batches.{action}", on_click=control,
                    args=(action, batch.batch_id),
                    type="primary" if action == "resume" else "secondary",
                )  # fmt: skip
    progress_panel(batch.batch_id, batch.state)
    with st.container(horizontal=True):
        for noun, label in NEXT.items():
            query = {"view": "build"} if noun == "datasets" else {}
            go_button(
                label, noun, key=f"batches.to_{noun}", icon=page(noun).icon,
                batch=batch.batch_id, **query,
            )  # fmt: skip
    left, right = st.columns(2)
    with left:
        section("Settings")
        version = get_version(cache.workspace(), batch.template_version_id)
        title = cache.template_title(version.template_id)
        facts(
            {
                "Template": f"{title}, {version_name(version)}",
                "Model": f"{batch.model} on {batch.connection}", "Seed": str(batch.seed),
                "Priority": str(batch.priority),
                "Calls in flight": str(batch.concurrency or "adapts by itself"),
                "Fingerprint": batch.fingerprint[:16], "Created": ago(batch.created_at),
                "Batch id": batch.batch_id,
            }
        )  # fmt: skip
    with right:
        section("Log")
        log_view(batch.batch_id)


with show_errors():
    if state.selected("view") == "launch" and not state.selected("batch"):
        launch_view()
    else:
        state.forget_launch()
        if state.selected("batch"):
            batch_view(get_batch(cache.workspace(), state.selected("batch") or ""))
        else:
            list_view()
