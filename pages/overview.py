"""Overview: what runs, what it costs, how good it is, what waits for a person."""

import streamlit as st

from app import cache
from app.navigation import go
from app.widgets import charts
from app.widgets.errors import show_errors
from app.widgets.formats import ago, clip, count, duration, money, share
from app.widgets.layout import Card, cards, empty_state, go_button, page_header, section
from app.widgets.states import ACTIVE, batch_state
from app.widgets.tables import number, open_table
from core.datasets.browsing import list_datasets
from core.db.tables import Batch
from core.generation.batches import list_batches
from core.generation.progress import batch_progress
from core.generation.samples import SampleFilter, count_samples
from core.review.queue import queue_counts
from core.templates.versions import list_templates

RECENT = 12
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
    steps = (
        ("templates", "1. Template", "Prompts, variables and output schema; preview it."),
        ("batches", "2. Batch", "Samples in the background, within a budget."),
        ("insight", "3. Insight", "Diversity, coverage, bias, quality."),
        ("review", "4. Review", "Accept, edit or reject by keyboard."),
        ("datasets", "5. Dataset", "An immutable version to train on."),
    )
    for column, (noun, title, text) in zip(st.columns(len(steps)), steps, strict=True):
        with column.container(border=True, height="stretch"):
            st.markdown(f"**{title}**")
            st.caption(text)
            go_button("Open", noun, key=f"overview.step.{noun}")


@st.fragment(run_every=INTERVAL_S)
def running_view() -> None:
    """Batches that run or wait now."""
    batches = list_batches(cache.workspace(), limit=RECENT)
    running = [batch for batch in batches if batch.state in ACTIVE]
    section("Running")
    if not running:
        st.caption("Nothing is running.")
    for batch in running:
        now = batch_progress(cache.workspace(), batch.batch_id)
        done = now.generated + now.failed
        left = "" if now.eta_s is None else f", about {duration(now.eta_s)} left"
        st.text(batch.name)
        st.progress(
            min(done / now.planned, 1.0),
            f"{done:,} of {now.planned:,}{left}, {money(now.cost_usd)}",
        )


def recent_view(batches: list[Batch]) -> None:
    section("Latest batches")
    rows = [
        {
            "Batch": b.name, "State": batch_state(b), "Generated": b.generated,
            "Failed": b.failed, "Created": ago(b.created_at),
        }
        for b in batches
    ]  # fmt: skip
    open_table(
        rows, [b.batch_id for b in batches], "batches", "batch", key="overview.batches",
        opener="Batch", columns={"Generated": number("Generated")},
    )  # fmt: skip


def trend_view(batches: list[Batch]) -> None:
    scores = [
        (f"{i}. {clip(b.name, 18)}", cache.quality((b.batch_id,)).mean_score)
        for i, b in enumerate(reversed([b for b in batches if b.generated]), start=1)
    ]
    known = [(label, score) for label, score in scores if score is not None]
    if not known:
        st.caption("The trend starts with the first samples.")
        return
    charts.bars(
        [label for label, _ in known], [round(score, 3) for _, score in known],
        "Mean quality score by batch, 0 to 1", key="overview.trend", top=1.0,
    )  # fmt: skip


def figures() -> None:
    workspace = cache.workspace()
    total, everything = cache.totals(), SampleFilter()
    accepted = count_samples(workspace, SampleFilter(verdict="accepted"))
    samples = count_samples(workspace, everything)
    waiting = queue_counts(workspace, SampleFilter(verdict="needs_review")).waiting
    cards(
        [
            Card("Samples", count(samples)),
            Card("Accepted", share(accepted / samples if samples else None), count(accepted)),
            Card("Waiting for review", count(waiting)),
            Card("Spent today", money(total.today_usd)),
            Card("Spent this month", money(total.month_usd)),
        ]
    )


def datasets_view() -> None:
    section("Latest datasets")
    rows = [row for row in list_datasets(cache.workspace(), limit=5) if row.latest is not None]
    if not rows:
        st.caption("Nothing is released yet.")
        return
    open_table(
        [
            {
                "Dataset": r.dataset.name, "Version": r.latest.version,
                "Samples": r.latest.sample_count, "Built": ago(r.latest.created_at),
            }
            for r in rows
        ],
        [r.latest.dataset_version_id for r in rows], "datasets", "version",
        key="overview.datasets", opener="Dataset", columns={"Samples": number("Samples")},
    )  # fmt: skip


with show_errors():
    batches = list_batches(cache.workspace(), limit=RECENT)
    with page_header("Overview"):
        if st.button("Launch a batch", type="primary", icon=":material/add:", key="overview.new"):
            go("batches", view="launch")
    if not batches:
        getting_started()
    else:
        figures()
        left, right = st.columns([3, 2], gap="medium")
        with left:
            running_view()
            recent_view(batches)
        with right:
            trend_view(batches)
            datasets_view()
