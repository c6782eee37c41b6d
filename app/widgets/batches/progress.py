"""The progress panel of a batch: reads rows, draws, and stops polling when the batch ends."""

import streamlit as st

from app import cache
from app.widgets import charts
from app.widgets.batches.progress_notes import (
    budget_note,
    calls_note,
    machine_note,
    time_left,
    wake_note,
)
from app.widgets.batches.provider_pieces import pieces_table
from app.widgets.formats import (
    GAP,
    clip,
    count,
    duration,
    figure,
    money,
    plain,
    plural,
    share,
    words,
)
from app.widgets.layout import Card, cards
from app.widgets.states import ACTIVE, state_badge
from app.widgets.tables import number, plain_table
from core.generation.batches import batch_log, get_batch
from core.generation.progress import Progress, batch_progress
from core.jobs.running.workers import list_workers

INTERVAL_S = 1.0
MESSAGE_CHARS = 500
LOG_LINES = 12
LOG_PX = 320


def progress_panel(batch_id: str, state: str, wakes: bool = False) -> None:
    """Live while the batch is queued, running or about to wake by itself; a last full run shows how
    it ended."""
    live = state in ACTIVE or wakes
    st.fragment(_panel, run_every=INTERVAL_S if live else None)(batch_id, state)


def _panel(batch_id: str, drawn_state: str) -> None:
    now = batch_progress(cache.workspace(), batch_id)
    if now.state != drawn_state:
        st.rerun()  # the page's buttons belong to the state
    is_live = now.state in ACTIVE
    _head(now)
    cards(_figures(now, is_live))
    _notes(now, is_live)
    left, right = st.columns([3, 2])
    with left:
        _verdicts(now)
    with right:
        _calls(now)
    if now.pieces:
        pieces_table(now.pieces)


def _head(now: Progress) -> None:
    done = now.generated + now.failed
    with st.container(horizontal=True, vertical_alignment="center"):
        state_badge(now.state, now.pause_reason or "")
        st.caption(
            f"{done:,} of {now.planned:,} samples · {duration(now.elapsed_s)}", width="content"
        )
        if now.state in ACTIVE and (left := time_left(now)):
            st.caption(left, width="content")
    st.progress(min(done / now.planned, 1.0) if now.planned else 0.0)
    said = " ".join(filter(None, (clip(now.message, MESSAGE_CHARS), wake_note(now))))
    if said:
        st.info(plain(said), icon=":material/info:")
    if now.state == "queued" and not any(
        worker.kind == "generate" for worker in list_workers(cache.workspace())
    ):
        st.warning("No worker runs. `seedbed up` starts one.", icon=":material/warning:")


def _figures(now: Progress, is_live: bool) -> list[Card]:
    return [
        Card("Generated", count(now.generated)),
        Card("Failed", count(now.failed), "Kept with their raw text."),
        *(_pace(now) if is_live else _summary(now)),
        *_money(now),
        Card("Tokens in", count(now.input_tokens)),
        Card("Tokens out", count(now.output_tokens)),
    ]


def _pace(now: Progress) -> list[Card]:
    limit = f" of {now.concurrency_limit:,}" if now.concurrency_limit else ""
    return [
        Card(
            "Rate", f"{figure(now.rate_per_s, 1)}{GAP}/s",
            "Samples per second in the last 10 seconds; "
            f"likely {figure(now.rate_low_per_s, 1)} to {figure(now.rate_high_per_s, 1)}.",
        ),
        Card(
            "In flight", f"{now.in_flight:,}{limit}",
            "Calls open now, and how many may be. The line below says what holds the limit there.",
        ),
    ]  # fmt: skip


def _summary(now: Progress) -> list[Card]:
    """A batch that is paused has no mean rate: nobody knows how long it will have waited."""
    calls = f"{plural(now.attempts, 'call')}, {count(now.retries)} of them retries."
    fit = Card("Compliance", share(now.schema_compliance), "Samples that fit the output schema.")
    if now.state == "paused" or not now.elapsed_s:
        return [fit, Card("Calls", count(now.attempts), calls)]
    mean = (now.generated + now.failed) / now.elapsed_s
    return [fit, Card("Mean rate", f"{figure(mean, 1)}{GAP}/s", f"Samples; {calls}")]


def _money(now: Progress) -> list[Card]:
    batch = get_batch(cache.workspace(), now.batch_id)
    if not now.cost_usd and not cache.has_price(batch.connection, batch.model):
        return [Card("Cost", "–", "No price is known for this model. Settings, Prices takes one.")]
    budget = "no budget" if now.budget_usd is None else f"of {money(now.budget_usd)}"
    found = [Card("Cost", money(now.cost_usd), f"{budget}; estimated {money(now.estimated_usd)}.")]
    if now.forecast_usd is not None:
        spread = f"{money(now.forecast_low_usd)} to {money(now.forecast_high_usd)}"
        found.append(
            Card(
                "At completion", money(now.forecast_usd),
                f"Likely {spread}: what a finished sample cost so far, times the plan.",
            )
        )  # fmt: skip
    return found


def _notes(now: Progress, is_live: bool) -> None:
    if (stop := budget_note(now)) is not None:
        st.warning(plain(stop), icon=":material/account_balance_wallet:")
    lines = [calls_note(now), machine_note(now)] if is_live else []
    if now.targets:
        asked = ", ".join(f"{plural(n, 'call')} to {name}" for name, n in now.targets.items())
        lines.append(f"Failover in use: {asked}.")
    with st.container(gap="xxsmall"):
        for line in filter(None, lines):
            st.caption(plain(line))


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


def _calls(now: Progress) -> None:
    kinds = sorted({*now.errors, *now.retry_causes})
    if not kinds:
        st.caption(f"{plural(now.attempts, 'call')}, none failed.")
        return
    st.caption(f"{plural(now.attempts, 'call')}, {count(now.retries)} of them retries")
    rows = [
        {
            "What went wrong": words(kind),
            "Calls": now.errors.get(kind, 0),
            "Tried again": now.retry_causes.get(kind, 0),
        }
        for kind in kinds
    ]
    columns = {name: number(name, width=90) for name in ("Calls", "Tried again")}
    plain_table(rows, key="batches.progress.errors", columns=columns)


def log_view(batch_id: str) -> None:
    """The batch's log, newest first, as plain text."""
    entries = batch_log(cache.workspace(), batch_id)
    lines = [f"{e.created_at:%H:%M:%S}  {e.level:<7}  {e.message}" for e in entries]
    height = LOG_PX if len(lines) > LOG_LINES else "content"
    st.code("\n".join(lines) or "Nothing yet.", language=None, wrap_lines=True, height=height)
