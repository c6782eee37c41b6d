"""Overview: what runs, what it costs, how good it is, what waits for a person."""

import streamlit as st

from app import cache
from app.navigation import go
from app.widgets import overview_view as views
from app.widgets.alerts import alerts_summary
from app.widgets.errors import show_errors
from app.widgets.formats import ago, duration, money
from app.widgets.layout import empty_state, go_button, page_header, section
from app.widgets.states import ACTIVE, batch_state
from app.widgets.tables import number, open_table, part
from core.datasets.browsing import DatasetRow, list_datasets
from core.db.tables import Batch
from core.generation.browsing import list_batches
from core.generation.progress import batch_progress
from core.quality.breakdown import GroupQuality
from core.templates.versions import list_templates

RECENT = 10
INTERVAL_S = 2.0


def getting_started() -> None:
    """The way through, for an empty workspace."""
    has_template = bool(list_templates(cache.workspace(), limit=1))
    with empty_state(
        ":material/potted_plant:", "Grow your first dataset",
        "Choose a template, preview it, launch a batch, look at what came out, correct it, "
        "release it. The offline provider needs no key.",
    ):  # fmt: skip
        if has_template:
            go_button("Launch a batch", "batches", key="overview.launch", view="launch")
        else:
            go_button("Choose a template", "templates", key="overview.templates")
    views.steps()


@st.fragment(run_every=INTERVAL_S)
def running_view() -> None:
    """Batches that run or wait now; nothing where none does."""
    batches = list_batches(cache.workspace(), limit=RECENT)
    running = [batch for batch in batches if batch.state in ACTIVE]
    if running:
        section("Running")
    for batch in running:
        now = batch_progress(cache.workspace(), batch.batch_id)
        done = now.generated + now.failed
        left = "" if now.eta_s is None else f", about {duration(now.eta_s)} left"
        with st.container(gap="xxsmall"):
            st.text(batch.name)
            st.progress(
                min(done / now.planned, 1.0),
                f"{done:,} of {now.planned:,} samples{left}, {money(now.cost_usd)}",
            )


def recent_view(batches: list[Batch]) -> None:
    section("Latest batches")
    quality = views.qualities(batches)
    rows = [
        {
            "Batch": b.name, "State": batch_state(b), "Generated": b.generated,
            "Accepted": accepted_share(quality.get(b.batch_id)), "Created": ago(b.created_at),
        }
        for b in batches
    ]  # fmt: skip
    open_table(
        rows, [b.batch_id for b in batches], "batches", "batch", key="overview.batches",
        opener="Batch", width=190,
        columns={"Generated": number("Generated"), "Accepted": part("Accepted", width=115)},
    )  # fmt: skip


def accepted_share(quality: GroupQuality | None) -> float | None:
    if quality is None or quality.acceptance.value is None:
        return None
    return 100 * quality.acceptance.value


def datasets_view(datasets: list[DatasetRow]) -> None:
    section("Latest datasets")
    rows = [
        {
            "Dataset": r.dataset.name, "Version": r.latest.version,
            "Samples": r.latest.sample_count, "Built": ago(r.latest.created_at),
        }
        for r in datasets
    ]  # fmt: skip
    if not rows:
        st.caption("Nothing is released yet.")
        return
    open_table(
        rows, [r.latest.dataset_version_id for r in datasets], "datasets", "version",
        key="overview.datasets", opener="Dataset", columns={"Samples": number("Samples")},
    )  # fmt: skip


with show_errors():
    batches = list_batches(cache.workspace(), limit=RECENT)
    with page_header("Overview", "What runs, what it costs, and what waits for you."):
        if st.button("Launch a batch", type="primary", icon=":material/add:", key="overview.new"):
            go("batches", view="launch")
    if not batches:
        getting_started()
    else:
        datasets = [r for r in list_datasets(cache.workspace(), limit=5) if r.latest is not None]
        views.figures()
        left, right = st.columns([8, 5], gap="medium")
        with left:
            running_view()
            recent_view(batches)
            datasets_view(datasets)
        with right:
            views.tasks(batches, datasets)
            alerts_summary()
            views.trend(batches)
