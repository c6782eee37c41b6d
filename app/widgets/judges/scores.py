"""Scores by judge and marks by criterion."""

import streamlit as st

from app.widgets import charts
from app.widgets.formats import figure, money, words
from app.widgets.layout import section
from app.widgets.tables import number, plain_table, right, score
from core.quality.judge.report import JudgingReport
from core.quality.judge.wording import MEANINGS


def scores_part(report: JudgingReport) -> None:
    """The distribution of scores, then tables of judges and criteria."""
    if not report.samples:
        st.caption("By this version pairs alone were judged.")
        return
    left, other = st.columns(2)
    with left:
        charts.histogram(report.score_bins, "Samples by mean score", key="judges.scores.bins")
    with other:
        charts.bars(
            [words(row.criterion) for row in report.criteria],
            [_level(row.counts, row.mean) for row in report.criteria],
            "Mean level by criterion (0 worst, 1 best)", key="judges.scores.criteria",
            horizontal=True, top=1.0, decimals=2,
        )  # fmt: skip
    section("Judges", MEANINGS["score"].caution)
    plain_table(
        [
            {
                "Judge": row.judge, "Samples": row.samples, "Mean score": row.mean_score,
                "Spread (SD)": row.sd, "Cost": money(row.cost_usd),
                **{words(name): mark for name, mark in row.marks.items()},
            }
            for row in report.judges
        ],
        key="judges.scores.judges",
        columns={
            "Samples": number("Samples"), "Mean score": score("Mean score"),
            "Spread (SD)": number("Spread (SD)", "%.2f"), "Cost": right("Cost"),
            **{words(row.criterion): number(words(row.criterion), "%.2f")
               for row in report.criteria},
        },
    )  # fmt: skip
    section("Criteria", "How often each mark was given. Marks that nobody uses need an anchor.")
    marks = sorted({mark for row in report.criteria for mark in row.counts})
    plain_table(
        [
            {
                "Criterion": words(row.criterion), "Mean mark": figure(row.mean, 2),
                **{str(mark): row.counts.get(mark) for mark in marks},
            }
            for row in report.criteria
        ],
        key="judges.scores.marks",
        columns={"Mean mark": right("Mean mark")} | {str(m): number(str(m)) for m in marks},
    )  # fmt: skip


def _level(counts: dict[int, int], mean: float) -> float:
    low, high = min(counts), max(counts)
    return (mean - low) / (high - low)
