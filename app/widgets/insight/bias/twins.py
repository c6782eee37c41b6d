"""Counterfactual twins in the Bias part: making them, and what a changed value did."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import streamlit as st

from app import cache, state
from app.widgets.errors import show_errors
from app.widgets.formats import count, day, duration, money, plain, plural, words
from app.widgets.insight.bias.twins_report import report_view
from app.widgets.layout import go_button, section
from app.widgets.states import ACTIVE, state_badge
from core.errors import SeedbedError
from core.generation.batches import ENDED
from core.generation.estimate import Estimate
from core.insight.contents import Representation
from core.insight.report import InsightView
from core.jobs.pairs.twins import (
    TwinRequest,
    Twins,
    dependents,
    get_twins,
    launch_twins,
    list_twins,
)
from core.text.hashing import canonical_hash

PREFIX = "insight.twins"
INTERVAL_S = 1.0
USUAL_PAIRS = 200


def twins_view(view: InsightView) -> None:
    """Ask for twins of a batch, and read what they show."""
    if view.scope.kind != "batch":
        st.caption("Twins are made of one batch: choose a batch above.")
        return
    found = list_twins(cache.workspace(), view.scope_id)
    groups = {
        one.variable: one
        for one in view.bias.representation
        if len([row for row in one.rows if row.count or not one.is_assumed]) > 1 and one.total
    }
    section(
        "Does the group itself change the answer?",
        "The same prompts once more with one value changed: what differs then is due to the value, "
        "not to the tasks that a group was given.",
    )
    if groups:
        with st.container(border=True):
            _form(view.scope_id, groups, len(found))
    if not found:
        st.caption("There are no twins of this batch yet.")
        return
    twins = _picker(found)
    if _is_live(twins):
        st.fragment(_progress, run_every=INTERVAL_S)(twins.pair_report_id)
    elif twins.state == "ready":
        report_view(twins)
    else:
        state_badge("failed")
        st.caption(plain(twins.message))
    go_button(
        "Open their batch", "batches", key=f"{PREFIX}.open", icon=":material/open_in_new:",
        batch=twins.twins_batch_id,
    )  # fmt: skip


def _form(batch_id: str, groups: Mapping[str, Representation], known: int) -> None:
    request = _wish(batch_id, groups)
    try:
        line = _cost(cache.twins_estimate(request))
        kept = dependents(cache.workspace(), batch_id, request.variable)
    except SeedbedError as error:
        st.info(plain(str(error)), icon=":material/info:")
        return
    if kept:
        st.caption(
            plain(
                f"Drawn from {words(request.variable).lower()}, and left as it was drawn: "
                f"{', '.join(map(words, kept)).lower()}. A name may then contradict the new value."
            )
        )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Make twins", key=f"{PREFIX}.make", type="primary", icon=":material/compare_arrows:",
            on_click=make, args=(request, known),
        )  # fmt: skip
        st.caption(line, width="stretch")


def _cost(found: Estimate) -> str:
    """Calls and cost; samples that the change does not touch are known already."""
    asked = found.n - found.reuse.reusable
    cost = "no price is known for this model"
    if found.cost_usd is not None:
        cost = f"expected {money(found.cost_usd)}, at most {money(found.worst_case_usd)}"
    return plain(f"{plural(asked, 'call')} · {cost} · {duration(found.seconds)}")


def _wish(batch_id: str, groups: Mapping[str, Representation]) -> TwinRequest:
    first, second, third, fourth = st.columns([2, 2, 2, 1.2])
    variable = first.selectbox(
        "Variable", list(groups), key=f"{PREFIX}.variable", format_func=words
    )
    rows = groups[variable].rows
    counts = {row.group: row.count for row in rows if row.count}
    value_from = second.selectbox(
        "Samples with", list(counts), key=f"{PREFIX}.from.{variable}",
        format_func=lambda name: f"{name} ({count(counts[name])})",
    )  # fmt: skip
    others = [row.group for row in rows if row.group != value_from]
    value_to = third.selectbox("become", others, key=f"{PREFIX}.to.{variable}.{value_from}")
    most = counts[value_from]
    pairs = fourth.number_input(
        "Pairs", 1, most, min(USUAL_PAIRS, most), key=f"{PREFIX}.pairs.{variable}.{value_from}",
        help="100 pairs show a medium difference, 400 a small one. Each is one call.",
    )  # fmt: skip
    return TwinRequest(batch_id, variable, value_from, value_to, int(pairs))


def make(request: TwinRequest, known: int) -> None:
    """The button's callback. A double click carries the same number of twins: it launches once."""
    key = f"twins-{canonical_hash([repr(request), known])[:32]}"
    with show_errors():
        twins = launch_twins(cache.workspace(), replace(request, idempotency_key=key))
        state.offer(f"{PREFIX}.chosen", twins.pair_report_id)
        state.notify("The twins are launched.")


def _picker(found: Sequence[Twins]) -> Twins:
    by_id = {one.pair_report_id: one for one in found}
    key = f"{PREFIX}.chosen"
    if state.value_of(key) not in by_id:
        state.offer(key, found[0].pair_report_id)
    if len(found) == 1:
        return found[0]
    chosen = st.selectbox(
        "Twins", list(by_id), key=key, width=440, label_visibility="collapsed",
        format_func=lambda i: f"{named(by_id[i])} · {day(by_id[i].created_at)}",
    )  # fmt: skip
    return by_id[chosen]


def named(twins: Twins) -> str:
    """What was changed: "Gender: woman becomes man"."""
    report = twins.report
    return f"{words(report.variable)}: {report.value_from} becomes {report.value_to}"


def _is_live(twins: Twins) -> bool:
    if twins.state == "ready" or twins.state == "failed":
        return False
    return (
        twins.batch_state in ACTIVE
        or twins.batch_state == "paused"
        or (twins.batch_state in ENDED and twins.state in ("queued", "running"))
    )


def _progress(pair_report_id: str) -> None:
    twins = get_twins(cache.workspace(), pair_report_id)
    if not _is_live(twins):
        st.rerun()
    if twins.batch_state in ENDED:
        told = f"{named(twins)}: comparing the pairs"
    else:
        told = (
            f"{named(twins)}, {twins.batch_state}: {count(twins.made)} of {count(twins.planned)} "
            "samples, unchanged ones included"
        )
    st.progress(min(1.0, twins.made / twins.planned) if twins.planned else 0.0, plain(told))
    if twins.message:
        st.caption(plain(twins.message))
