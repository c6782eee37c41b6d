"""What one changed value did: outcomes of both sides, wording, pairs to read."""

from collections.abc import Sequence

import streamlit as st

from app import cache
from app.widgets.diff import diff_view
from app.widgets.formats import count, figure, plain, share, words
from app.widgets.insight.bias.p_text import p_text
from app.widgets.layout import Card, cards, section
from app.widgets.tables import number, plain_table, right
from core.generation.samples import get_sample
from core.insight.bias.outcomes import OUTCOMES, Outcome
from core.insight.bias.twins import TwinOutcome, TwinsReport, TwinTerm
from core.jobs.pairs.twins import Twins
from core.text.diffs import word_diff

COLUMNS = {
    "Pairs": number("Pairs"),
    "Difference": right("Difference"),
    "95 % interval": right("95 % interval"),
    "Effect": number("Effect", "%.2f"),
    "p adjusted": right("p adjusted"),
}


def report_view(twins: Twins) -> None:
    """A finished report."""
    report = twins.report
    change = f"{words(report.variable)}: {report.value_from} becomes {report.value_to}"
    lost = f"{count(report.unpaired)} more had a side that failed." if report.unpaired else None
    section(change)
    cards(
        [
            Card("Pairs", count(report.pairs), lost),
            Card(
                "Wording in common", share(report.similarity),
                "The mean share of three-word phrases that the two responses of a pair have in "
                "common. A model that answers anew rewords much by chance.",
            ),
            Card(
                "Identical responses", share(report.identical),
                "Pairs whose responses are the same letter for letter.",
            ),
        ]
    )  # fmt: skip
    if report.outcomes:
        _outcomes(report)
        _terms(report)
        _pairs(report)
    st.caption(plain(report.note))


def _outcomes(report: TwinsReport) -> None:
    rows = [_row(one, report) for one in report.outcomes]
    columns = {report.value_from: right(report.value_from), report.value_to: right(report.value_to)}
    plain_table(rows, key="insight.twins.outcomes", columns={**COLUMNS, **columns})


def _row(found: TwinOutcome, report: TwinsReport) -> dict[str, object]:
    outcome = OUTCOMES[found.outcome]
    interval = "–"
    if found.low is not None and found.high is not None:
        interval = f"{_text(outcome, found.low, sign=True)} to " + _text(
            outcome, found.high, sign=True
        )
    return {
        "Outcome": outcome.label,
        report.value_from: _text(outcome, found.before),
        report.value_to: _text(outcome, found.after),
        "Difference": _text(outcome, found.difference, sign=True),
        "95 % interval": interval,
        "Effect": found.effect,
        "p adjusted": p_text(found.adjusted_p),
        "In words": found.note,
    }


def _text(outcome: Outcome, value: float, *, sign: bool = False) -> str:
    plus = "+" if sign and value > 0 else ""
    if outcome.unit == "share":
        return plus + share(value)
    return plus + figure(value, 1 if outcome.unit == "words" else 3)


def _terms(report: TwinsReport) -> None:
    section("Words", "Words that one side has where its twin has not, beyond chance.")
    if not report.terms:
        st.caption("No word differs beyond chance.")
        return
    more_before = [one for one in report.terms if one.only_before > one.only_after]
    more_after = [one for one in report.terms if one.only_after > one.only_before]
    sides = ((report.value_from, more_before), (report.value_to, more_after))
    for place, (value, terms) in zip(st.columns(2, gap="medium"), sides, strict=True):
        with place:
            _side(value, terms, report)


def _side(value: str, terms: Sequence[TwinTerm], report: TwinsReport) -> None:
    if not terms:
        st.caption(plain(f"No word is more frequent with {value}."))
        return
    rows = [
        {
            f"More with {value}": one.term,
            f"Only {report.value_from}": one.only_before,
            f"Only {report.value_to}": one.only_after,
            "False discovery": p_text(one.false_discovery),
        }
        for one in terms
    ]
    columns = {"False discovery": right("False discovery")}
    plain_table(rows, key=f"insight.twins.terms.{value}", columns=columns)


def _pairs(report: TwinsReport) -> None:
    section("Pairs to read", "The least alike first. Red stands in the first alone, green in the "
            "second alone.")  # fmt: skip
    place = st.selectbox(
        "Pair", range(len(report.examples)), key="insight.twins.pair", width=320,
        format_func=lambda i: f"Pair {i + 1}, {share(report.examples[i].similarity, 0)} in common",
        label_visibility="collapsed",
    )  # fmt: skip
    chosen = report.examples[place]
    before, after = (
        get_sample(cache.workspace(), one) for one in (chosen.before_id, chosen.after_id)
    )
    with st.container(border=True):
        if before.input or after.input:
            st.caption("Input")
            diff_view(word_diff(before.input, after.input))
        st.caption("Response")
        diff_view(word_diff(before.response, after.response))
