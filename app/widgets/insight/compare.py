"""The Compare part of the Insight page: this scope beside another, measure by measure."""

from collections.abc import Sequence
from typing import Final

import streamlit as st

from app import cache
from app.widgets.errors import show_errors
from app.widgets.formats import ago, clip, count, figure, plain, share
from app.widgets.insight.scope_picker import KINDS, scope_labels
from app.widgets.layout import section
from app.widgets.tables import plain_table, right
from core.insight.comparing.example_pairs import ExamplePair
from core.insight.comparing.scopes import ALPHA, MeasureRow, ScopeComparison
from core.insight.report import InsightView
from core.insight.scopes import find_scope, list_scopes
from core.jobs.pairs.comparing_scopes import (
    ScopeComparisonView,
    load_scope_comparison,
    request_scope_comparison,
)

INTERVAL_S = 1.5
GROUPS: Final = {
    "verdicts": "Verdicts", "quality": "Quality", "defects": "Defects", "lengths": "Lengths",
    "diversity": "Diversity", "languages": "Languages",
}  # fmt: skip
PAIRS: Final = {"alike": "Most alike", "only_a": "Only in A", "only_b": "Only in B"}
TOLD: Final = {
    "alike": "The nearest in meaning, one of each side. Beside a cosine of 0.95 they say nearly "
    "the same.",
    "only_a": "From regions of A that B hardly reaches, beside the nearest text of B.",
    "only_b": "From regions of B that A hardly reaches, beside the nearest text of A.",
}


