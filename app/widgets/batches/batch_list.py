"""The list of batches, and beside it the queue with its workers."""

import streamlit as st

from app import cache
from app.navigation import go
from app.widgets.batches.job_queue import queue_view
from app.widgets.filters import Choice, filter_bar
from app.widgets.formats import ago, words
from app.widgets.layout import empty_state, go_button, page_header
from app.widgets.states import batch_state
from app.widgets.tables import PAGE_SIZE, number, open_table, pager
from core.generation.batches import KEPT_KINDS, KINDS
from core.generation.browsing import count_batches, list_batches

STATES = ("queued", "running", "paused", "completed", "failed", "cancelled")


def batch_list() -> None:
    """Filter bar, table and pager; the primary action launches."""
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
    chosen = filter_bar(
        "batches",
        [
            Choice("state", "Any state", STATES),
            Choice(
                "kind", "Any kind of samples", KINDS, {kind: words(kind) for kind in KINDS}, 190
            ),
        ],
        search="Search by name",
    )
    kinds = (chosen["kind"],) if chosen["kind"] else KEPT_KINDS
    wanted = {"state": chosen["state"], "search": chosen.search, "kinds": kinds}
    total = count_batches(workspace, **wanted)
    if not total:
        _nothing(is_filtered=any((chosen["state"], chosen["kind"], chosen.search)))
        return
    offset = pager(total, "batch", key="batches.page")
    batches = list_batches(workspace, **wanted, limit=PAGE_SIZE, offset=offset)
    rows = [
        {
            "Batch": b.name, "Kind": words(b.kind), "State": batch_state(b),
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
