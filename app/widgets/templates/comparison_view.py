"""One A/B comparison: both sides as they run, and the tests once both have ended."""

import streamlit as st

from app import cache
from app.navigation import go
from app.widgets.formats import count, duration, figure, money, plain, plural, share
from app.widgets.layout import go_button, page_header, section
from app.widgets.states import ACTIVE, state_badge
from app.widgets.tables import plain_table, right
from core.generation.progress import Progress, batch_progress
from core.insight.comparing.report import ComparisonReport, MeasureResult
from core.insight.comparing.words import bound, gap
from core.insight.comparing.words import figure as measured
from core.jobs.comparing import Pair, Side, get_comparison
from core.jobs.running.workers import list_workers
from core.templates.versions import get_template, version_name

INTERVAL_S = 1.0
LABELS = {
    "acceptance": "Accepted",
    "compliance": "Fits the schema",
    "quality": "Quality score",
    "cost": "Cost per sample",
}
KEY = "templates.comparison"


def comparison_view(comparison_id: str) -> None:
    """The page part of one comparison, its heading included."""
    pair = get_comparison(cache.workspace(), comparison_id)
    template = get_template(cache.workspace(), pair.b.version.template_id)
    if st.button(
        plain(template.title), key=f"{KEY}.back", type="tertiary", icon=":material/arrow_back:"
    ):
        go("templates", template=template.name)
    batch = pair.a.batch
    caption = f"A/B over one plan: {plural(batch.n, 'sample')} a side, seed {batch.seed}"
    page_header(pair.comparison.name, caption)
    live = _is_live(pair)
    st.fragment(_sides, run_every=INTERVAL_S if live else None)(comparison_id, live)
    if live:
        st.caption(
            "The test comes when both have ended: looking while they run, and stopping at the "
            "first difference, would find one that is not there."
        )
        return
    states = f"{pair.a.batch.state} {pair.b.batch.state}"
    _outcome(cache.comparison_outcome(comparison_id, states))


def _is_live(pair: Pair) -> bool:
    return any(
        side.batch.state in ACTIVE or side.batch.wake_after_s is not None
        for side in (pair.a, pair.b)
    )


def _sides(comparison_id: str, live: bool) -> None:
    pair = get_comparison(cache.workspace(), comparison_id)
    if live and not _is_live(pair):
        st.rerun()
    for column, letter, side in zip(st.columns(2), "AB", (pair.a, pair.b), strict=True):
        with column.container(border=True):
            _side(letter, side)
    if live and not any(worker.kind == "generate" for worker in list_workers(cache.workspace())):
        st.warning("No worker runs. `seedbed up` starts one.", icon=":material/warning:")


def _side(letter: str, side: Side) -> None:
    now = batch_progress(cache.workspace(), side.batch.batch_id)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{letter}** · {plain(version_name(side.version))} · {plain(side.batch.model)}"
        )
        state_badge(now.state, now.pause_reason or "")
        go_button("Open", "batches", key=f"{KEY}.open_{letter}", batch=side.batch.batch_id)
    done = now.generated + now.failed
    st.progress(min(done / now.planned, 1.0) if now.planned else 0.0)
    st.caption(plain(_told(now, done)))
    if now.message:
        st.info(plain(now.message), icon=":material/info:")


def _told(now: Progress, done: int) -> str:
    parts = [
        f"{done:,} of {plural(now.planned, 'sample')}",
        f"{share(now.accepted / done if done else None)} accepted",
        f"{share(now.schema_compliance)} fit the schema",
        f"{count(now.failed)} failed",
        money(now.cost_usd),
        duration(now.elapsed_s),
    ]
    return " · ".join(parts)


def _outcome(report: ComparisonReport) -> None:
    section("Outcome", _basis(report))
    for note in report.notes:
        st.warning(plain(note), icon=":material/info:")
    if not report.measures:
        return
    for result in report.measures:
        icon = ":green[:material/check_circle:]" if result.better else ":gray[:material/remove:]"
        st.markdown(f"{icon} {plain(result.sentence)}")
    plain_table(
        [_row(result) for result in report.measures], key=f"{KEY}.tests",
        columns={name: right(name) for name in FIGURES},
    )  # fmt: skip
    st.caption(
        "Differences are B less A. Shares: McNemar's exact test of the pairs in which one side "
        "alone succeeds, with Bonett and Price's interval. Score and cost: Wilcoxon's signed "
        "ranks, with a bootstrap interval of the mean difference. p is corrected by Holm over the "
        "measures. A cost counts every call for the sample; a reused answer at what it cost when "
        "it was asked."
    )


FIGURES = ("A", "B", "Difference", "95 % interval", "Effect", "p", "Detectable")


def _row(found: MeasureResult) -> dict[str, str | None]:
    has_bounds = found.low is not None and found.high is not None
    return {
        "Measure": LABELS[found.measure],
        "A": measured(found.measure, found.a),
        "B": measured(found.measure, found.b),
        "Difference": gap(found.measure, found.difference),
        "95 % interval": f"{bound(found.measure, found.low)} to {bound(found.measure, found.high)}"
        if has_bounds
        else None,
        "Effect": None
        if found.effect is None
        else f"{figure(found.effect, 2).replace('-', '−')} ({found.effect_name})",
        "p": "< 0.001" if found.adjusted_p < 0.001 else figure(found.adjusted_p),
        "Better": {"a": "A", "b": "B", None: "not shown"}[found.better],
        "Detectable": None if found.detectable is None else gap(found.measure, found.detectable),
        "Test": f"{found.test}, {plural(found.pairs, 'pair')}",
    }


def _basis(report: ComparisonReport) -> str:
    return f"{plural(report.pairs, 'pair')}: the same place of the plan on both sides."
