"""Groups in the Bias part: their shares against a target, and what differs between them."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app.widgets import charts
from app.widgets.formats import count, figure, plain, plural, share, words
from app.widgets.insight.bias.interval_chart import IntervalRow, interval_chart
from app.widgets.insight.bias.p_text import SMALLEST, p_text
from app.widgets.layout import section
from app.widgets.tables import number, plain_table, right
from core.insight.bias.group_outcomes import differing, effect_words, is_beyond_chance
from core.insight.bias.outcomes import OUTCOMES, Outcome
from core.insight.contents import Disparity, GroupOutcome, Representation
from core.insight.report import InsightView

CHARTS_PER_ROW = 3
MOST_TOLD = 5
COLUMNS = {
    "Samples": number("Samples"),
    "Mean": right("Mean"),
    "Difference": right("Difference"),
    "95 % interval": right("95 % interval"),
    "Effect": number("Effect", "%.2f"),
    "p adjusted": right("p adjusted"),
    "False discovery": right("False discovery"),
}


def groups_view(view: InsightView) -> None:
    """One variable's groups at a time."""
    shown = {one.variable: one for one in view.bias.representation if one.total}
    if not shown:
        st.info(
            "No variable of these texts has few enough values to be groups. Declare groups in the "
            "template, or import a column with them.", icon=":material/info:",
        )  # fmt: skip
        return
    _findings(view.bias.disparities)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption("Groups by", width="content")
        variable = st.selectbox(
            "Groups by", list(shown), key="insight.bias.variable", width=260,
            format_func=lambda name: _label(shown[name]),
            label_visibility="collapsed",
        )  # fmt: skip
    found = [one for one in view.bias.disparities if one.variable == variable]
    _representation(shown[variable])
    if found:
        _disparities(variable, found)
    absent = [words(one.variable) for one in view.bias.representation if not one.total]
    if absent:
        st.caption(f"No sample has a value for: {plain(', '.join(absent))}.")


def _label(found: Representation) -> str:
    return words(found.variable) + ("" if found.is_assumed else " (declared)")


def _findings(found: Sequence[Disparity]) -> None:
    """What differs beyond chance, over all variables."""
    compared = sum(1 if len(one.rows) == 2 else len(one.rows) for one in found)
    beyond = [one for one in found if differing(one)]
    if not compared:
        return
    if not beyond:
        st.markdown(
            f"None of {count(compared)} comparisons between groups differs beyond chance. That is "
            "no proof that they are equal: the intervals say how large a difference can still be."
        )
        return
    beyond.sort(key=lambda one: (one.is_assumed, -abs(differing(one)[0].effect or 0.0)))
    lines = "\n".join(
        f"- **{plain(words(one.variable))}**, {OUTCOMES[one.outcome].label.lower()}: "
        f"{plain(one.note)}"
        for one in beyond[:MOST_TOLD]
    )
    if beyond[MOST_TOLD:]:
        lines += f"\n- and {plural(len(beyond) - MOST_TOLD, 'outcome')} more"
    st.markdown(f"Differences beyond chance, of {count(compared)} comparisons:\n{lines}")


def _representation(found: Representation) -> None:
    target = "even shares, as no target is declared" if found.is_assumed else "the declared target"
    p = found.p_value
    p_value = "" if p is None else f"; chi-square p {_compared(p)}"
    left, right_side = st.columns([2, 1], gap="medium")
    with left:
        frame = pd.DataFrame([vars(row) for row in found.rows])
        title = f"Share of samples by {words(found.variable).lower()}, %"
        charts.share_chart(frame, title, key=f"insight.share.{found.variable}")
    with right_side:
        st.space("large")
        st.markdown(f"Against {target}{p_value}.")
        st.caption(plain(found.note))


def _compared(p: float) -> str:
    return p_text(p) if p < SMALLEST else f"= {p_text(p)}"


def _disparities(variable: str, found: Sequence[Disparity]) -> None:
    section(
        "What differs between the groups",
        "Each group with the 95 % interval of its mean; the line is the mean of all. Coloured "
        "groups differ from the others beyond chance after correction for many tests.",
    )
    for start in range(0, len(found), CHARTS_PER_ROW):
        places = st.columns(CHARTS_PER_ROW, gap="medium")
        for place, one in zip(places, found[start : start + CHARTS_PER_ROW], strict=False):
            with place:
                _chart(one)
    with st.expander("All comparisons, and how to read them"):
        _table(variable, found)


def _chart(found: Disparity) -> None:
    outcome = OUTCOMES[found.outcome]
    factor = 100.0 if outcome.unit == "share" else 1.0
    rows = [
        IntervalRow(
            row.group, factor * row.mean, factor * (row.mean if row.low is None else row.low),
            factor * (row.mean if row.high is None else row.high), is_beyond_chance(row),
        )
        for row in found.rows
        if row.mean is not None
    ]  # fmt: skip
    unit = {"share": "%", "words": "words", "score": "score"}[outcome.unit]
    interval_chart(
        rows, f"{outcome.label}, {unit}", _mean(found, factor),
        key=f"insight.outcome.{found.variable}.{found.outcome}",
    )  # fmt: skip
    st.caption(plain(found.note), help=f"{outcome.meaning}\n\n{outcome.caution}")


def _mean(found: Disparity, factor: float) -> float | None:
    known = [(row.count, row.mean) for row in found.rows if row.mean is not None]
    total = sum(n for n, _ in known)
    return factor * sum(n * mean for n, mean in known) / total if total else None


def _table(variable: str, found: Sequence[Disparity]) -> None:
    rows = [_row(OUTCOMES[one.outcome], row) for one in found for row in one.rows]
    plain_table(rows, key=f"insight.disparities.{variable}", columns=COLUMNS)
    st.caption(
        "A difference is the group less all other groups together. Effect is Cohen's d for numbers "
        "and h for shares: 0.2 is small, 0.5 medium, 0.8 large. p adjusted keeps the chance of any "
        "false alarm below 5 % (Holm); false discovery is the share of false alarms to expect "
        "among rows up to this one (Benjamini and Hochberg). With many samples a difference too "
        "small to matter is beyond chance too: look at the effect. No figure says what causes it: "
        "groups that were given other tasks differ by right, and twins show whether the group "
        "itself does."
    )
    st.table(
        [
            {"Outcome": one.label, "Meaning": one.meaning, "Caution": one.caution}
            for one in (OUTCOMES[disparity.outcome] for disparity in found)
        ],
        border="horizontal",
    )


def _row(outcome: Outcome, row: GroupOutcome) -> dict[str, object]:
    low, high = row.difference_low, row.difference_high
    interval = "–" if low is None or high is None else f"{_signed(outcome, low)} to " + _signed(
        outcome, high
    )  # fmt: skip
    return {
        "Outcome": outcome.label,
        "Group": row.group,
        "Samples": row.count,
        "Mean": _figure(outcome, row.mean),
        "Difference": "–" if row.difference is None else _signed(outcome, row.difference),
        "95 % interval": interval,
        "Effect": row.effect,
        "Size": effect_words(row.effect),
        "p adjusted": p_text(row.adjusted_p),
        "False discovery": p_text(row.false_discovery),
    }


def _figure(outcome: Outcome, value: float | None) -> str:
    if outcome.unit == "share":
        return share(value)
    return figure(value, 1 if outcome.unit == "words" else 3)


def _signed(outcome: Outcome, value: float) -> str:
    return ("+" if value > 0 else "") + _figure(outcome, value)
