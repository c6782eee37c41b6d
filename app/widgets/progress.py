"""The progress panel of a batch: reads rows, draws, and stops polling when the batch ends."""

from collections.abc import Sequence

import streamlit as st

from app import cache
from app.widgets import charts
from app.widgets.formats import (
    GAP,
    ago,
    clip,
    count,
    duration,
    figure,
    money,
    plain,
    plural,
    share,
    short_id,
    size,
    words,
)
from app.widgets.layout import Card, cards
from app.widgets.states import ACTIVE, state_badge
from app.widgets.tables import number, plain_table, right
from core.db.tables import Worker
from core.generation.batches import batch_log, get_batch
from core.generation.progress import Progress, batch_progress
from core.jobs.workers import list_workers

INTERVAL_S = 1.0
MESSAGE_CHARS = 500
LOG_LINES = 12
LOG_PX = 320


def progress_panel(batch_id: str, state: str) -> None:
    """Live while the batch is queued or running; a last full run shows how it ended."""
    live = state in ACTIVE
    st.fragment(_panel, run_every=INTERVAL_S if live else None)(batch_id, live)


def _panel(batch_id: str, live: bool) -> None:
    now = batch_progress(cache.workspace(), batch_id)
    if live and now.state not in ACTIVE:
        st.rerun()
    _bar(now)
    cards(_figures(now))
    left, right = st.columns([3, 2])
    with left:
        _verdicts(now)
    with right:
        _errors(now)
    if live:
        workers_table(list_workers(cache.workspace()), key="batches.progress.workers")


def _bar(now: Progress) -> None:
    done = now.generated + now.failed
    with st.container(horizontal=True, vertical_alignment="center"):
        state_badge(now.state, now.pause_reason or "")
        st.caption(
            f"{done:,} of {now.planned:,} samples · {duration(now.elapsed_s)}", width="content"
        )
        if now.eta_s is not None and now.state in ACTIVE:
            st.caption(f"about {duration(now.eta_s)} left", width="content")
    st.progress(min(done / now.planned, 1.0) if now.planned else 0.0)
    if now.message:
        st.info(plain(clip(now.message, MESSAGE_CHARS)), icon=":material/info:")


def _figures(now: Progress) -> list[Card]:
    return [
        Card("Generated", count(now.generated)),
        Card("Failed", count(now.failed), "Kept with their raw text."),
        *_pace(now),
        _cost(now),
        Card("Tokens in", count(now.input_tokens)),
        Card("Tokens out", count(now.output_tokens)),
        Card("Compliance", share(now.schema_compliance), "Samples that fit the output schema."),
    ]


def _cost(now: Progress) -> Card:
    batch = get_batch(cache.workspace(), now.batch_id)
    if not now.cost_usd and not cache.has_price(batch.connection, batch.model):
        return Card("Cost", "–", "No price is known for this model. Settings, Prices takes one.")
    budget = "no budget" if now.budget_usd is None else f"of {money(now.budget_usd)}"
    return Card("Cost", money(now.cost_usd), f"{budget}; estimated {money(now.estimated_usd)}.")


def _pace(now: Progress) -> list[Card]:
    if now.state in ACTIVE:
        return [
            Card("Rate", f"{figure(now.rate_per_s, 1)}{GAP}/s", "Samples in the last 10 seconds."),
            Card("In flight", count(now.in_flight), "Calls open now."),
        ]
    mean = (now.generated + now.failed) / now.elapsed_s if now.elapsed_s else None
    return [
        Card("Mean rate", "–" if mean is None else f"{figure(mean, 1)}{GAP}/s", "Samples."),
        Card("Calls", count(now.attempts), f"{count(now.retries)} of them retries."),
    ]


def _verdicts(now: Progress) -> None:
    counts = {
        "accepted": now.accepted,
        "needs_review": now.needs_review,
        "rejected": now.rejected,
    }
    if any(counts.values()):
        charts.verdict_bars(counts, "Samples by verdict", key="batches.progress.verdicts")
    else:
        st.caption("Verdicts appear with the first samples.")


def _errors(now: Progress) -> None:
    if not now.errors:
        st.caption(f"{plural(now.attempts, 'call')}, none failed.")
        return
    st.caption(f"{plural(now.attempts, 'call')}, {count(now.retries)} of them retries")
    rows = [{"Error": words(kind), "Calls": n} for kind, n in sorted(now.errors.items())]
    plain_table(rows, key="batches.progress.errors")


def workers_table(workers: Sequence[Worker], *, key: str) -> None:
    """Processes that run jobs, with what they use."""
    if not workers:
        st.caption("No worker has reported yet. `seedbed up` starts them.")
        return
    rows = [
        {
            "Worker": short_id(worker.worker_id),
            "Kind": words(worker.kind),
            "State": words(worker.state),
            "CPU, % of a core": worker.cpu_percent,
            "Memory": size(worker.rss_bytes),
            "Last sign of life": ago(worker.heartbeat_at),
        }
        for worker in workers
    ]
    columns = {"CPU, % of a core": number("CPU, % of a core", "%.1f"), "Memory": right("Memory")}
    plain_table(rows, key=key, columns=columns)


def log_view(batch_id: str) -> None:
    """The batch's log, newest first, as plain text."""
    entries = batch_log(cache.workspace(), batch_id)
    lines = [f"{e.created_at:%H:%M:%S}  {e.level:<7}  {e.message}" for e in entries]
    height = LOG_PX if len(lines) > LOG_LINES else "content"
    st.code("\n".join(lines) or "Nothing yet.", language=None, wrap_lines=True, height=height)
