"""Batches: launch one, watch it, steer it; the queue and its workers."""

from dataclasses import replace

import streamlit as st

from app import cache, state
from app.navigation import go, page
from app.widgets.batch_settings import settings_view
from app.widgets.errors import show_errors
from app.widgets.filters import Choice, filter_bar
from app.widgets.formats import ago
from app.widgets.job_queue import queue_view
from app.widgets.launch import launch_form
from app.widgets.launch_start import LaunchStart, start_again
from app.widgets.layout import back_button, empty_state, go_button, page_header, section
from app.widgets.progress import log_view, progress_panel
from app.widgets.states import batch_state
from app.widgets.tables import PAGE_SIZE, number, open_table, pager
from core.db.tables import Batch
from core.generation.batches import count_batches, get_batch, list_batches
from core.jobs.control import cancel_batch, pause_batch, resume_batch, retry_failed
from core.jobs.launching import launch_batch
from core.templates.versions import list_templates

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
    wanted = {"state": chosen["state"], "search": chosen.search}
    total = count_batches(workspace, **wanted)
    if not total:
        _nothing(is_filtered=any(wanted.values()))
        return
    offset = pager(total, "batch", key="batches.page")
    batches = list_batches(workspace, **wanted, limit=PAGE_SIZE, offset=offset)
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


def _nothing(*, is_filtered: bool) -> None:
    if is_filtered:
        empty_state(
            ":material/search_off:", "No batch fits", "Change the search or the state above."
        )
        return
    with empty_state(
        ":material/conveyor_belt:", "No batch here yet",
        "A batch generates samples from a template in the background.",
    ):  # fmt: skip
        go_button("Launch a batch", "batches", key="batches.empty", view="launch")


def launch_view(start: LaunchStart) -> None:
    back_button("All batches", "batches", key="batches.back")
    page_header("Launch again" if start.batch_id else "Launch a batch")
    if not list_templates(cache.workspace()):
        with empty_state(
            ":material/edit_note:", "There is no template yet", "A batch needs one to follow."
        ):
            go_button("Go to templates", "templates", key="batches.to_templates", primary=True)
        return
    request = launch_form(start)
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
    progress_panel(batch.batch_id, batch.state, wakes=batch.wake_after_s is not None)
    with st.container(horizontal=True):
        for noun, label in NEXT.items():
            query = {"view": "build"} if noun == "datasets" else {}
            go_button(
                label, noun, key=f"batches.to_{noun}", icon=page(noun).icon,
                batch=batch.batch_id, **query,
            )  # fmt: skip
        go_button(
            "Launch again", "batches", key="batches.again", icon=":material/restart_alt:",
            view="again", batch=batch.batch_id,
        )  # fmt: skip
    left, right = st.columns(2)
    with left:
        settings_view(batch)
    with right:
        section("Log")
        log_view(batch.batch_id)


with show_errors():
    view, batch_id = state.selected("view"), state.selected("batch")
    if view == "launch" and not batch_id:
        launch_view(LaunchStart(template_name=state.selected("template")))
    elif view == "again" and batch_id:
        launch_view(start_again(get_batch(cache.workspace(), batch_id)))
    else:
        state.forget_launch()
        if batch_id:
            batch_view(get_batch(cache.workspace(), batch_id))
        else:
            list_view()
