"""Having samples judged: by which rubric, which samples, by whom, and for how much."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import streamlit as st

from app import cache, state
from app.navigation import go
from app.widgets.errors import show_errors
from app.widgets.formats import count, duration, money, plain, plural, sentence
from app.widgets.judges.rubric_list import starters
from app.widgets.layout import empty_state, page_header
from app.widgets.pickers import batch_label, has_key, model_picker
from core.errors import SeedbedError
from core.generation.batches import LaunchRequest
from core.generation.browsing import count_batches, list_batches
from core.jobs.comparing import list_comparisons
from core.jobs.judging import JUDGEMENT, launch_judging
from core.quality.judge.choosing import MAX_JUDGED, JudgedChoice
from core.quality.judge.requests import MAX_JUDGES, JudgeModel, JudgingRequest, judging_launches
from core.quality.judge.rubrics import list_rubrics
from core.text.hashing import canonical_hash

PREFIX = "judges.launch"
FORMS = {"score": "Score each sample", "pair": "Compare in pairs"}
WHICH = {
    "undecided": "Undecided: heuristics ask for review, nobody has looked",
    "reviewed": "Reviewed by people: to calibrate the judges",
    "all": "All generated samples",
    "accepted": "Accepted",
    "rejected": "Rejected",
}


def launch_view() -> None:
    """The page at judges?view=launch."""
    if st.button(
        "All judgements", key=f"{PREFIX}.back", type="tertiary", icon=":material/arrow_back:"
    ):
        go("judges")
    page_header(
        "Judge samples", "Each judge is a batch of its own, in the ledger and under its budget. "
        "Its score enters the quality of a sample; what people decided stays.",
    )  # fmt: skip
    rubrics = {row.latest.rubric_version_id: row for row in list_rubrics(cache.workspace())}
    if not rubrics:
        with empty_state(
            ":material/rule:", "There is no rubric yet", "A judge is asked by a rubric. Take one:"
        ):
            st.container()
        starters(taken=set())
        return
    with st.container(border=True):
        left, right = st.columns([3, 2], vertical_alignment="bottom")
        version_id = left.selectbox(
            "Rubric", list(rubrics), key=f"{PREFIX}.rubric",
            format_func=lambda i: f"{rubrics[i].definition.title}, "
            f"version {rubrics[i].latest.number}",
        )  # fmt: skip
        with right:
            form = st.segmented_control(
                "Form", list(FORMS), default="score", required=True, key=f"{PREFIX}.form",
                format_func=FORMS.get, label_visibility="collapsed",
            )  # fmt: skip
        wish = _pairs() if form == "pair" else _samples()
        judges, budget, is_usable = _judges()
        request = JudgingRequest(version_id, judges, form, **wish, budget_usd=budget)
        _start(request, is_usable=is_usable)


def _samples() -> dict[str, Any]:
    batches = {b.batch_id: b for b in list_batches(cache.workspace(), limit=200)}
    chosen = state.selected("batch")
    first, second, third, fourth = st.columns([4, 4, 1.4, 1.6], vertical_alignment="bottom")
    batch_ids = first.multiselect(
        "From batches", list(batches), [chosen] if chosen in batches else [],
        key=f"{PREFIX}.batches", format_func=lambda i: batch_label(batches[i]),
        placeholder="All of them",
    )  # fmt: skip
    which = second.selectbox(
        "Which samples", list(WHICH), key=f"{PREFIX}.which", format_func=WHICH.__getitem__,
        help="A judge costs money for each sample. Heuristics decide most of them for nothing.",
    )  # fmt: skip
    most = third.number_input(
        "At most", 1, MAX_JUDGED, 500, key=f"{PREFIX}.most", help="An even draw where more fit."
    )
    again = fourth.toggle(
        "Judge again", key=f"{PREFIX}.again",
        help="Also what the same judge has judged by this version of the rubric.",
    )  # fmt: skip
    return {"choice": JudgedChoice(tuple(batch_ids), which=which, at_most=int(most), again=again)}


def _pairs() -> dict[str, Any]:
    comparisons = {p.comparison.comparison_id: p for p in list_comparisons(cache.workspace())}
    batches = {b.batch_id: b for b in list_batches(cache.workspace(), limit=200)}
    options = [*comparisons, ""]
    first, second, third, fourth = st.columns([4, 3, 3, 1.4], vertical_alignment="bottom")
    comparison = first.selectbox(
        "Comparison", options, key=f"{PREFIX}.comparison",
        format_func=lambda i: comparisons[i].comparison.name if i else "Two batches of my choice",
    )  # fmt: skip
    a = b = None
    if not comparison:
        a = second.selectbox(
            "One batch", list(batches), key=f"{PREFIX}.a",
            format_func=lambda i: batch_label(batches[i]),
        )  # fmt: skip
        b = third.selectbox(
            "The other", list(batches), index=min(1, len(batches) - 1) if batches else None,
            key=f"{PREFIX}.b", format_func=lambda i: batch_label(batches[i]),
        )  # fmt: skip
    most = fourth.number_input("Pairs at most", 1, MAX_JUDGED, 200, key=f"{PREFIX}.pairs")
    st.caption(
        "Samples at the same place of both plans are compared, in both orders: two calls a pair."
    )
    choice = JudgedChoice(at_most=int(most))
    if comparison:
        return {"choice": choice, "comparison_id": comparison}
    return {"choice": choice, "pairs": (a or "", b or "")}


def _judges() -> tuple[tuple[JudgeModel, ...], Decimal | None, bool]:
    with st.container(horizontal=True, gap="medium"):
        number = st.number_input(
            "Judges", 1, MAX_JUDGES, 1, key=f"{PREFIX}.judges", width=120,
            help="Several models of different families show where a judge stands alone.",
        )  # fmt: skip
        budget = _budget()
    found, is_usable = [], True
    columns = st.columns(2) if number > 1 else [st.container()]
    for place in range(int(number)):
        with columns[place % len(columns)]:
            choice = model_picker(cache.workspace(), key=f"{PREFIX}.judge.{place}")
        found.append(JudgeModel(choice.connection.name, choice.model))
        is_usable = is_usable and has_key(choice.connection)
    return tuple(found), budget, is_usable


def _budget() -> Decimal | None:
    cap = st.number_input(
        "Budget of each judge, USD", 0.0, 1e6, None, key=f"{PREFIX}.budget", width=220,
        placeholder="No cap", help="Its batch pauses before this.",
    )  # fmt: skip
    return None if not cap else Decimal(str(cap))


def _start(request: JudgingRequest, *, is_usable: bool) -> None:
    """What it comes to, and the button."""
    try:
        launches = judging_launches(cache.workspace(), request)
        lines = [_line(launch) for launch in launches]
    except SeedbedError as error:
        st.info(plain(str(error)), icon=":material/info:")
        return
    judged = max(launch.n for launch in launches)
    is_pair = request.form == "pair"
    what = plural(judged // 2, "pair") if is_pair else plural(judged, "sample")
    with st.container(horizontal=True, vertical_alignment="center"):
        is_sent = st.button(
            f"Judge {what}", key=f"{PREFIX}.submit", type="primary", disabled=not is_usable
        )
        with st.container(gap="xxsmall"):
            for line in lines:
                st.caption(plain(line))
    if is_sent:
        with show_errors():
            done = count_batches(cache.workspace(), kinds=(JUDGEMENT,))
            key = f"judge-{canonical_hash([repr(request), done])[:32]}"
            batches = launch_judging(cache.workspace(), replace(request, idempotency_key=key))
            state.notify(f"{plural(len(batches), 'judge')} at work: results appear here.")
            go("judges")


def _line(launch: LaunchRequest) -> str:
    found = cache.launch_estimate(replace(launch, origin={}))
    cost = f"expected {money(found.cost_usd)}, at most {money(found.worst_case_usd)}"
    if found.cost_usd is None:
        cost = "no price is known for this model"
    return " · ".join(
        (
            launch.model, f"{plural(found.n, 'call')}",
            f"about {count(found.output_tokens)} tokens out", cost,
            f"about {duration(found.seconds)}", sentence(found.basis),
        )
    )  # fmt: skip
