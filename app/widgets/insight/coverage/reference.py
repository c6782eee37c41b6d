"""A scope beside a reference: how much of it is covered, and which parts are thin."""

import streamlit as st

from app import cache, state
from app.widgets.errors import show_errors
from app.widgets.formats import ago, count, figure, plain, plural, share, words
from app.widgets.insight.coverage.gap_fill import fills_view, follow, gap_table
from app.widgets.layout import Card, cards, section
from app.widgets.tables import number, part, plain_table
from core.insight.contents import MetricValue
from core.insight.coverage.fills import FilledGap
from core.insight.coverage.gaps import Gap
from core.insight.coverage.grid_view import grid_fills
from core.insight.coverage.reference_meanings import MEANINGS, SIZES
from core.insight.coverage.reference_report import ReferenceReport
from core.insight.records import ScopeKind
from core.insight.scopes import ScopeRow, list_scopes
from core.jobs.aimed.filling_gaps import FillRequest
from core.jobs.pairs.reference_coverage import (
    PARTS,
    ReferenceView,
    list_coverage,
    load_coverage,
    request_coverage,
)

OFFERED: tuple[ScopeKind, ...] = ("source", "batch", "dataset_version")
NAMES = {"source": "Source", "batch": "Batch", "dataset_version": "Dataset version",
         "template_version": "Template version"}  # fmt: skip
PART_NAMES = {"texts": "Whole texts", "inputs": "Inputs", "responses": "Responses"}
INTERVAL_S = 2.0


def reference_view_of(scope_id: str) -> None:
    """The choice of a reference, its figures, its thin parts and what fills have changed."""
    reference_id = _picked(scope_id)
    if reference_id is None:
        st.caption("There is nothing to compare with: import a table, a document or a batch first.")
        return
    view = load_coverage(cache.workspace(), scope_id, reference_id)
    if view.state == "failed":
        st.error(plain(view.message), icon=":material/error:")
    if view.is_waiting:
        st.fragment(_progress, run_every=INTERVAL_S)(scope_id, reference_id, _marker(view))
    if not view.report.now:
        if not view.is_waiting:
            st.caption(
                "Not measured yet. Up to 5,000 texts of each side are embedded and compared: first "
                "figures come from 1,000."
            )
        return
    _figures(view.report)
    _parts(view)


def _picked(scope_id: str) -> str | None:
    rows = {
        row.scope.id: row
        for kind in OFFERED
        for row in list_scopes(cache.workspace(), kind, limit=100)
        if row.scope.id != scope_id and row.texts
    }
    if not rows:
        return None
    known = [view.reference_id for view in list_coverage(cache.workspace(), scope_id)]
    first = next((i for i in known if i in rows), next(iter(rows)))
    left, middle, right = st.columns([3, 2, 1], vertical_alignment="bottom")
    chosen: str = left.selectbox(
        "Reference", list(rows), index=list(rows).index(first), key=f"insight.reference.{scope_id}",
        format_func=lambda i: _label(rows[i]),
        help="What the texts should be like: real texts, documents, an earlier release.",
    )  # fmt: skip
    view = load_coverage(cache.workspace(), scope_id, chosen)
    key = f"insight.reference.part.{scope_id}.{chosen}"
    compared = middle.segmented_control(
        "Compared", list(PARTS), default=view.report.part, required=True, key=key,
        format_func=lambda name: PART_NAMES[name],
        help="Inputs alone compare questions with questions. A side without them counts whole.",
    )  # fmt: skip
    right.button(
        "Measure again" if view.report.now else "Measure", key="insight.reference.measure",
        on_click=_measure, args=(scope_id, chosen, key), disabled=view.is_waiting,
        type="secondary" if view.report.now and compared == view.report.part else "primary",
        width="stretch",
    )  # fmt: skip
    return chosen


def _label(row: ScopeRow) -> str:
    return f"{NAMES[row.scope.kind]}: {row.name} · {count(row.texts)}"


def _measure(scope_id: str, reference_id: str, key: str) -> None:
    with show_errors():
        request_coverage(cache.workspace(), scope_id, reference_id, state.value_of(key, "texts"))


