"""The Trend part of the Insight page: a template's batches one after the other."""

import streamlit as st

from app import cache
from app.widgets import quality_charts
from app.widgets.formats import clip, day, share, words
from app.widgets.insight.metric_text import metric_text
from app.widgets.insight.quality import scope_batches
from app.widgets.layout import section
from app.widgets.quality_charts import Series
from app.widgets.tables import number, open_table, part, right, score
from core.insight.diversity.metrics import METRICS
from core.insight.report import InsightView
from core.review.watching.trends import TrendPoint

MOST_LINES = 5
FIRST_METRIC = "vendi_score"


def trend_tab(view: InsightView) -> None:
    """Score, acceptance, defects and diversity of the template's newest batches."""
    batch_ids = scope_batches(view)
    if not batch_ids:
        st.caption("A trend runs over the batches of a template: open one of its batches.")
        return
    points = [p for p in cache.trend(cache.template_of_batch(batch_ids[0])) if p.samples]
    if len(points) < 2:
        st.caption("A trend starts with the template's second batch.")
        return
    labels = [f"{place}. {clip(p.name, 18)}" for place, p in enumerate(points, start=1)]
    hovers = [f"version {p.version}, {p.model}, {p.samples:,} samples" for p in points]
    st.caption(
        "Oldest batch on the left; bands are 95 % intervals. Verdicts and findings follow the "
        "thresholds of their time: a moved threshold shows as a step. Diversity does not depend on "
        "them."
    )
    left, right_side = st.columns(2)
    with left:
        quality_charts.lines(
            labels, [_acceptance(points)], "Accepted samples, %", key="insight.trend.accepted",
            unit="% of samples", is_share=True, top=1.0, hovers=hovers,
        )  # fmt: skip
    with right_side:
        quality_charts.lines(
            labels, [_scores(points)], "Mean quality score, 0 to 1", key="insight.trend.score",
            top=1.0, hovers=hovers,
        )  # fmt: skip
    left, right_side = st.columns(2)
    with left:
        _defects(points, labels, hovers)
    with right_side:
        _diversity(points, labels, hovers)
    _table(points)


def _acceptance(points: list[TrendPoint]) -> Series:
    rates = [point.acceptance for point in points]
    return Series(
        "accepted", [r.value for r in rates], [r.low for r in rates], [r.high for r in rates]
    )


def _scores(points: list[TrendPoint]) -> Series:
    found = [point.score for point in points]
    return Series(
        "mean score", [s.value for s in found], [s.low for s in found], [s.high for s in found]
    )


def _defects(points: list[TrendPoint], labels: list[str], hovers: list[str]) -> None:
    newest = points[-1].defects
    names = {name for point in points for name in point.defects}
    shares = {name: newest[name].value or 0.0 if name in newest else 0.0 for name in names}
    shown = sorted(names, key=lambda name: (-shares[name], name))[:MOST_LINES]
    if not shown:
        st.caption("No check found anything.")
        return
    series = []
    for name in shown:
        rates = [point.defects.get(name) for point in points]
        series.append(
            Series(
                words(name),
                [0.0 if r is None else r.value for r in rates],
                [0.0 if r is None else r.low for r in rates],
                [0.0 if r is None else r.high for r in rates],
            )
        )
    quality_charts.lines(
        labels, series, "Samples with a finding, %", key="insight.trend.defects",
        unit="% of samples", is_share=True, hovers=hovers,
    )  # fmt: skip


def _diversity(points: list[TrendPoint], labels: list[str], hovers: list[str]) -> None:
    known = [name for name in METRICS if any(name in point.diversity for point in points)]
    if not known:
        st.caption("The diversity of these batches is not measured yet.")
        return
    first = known.index(FIRST_METRIC) if FIRST_METRIC in known else 0
    name = st.selectbox(
        "Diversity", known, index=first, key="insight.trend.metric", width=260,
        format_func=lambda key: METRICS[key].label, persist_state="session",
        label_visibility="collapsed", help=METRICS[known[first]].meaning,
    )  # fmt: skip
    found = [point.diversity.get(name) for point in points]
    is_share = METRICS[name].unit == "share"
    quality_charts.lines(
        labels,
        [
            Series(
                METRICS[name].label,
                [None if m is None else m.value for m in found],
                [None if m is None or m.value is None else m.value - m.error for m in found],
                [None if m is None or m.value is None else m.value + m.error for m in found],
            )
        ],
        METRICS[name].label + (", %" if is_share else ""),
        key="insight.trend.diversity", is_share=is_share,
        hovers=[
            f"{hover}; from {m.sample_size:,} texts" if m else hover
            for hover, m in zip(hovers, found, strict=True)
        ],
    )  # fmt: skip
    st.caption(f"{METRICS[name].meaning} {METRICS[name].caution}")


def _table(points: list[TrendPoint]) -> None:
    section("Batches", "Newest first.")
    rows = [
        {
            "Batch": point.name, "Created": day(point.created_at), "Version": point.version,
            "Model": point.model, "Samples": point.samples,
            "Accepted": 100 * (point.acceptance.value or 0.0), "Mean score": point.score.value,
            "Most frequent finding": _worst(point),
            "Vendi score": _metric(point, FIRST_METRIC),
        }
        for point in reversed(points)
    ]  # fmt: skip
    open_table(
        rows, [point.batch_id for point in reversed(points)], "insight", "batch",
        key="insight.trend.batches", opener="Batch", width=190,
        columns={
            "Samples": number("Samples"), "Accepted": part("Accepted", 110),
            "Mean score": score("Mean score", 110), "Version": number("Version"),
            "Vendi score": right("Vendi score"),
        },
    )  # fmt: skip


def _worst(point: TrendPoint) -> str:
    if not point.defects:
        return "–"
    name, rate = max(point.defects.items(), key=lambda item: item[1].value or 0.0)
    return f"{words(name).lower()} {share(rate.value)}"


def _metric(point: TrendPoint, name: str) -> str:
    found = point.diversity.get(name)
    return "–" if found is None else metric_text(name, found.value)
