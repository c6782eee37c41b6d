"""Batches: launch one, watch it, steer it; the queue and its workers."""

from dataclasses import replace

import streamlit as st

from app import cache, state
from app.navigation import go, page
from app.widgets.batches.batch_list import batch_list
from app.widgets.batches.batch_settings import settings_view
from app.widgets.batches.launch import launch_form
from app.widgets.batches.launch_start import LaunchStart, start_again
from app.widgets.batches.progress import log_view, progress_panel
from app.widgets.errors import show_errors
from app.widgets.layout import back_button, empty_state, go_button, page_header, section
from core.db.tables import Batch
from core.generation.batches import get_batch
from core.jobs.comparing import comparison_of_batch
from core.jobs.control import cancel_batch, pause_batch, resume_batch, retry_failed
from core.jobs.launching import launch_batch
from core.templates.versions import get_template, list_templates

CONTROLS = {
    "pause": ("Pause", ":material/pause:", ("queued", "running"), pause_batch),
    "resume": ("Resume", ":material/play_arrow:", ("paused",), resume_batch),
    "retry": ("Retry failed", ":material/replay:", ("completed", "failed"), retry_failed),
    "cancel": ("Cancel", ":material/stop:", ("queued", "running", "paused"), cancel_batch),
}
NEXT = {"samples": "See the samples", "insight": "Insight", "review": "Review",
        "datasets": "Build a dataset"}  # fmt: skip


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
        if batch.kind == "expansion":
            template = get_template(cache.workspace(), batch.origin["template_id"])
            go_button(
                "Its template", "templates", key="batches.to_template", icon=page("templates").icon,
                template=template.name,
            )  # fmt: skip
        for noun, label in ({} if batch.kind == "expansion" else NEXT).items():
            query = {"view": "build"} if noun == "datasets" else {}
            go_button(
                label, noun, key=f"batches.to_{noun}", icon=page(noun).icon,
                batch=batch.batch_id, **query,
            )  # fmt: skip
        comparison = comparison_of_batch(cache.workspace(), batch.batch_id)
        if comparison is not None:
            go_button(
                "A/B comparison", "templates", key="batches.comparison", icon=":material/balance:",
                comparison=comparison.comparison_id,
            )  # fmt: skip
        if batch.kind == "batch":
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
            batch_list()