def _marker(view: ReferenceView) -> str:
    return f"{view.is_waiting}.{view.computed_at}"


def _progress(scope_id: str, reference_id: str, marker: str) -> None:
    view = load_coverage(cache.workspace(), scope_id, reference_id)
    if _marker(view) != marker:
        st.rerun()
    told = f"Embedding: {count(view.done)} of {count(view.total)} texts"
    if view.state == "queued":
        told = "Waiting for a compute worker"
    elif not view.total:
        told = "Reading the texts"
    elif view.done >= view.total:
        told = "Comparing"
    st.progress(min(1.0, view.done / view.total) if view.total else 0.0, told)


def _value(name: str, found: MetricValue | None) -> str:
    if found is None:
        return "–"
    return figure(found.value, 2) if name == "density" else share(found.value)


def _figures(report: ReferenceReport) -> None:
    items = []
    for name, (label, meaning, caution) in MEANINGS.items():
        found = report.now.get(name)
        before = report.before.get(name)
        rose = f" It was {_value(name, before)} before gaps were filled." if before else ""
        error = f" ± {_value(name, MetricValue(found.error, 0))}" if found and found.error else ""
        items.append(Card(label, _value(name, found) + error, f"{meaning} {caution}{rose}"))
    cards(items)
    drawn = f"{count(report.left.used)} of {plural(report.left.count, 'text')}"
    if report.fills:
        drawn += f" and {count(report.fills)} of batches that filled gaps"
    against = f"{count(report.reference.used)} of {plural(report.reference.count, 'text')}"
    rest = "" if report.is_whole else " A larger part follows."
    st.caption(f"{drawn} beside {against} of the reference.{rest} {SIZES}")


def _parts(view: ReferenceView) -> None:
    report = view.report
    gaps = [gap for gap in report.gaps if gap.is_certain]
    section(
        f"Thin parts: {len(gaps)} of {len(report.regions)}",
        "The reference in parts of like texts, named by their own terms. Wanted is a part's share "
        "of the reference; a text counts for the part whose middle it is nearest to. Listed are "
        "those that chance alone would leave so thin in fewer than 5 % of cases.",
    )
    wish = FillRequest(
        view.scope_id, (), 0, reference_id=view.reference_id,
        template_version_id=cache.grid(view.scope_id).template_version_id,
    )  # fmt: skip
    if gaps:
        gap_table(gaps, wish, key="insight.regions", is_region=True)
    else:
        st.caption("No part of the reference is thinner than chance would leave it.")
    if st.toggle(f"All {len(report.regions)} parts", key="insight.regions.all"):
        _all_parts(report)
    fills = [f for f in grid_fills(cache.workspace(), view.scope_id)
             if f.reference_id == view.reference_id]  # fmt: skip
    measured = set(report.fill_batch_ids)

    def now(gap: FilledGap) -> Gap | None:
        """A part as it was measured last, where that was after its batch."""
        is_measured = any(fill.batch_id in measured and gap in fill.gaps for fill in fills)
        return report.part_like(gap.gap_id, gap.label) if is_measured else None

    fills_view(fills, now, _rose(report), key="insight.reference.fills")
    follow(fills, lambda: grid_fills(cache.workspace(), view.scope_id))
    if view.computed_at is not None:
        st.caption(f"Measured {ago(view.computed_at)}; {words(report.part).lower()} compared.")


def _rose(report: ReferenceReport) -> str:
    before, now = report.before.get("coverage"), report.now.get("coverage")
    if before is None or now is None:
        return "Coverage is measured again when a batch has ended."
    return f"Coverage went from {share(before.value)} to {share(now.value)}."


def _all_parts(report: ReferenceReport) -> None:
    plain_table(
        [
            {
                "About": ", ".join(row.gap.terms) or row.gap.label,
                "Wanted": row.gap.wanted, "There": row.gap.present,
                "Reached": 100 * row.reached,
                "Such as": row.gap.examples[0] if row.gap.examples else "",
            }
            for row in report.regions
        ],
        key="insight.regions.table",
        columns={"Wanted": number("Wanted"), "There": number("There"),
                 "Reached": part("Reached", width=110)},
        height=440,
    )  # fmt: skip