def compare_tab(view: InsightView) -> None:
    """A is what the page is about; B is chosen here."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption("A is chosen above, B is", width="content")
        other = _other(view.scope_id)
        slot = st.container(width="content")
    if other is None:
        st.caption("There is nothing of this kind to compare with.")
        return
    found = load_scope_comparison(cache.workspace(), view.scope_id, other)
    with slot:
        st.button(
            "Compare" if found.computed_at is None else "Compare again", key="insight.compare.do",
            icon=":material/compare_arrows:", on_click=_request, args=(view.scope_id, other),
            disabled=found.is_waiting,
            type="primary" if found.computed_at is None else "secondary",
        )  # fmt: skip
    if found.is_waiting:
        st.fragment(_waiting, run_every=INTERVAL_S)(view.scope_id, other)
    if found.state == "failed":
        st.warning(plain(found.message), icon=":material/info:")
    if found.computed_at is None:
        if not found.is_waiting:
            st.caption(
                "Verdicts, scores, defects, lengths, languages and diversity side by side, each "
                "with an interval and a test, and examples of what only one side has."
            )
        return
    _report(found)


def _other(scope_id: str) -> str | None:
    kind = st.segmented_control(
        "Kind of B", list(KINDS), default="batch", required=True, key="insight.compare.kind",
        format_func=KINDS.get, label_visibility="collapsed", persist_state="session",
    )  # fmt: skip
    rows = {r.scope_id: r for r in list_scopes(cache.workspace(), kind) if r.scope_id != scope_id}
    if not rows:
        return None
    labels = scope_labels(rows.values())
    return st.selectbox(
        "B", list(rows), key=f"insight.compare.{kind}", width=380, label_visibility="collapsed",
        format_func=labels.get, persist_state="session",
    )  # fmt: skip


def _request(a_id: str, b_id: str) -> None:
    with show_errors():
        request_scope_comparison(cache.workspace(), a_id, b_id)


def _waiting(a_id: str, b_id: str) -> None:
    found = load_scope_comparison(cache.workspace(), a_id, b_id)
    if not found.is_waiting:
        st.rerun()
    told = "Waiting for a compute worker"
    if found.state == "running":
        told = "Reading both sides"
        if found.total:
            told = f"Embedding: {count(found.done)} of {count(found.total)} texts"
        if found.total and found.done >= found.total:
            told = "Testing the differences"
    st.progress(min(1.0, found.done / found.total) if found.total else 0.0, told)


def _report(found: ScopeComparisonView) -> None:
    report = found.report
    names = [find_scope(cache.workspace(), scope.id).name for scope in (found.a, found.b)]
    with st.container(gap="xxsmall"):
        st.markdown(plain(_headline(report)))
        st.caption(
            plain(
                f"A: {names[0]}, {count(report.a_texts)} texts. B: {names[1]}, "
                f"{count(report.b_texts)} texts. Compared {ago(found.computed_at)}."
            )
        )
    ordered = [row for group in GROUPS for row in report.measures if row.group == group]
    rows = [
        {"": GROUPS[row.group] if before is None or before.group != row.group else "",
         **_shown(row)}
        for before, row in zip([None, *ordered], ordered, strict=False)
    ]  # fmt: skip
    plain_table(rows, key="insight.compare.measures", columns=COLUMNS)
    st.caption(
        f"A difference is B less A, with its 95 % interval. It counts as shown where p, corrected "
        f"for all tests of the comparison (Holm), is below {ALPHA}. "
        + plain(" ".join(report.notes))
    )
    if report.pairs:
        _examples(report.pairs)


def _headline(report: ScopeComparison) -> str:
    tested = [row for row in report.measures if row.adjusted_p is not None]
    shown = [row for row in tested if (row.adjusted_p or 0.0) < ALPHA]
    better = {side: sum(row.better == side for row in shown) for side in ("a", "b")}
    if not shown:
        return f"No difference is shown in any of {len(tested)} measures."
    return (
        f"A and B differ in {len(shown)} of {len(tested)} measures: A is better in {better['a']}, "
        f"B in {better['b']}."
    )


COLUMNS = {
    "": st.column_config.TextColumn(width=90),
    "A": right("A", 90), "B": right("B", 90), "Difference": right("Difference", 100),
    "95 % interval": right("95 % interval", 160), "p": right("p", 80),
    "Measure": st.column_config.TextColumn(width=190),
    "Finding": st.column_config.TextColumn(width=150),
}  # fmt: skip


def _shown(row: MeasureRow) -> dict[str, object]:
    interval = "–"
    if row.low is not None and row.high is not None:
        interval = f"{_value(row, row.low, True)} to {_value(row, row.high, True)}"
    return {
        "Measure": row.label,
        "A": _value(row, row.a),
        "B": _value(row, row.b),
        "Difference": _value(row, row.difference, True),
        "95 % interval": interval,
        "p": _p(row.adjusted_p),
        "Finding": _finding(row),
        "Meaning": row.meaning,
    }


def _value(row: MeasureRow, value: float | None, is_signed: bool = False) -> str:
    if value is None:
        return "–"
    told = share(abs(value)) if row.unit == "share" else figure(
        abs(value), 1 if row.unit == "count" else 3
    )  # fmt: skip
    return f"{'−' if value < 0 else '+' if is_signed and value > 0 else ''}{told}"


def _p(p_value: float | None) -> str:
    if p_value is None:
        return "–"
    return "< 0.001" if p_value < 0.001 else f"{p_value:.3f}"


def _finding(row: MeasureRow) -> str:
    if row.adjusted_p is None or row.adjusted_p >= ALPHA:
        return "no difference shown"
    if row.better is not None:
        return f"{row.better.upper()} is better"
    return "B is higher" if (row.difference or 0.0) > 0 else "B is lower"


def _examples(pairs: Sequence[ExamplePair]) -> None:
    section("Examples")
    kind = st.segmented_control(
        "Examples", list(PAIRS), default="only_b", required=True, key="insight.compare.pairs",
        format_func=PAIRS.get, label_visibility="collapsed", persist_state="session",
    )  # fmt: skip
    chosen = [pair for pair in pairs if pair.kind == kind]
    st.caption(TOLD[kind] if chosen else "None was found: the other side reaches every region.")
    for place, pair in enumerate(chosen):
        with st.container(border=True, key=f"insight.compare.pair.{place}", gap="xxsmall"):
            st.caption(f"cosine {pair.similarity:.2f}")
            left, right_ = st.columns(2, gap="medium")
            for column, side, text in ((left, "A", pair.a_text), (right_, "B", pair.b_text)):
                column.markdown(f"**{side}** {plain(clip(text, 420))}")
