"""The Quality part of the Insight page: verdicts, scores, findings."""

import streamlit as st

from app import cache
from app.widgets import charts
from app.widgets.formats import count, figure, share, words
from app.widgets.layout import Card, cards, section
from app.widgets.tables import part, plain_table, score


def quality_tab(batch_id: str) -> None:
    """Verdicts, scores and findings by check."""
    report = cache.quality((batch_id,))
    cards(
        [
            Card("Samples", count(report.samples)),
            Card("Schema compliance", share(report.schema_compliance)),
            Card("Mean score", figure(report.mean_score, 2)),
        ]
    )
    left, right = st.columns(2)
    with left:
        charts.verdict_bars(report.verdicts, "Samples by verdict", key="insight.verdicts")
    with right:
        charts.histogram(report.score_histogram, "Samples by quality score", key="insight.scores")
    section("Findings by check", "How many samples lost score to it.")
    rows = [
        {
            "Check": words(r.check),
            "Found": r.found,
            "Share": 100 * r.share,
            "Mean score": r.mean_score,
        }
        for r in report.checks
    ]
    plain_table(
        rows,
        key="insight.checks",
        columns={"Share": part("Share"), "Mean score": score("Mean score")},
    )
    if report.by_variable:
        section("By variable")
        plain_table(
            [
                {
                    "Variable": words(r.variable),
                    "Value": r.value,
                    "Samples": r.samples,
                    "Accepted": r.accepted,
                    "Mean score": r.mean_score,
                }
                for r in report.by_variable
            ],
            key="insight.by_variable",
            columns={"Mean score": score("Mean score")},
        )
