"""What judges preferred in pairs, and whether the order moved them."""

import plotly.graph_objects as go
import streamlit as st

from app.widgets import charts
from app.widgets.formats import count, plain, share, short_id
from app.widgets.layout import Card, cards, section
from core.quality.judge.position import PositionBias
from core.quality.judge.report import JudgingReport
from core.quality.judge.wording import MEANINGS, position_in_words, winner_in_words

PARTS = {
    "Same answer twice": "#46996a",
    "A tie in one order": "#8c958f",
    "First place twice": "#d39a35",
    "Second place twice": "#cf5f59",
}


def pairs_part(report: JudgingReport) -> None:
    """For each judge: the winner, and the two orders."""
    if not report.position:
        st.caption("No pairs were judged by this version. Launch with Compare in pairs.")
        return
    for pairing in report.pairings:
        a = f"{pairing.sample_name} ({short_id(pairing.sample_batch_id)})"
        b = f"{pairing.other_name} ({short_id(pairing.other_batch_id)})"
        st.caption(plain(f"A: {a} · B: {b}"))
    if len(report.pairings) > 1:
        st.info(
            "Several pairs of batches are mixed here. Choose batches above.", icon=":material/info:"
        )
    if report.preference_agreement is not None:
        found = report.preference_agreement
        st.caption(
            f"Two judges name the same winner of a pair in {share(found.value)} of cases "
            f"({share(found.low)} to {share(found.high)})."
        )
    for place, (judge, bias) in enumerate(report.position.items()):
        section(judge)
        cards(
            [
                Card("Pairs", count(bias.pairs), "Answered in both orders."),
                Card("A wins", count(bias.sample_wins), "Preferred once the orders are joined."),
                Card("B wins", count(bias.other_wins)),
                Card("Ties", count(bias.ties), "Both orders tied, or contradicted each other."),
                Card(
                    MEANINGS["consistent"].label, share(bias.consistent.value),
                    f"{MEANINGS['consistent'].meaning} 95 % interval "
                    f"{share(bias.consistent.low)} to {share(bias.consistent.high)}.",
                ),
            ]
        )  # fmt: skip
        _chart(bias, f"judges.pairs.{place}")
        st.caption(plain(f"{winner_in_words(bias, 'A', 'B')} {position_in_words(bias)}"))
        st.caption(MEANINGS["consistent"].caution)


def _chart(bias: PositionBias, key: str) -> None:
    counts = (
        round(bias.consistent.value * bias.pairs), bias.half_tied, bias.first_twice,
        bias.second_twice,
    )  # fmt: skip
    figure = go.Figure()
    for (name, color), number in zip(PARTS.items(), counts, strict=True):
        figure.add_bar(
            x=[number], y=["pairs"], orientation="h", name=name, marker={"color": color},
            text=[number or ""], textposition="inside", insidetextanchor="middle",
        )  # fmt: skip
    charts.styled(figure, "Answers in the two orders (pairs)", height=150)
    figure.update_layout(
        barmode="stack",
        margin={"t": 62},
        legend={"x": 0, "xanchor": "left", "y": 1.04, "traceorder": "normal"},
    )
    figure.update_yaxes(visible=False)
    charts.draw(figure, key)
