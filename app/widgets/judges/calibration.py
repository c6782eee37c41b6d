"""Judges beside people: whether scores follow what was decided in review."""

import plotly.graph_objects as go
import streamlit as st

from app import cache
from app.widgets import charts
from app.widgets.formats import count, figure, plain, share
from app.widgets.judges.agreement import between
from app.widgets.layout import Card, cards, empty_state, go_button, section
from app.widgets.tables import number, plain_table
from core.quality.judge.calibration import Calibration
from core.quality.judge.wording import MEANINGS, calibration_in_words
from core.templates.definition import CheckSettings


def calibration_part(rubric_version_id: str, batch_ids: tuple[str, ...]) -> None:
    """One judge, or all together, against the reviews of the samples they judged."""
    found = cache.judging(rubric_version_id, batch_ids, None).calibration
    if not found:
        with empty_state(
            ":material/rate_review:", "No judged sample was reviewed yet",
            "Review some of the judged samples, drawn at random, or have reviewed ones judged.",
        ):  # fmt: skip
            go_button("Review", "review", key="judges.calibration.review")
        return
    names = list(found)[::-1]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        judge = st.selectbox("Judge", names, key="judges.calibration.judge", width=380)
        threshold = st.slider(
            "Score that passes", 0.0, 1.0, CheckSettings().judge, 0.05,
            key="judges.calibration.threshold", width=320,
            help="The threshold `judge` of a template's checks. Trying it here changes nothing.",
        )  # fmt: skip
    one = cache.judging(rubric_version_id, batch_ids, threshold).calibration[judge]
    st.markdown(plain(calibration_in_words(one)))
    _figures(one)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _chart(one)
    with right:
        _confusion(one)
    st.caption(f"{MEANINGS['spearman'].caution} {MEANINGS['right'].caution}")


def _figures(one: Calibration) -> None:
    cards(
        [
            Card("Reviewed and judged", count(one.samples), "Samples that both looked at."),
            Card(
                MEANINGS["spearman"].label, figure(one.spearman and one.spearman.value, 2),
                f"{MEANINGS['spearman'].meaning} 95 % interval {between(one.spearman)}. "
                f"Pearson {figure(one.pearson and one.pearson.value, 2)}, "
                f"Kendall {figure(one.kendall, 2)}.",
            ),
            Card(
                MEANINGS["ranked"].label, figure(one.ranked_higher, 2),
                f"{MEANINGS['ranked'].meaning} {MEANINGS['ranked'].caution}",
            ),
            Card(
                MEANINGS["right"].label, share(one.confusion.right.value),
                f"{MEANINGS['right'].meaning} 95 % interval {share(one.confusion.right.low)} to "
                f"{share(one.confusion.right.high)}. Kappa {figure(one.kappa, 2)}.",
            ),
            Card(
                MEANINGS["gap"].label, figure(one.gap, 2),
                f"{MEANINGS['gap'].meaning} {MEANINGS['gap'].caution}",
            ),
        ]
    )  # fmt: skip


def _chart(one: Calibration) -> None:
    x = [found.mean_score for found in one.bins]
    y = [100 * found.accepted.value for found in one.bins]
    figure_ = go.Figure()
    figure_.add_scatter(
        x=[0, 1], y=[0, 100], mode="lines", name="score = share",
        line={"dash": "dot", "width": 1, "color": "#8c958f"},
    )  # fmt: skip
    figure_.add_scatter(
        x=x, y=y, mode="markers", name="samples, with 95 % interval",
        marker={"size": [8 + min(14, found.samples**0.5) for found in one.bins],
                "color": "#46996a"},
        text=[f"{found.samples} samples" for found in one.bins],
        hovertemplate="score %{x:.2f}: %{y:.0f} % accepted, %{text}<extra></extra>",
        error_y={
            "type": "data", "symmetric": False, "thickness": 1.5, "color": "#8c958f",
            "array": [100 * (f.accepted.high - f.accepted.value) for f in one.bins],
            "arrayminus": [100 * (f.accepted.value - f.accepted.low) for f in one.bins],
        },
    )  # fmt: skip
    title = "Accepted by people (% of samples) by judge's score"
    charts.styled(figure_, title, height=330, x="judge's score")
    figure_.update_layout(margin={"t": 66}, legend={"x": 0, "xanchor": "left", "y": 1.02})
    figure_.update_xaxes(range=[0, 1.02])
    figure_.update_yaxes(range=[0, 105])
    figure_.add_vline(x=one.confusion.threshold, line={"width": 1, "color": "#d39a35"})
    charts.draw(figure_, "judges.calibration.chart")


def _confusion(one: Calibration) -> None:
    at = one.confusion
    section(f"At {at.threshold:.2f}")
    plain_table(
        [
            {"Judge": "passes it", "People accept": at.both_yes,
             "Reject or correct": at.only_judge},
            {"Judge": "holds it back", "People accept": at.only_people,
             "Reject or correct": at.both_no},
        ],
        key="judges.calibration.confusion",
        columns={
            "People accept": number("People accept"),
            "Reject or correct": number("Reject or correct"),
        },
    )  # fmt: skip
    passed, accepted = at.both_yes + at.only_judge, at.both_yes + at.only_people
    first = "The judge passes none of them."
    if passed:
        first = (
            f"Of what the judge passes, people accept {share(at.precision.value)} "
            f"({share(at.precision.low, 0)} to {share(at.precision.high, 0)})."
        )
    second = f" Of what people accept, it passes {share(at.recall.value)}." if accepted else ""
    st.caption(plain(first + second))
    best = one.best
    if abs(best.threshold - at.threshold) > 1e-9 and best.right.value > at.right.value:
        st.caption(
            plain(
                f"On these samples {best.threshold:.2f} agrees most with people: right for "
                f"{share(best.right.value)}. Chosen on the same samples, so expect a little less."
            )
        )
