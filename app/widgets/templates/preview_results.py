"""A preview's samples as they come: sums and differences on top, then sample by sample."""

import json
from collections.abc import Sequence
from decimal import Decimal

import streamlit as st

from app import cache
from app.widgets.formats import GAP, count, duration, figure, money, plain, plural, share
from app.widgets.layout import Card, cards, section
from app.widgets.states import ACTIVE, state_badge
from app.widgets.tables import plain_table, right
from core.generation.batches import get_batch
from core.insight.comparing.extrapolation import Range
from core.insight.comparing.preview_report import (
    FullBatch,
    Preview,
    PreviewSample,
    full_batch,
    load_preview,
)
from core.jobs.running.workers import list_workers
from core.templates.versions import version_name
from core.text.field_verdicts import FieldVerdict

INTERVAL_S = 0.7
CODE_PX = 300
LETTERS = "AB"
ICONS = {
    "fits": ":green[:material/check:]",
    "wrong": ":red[:material/close:]",
    "absent": ":gray[:material/remove:]",
    "unknown": ":gray[:material/question_mark:]",
}
KEY = "templates.preview"


def preview_results(batch_ids: Sequence[str]) -> None:
    """Polls until every side has ended."""
    live = any(get_batch(cache.workspace(), i).state in ACTIVE for i in batch_ids)
    st.fragment(_results, run_every=INTERVAL_S if live else None)(tuple(batch_ids), live)


def _results(batch_ids: tuple[str, ...], live: bool) -> None:
    sides = [load_preview(cache.workspace(), batch_id) for batch_id in batch_ids]
    if live and not any(side.batch.state in ACTIVE for side in sides):
        st.rerun()
    _heads(sides, live)
    if not any(side.samples for side in sides):
        return
    if len(sides) == 1:
        cards(_figures(sides[0]))
    else:
        _sums(sides)
    if not live:
        _full_batch(sides)
    section("Samples")
    for place in range(sides[0].batch.n):
        pair = [next((s for s in side.samples if _place(s, side) == place), None) for side in sides]
        if any(pair):
            _row(place, pair)


def _place(found: PreviewSample, side: Preview) -> int:
    return found.sample.plan_index - side.batch.plan_offset


def names(sides: Sequence[Preview]) -> list[str]:
    """What tells the sides apart: their versions, or their models."""
    versions = [version_name(side.version) for side in sides]
    models = [side.batch.model for side in sides]
    told = versions if len(set(versions)) > 1 else models
    return [f"{letter}, {name}" for letter, name in zip(LETTERS[: len(sides)], told, strict=True)]


def _heads(sides: Sequence[Preview], live: bool) -> None:
    labels = names(sides) if len(sides) > 1 else [version_name(sides[0].version)]
    for column, side, label in zip(st.columns(len(sides)), sides, labels, strict=True):
        with column:
            batch = side.batch
            with st.container(horizontal=True, vertical_alignment="center"):
                state_badge(batch.state, batch.pause_reason or "")
                told = f"{label} · {plain(batch.model)} on {plain(batch.connection)}"
                done = f"{len(side.samples)} of {plural(batch.n, 'sample')} · seed {batch.seed}"
                st.caption(f"{told} · {done}", width="content")
            if batch.state in ACTIVE:
                st.progress(len(side.samples) / batch.n)
            if batch.message:
                st.warning(plain(batch.message), icon=":material/info:")
    if live and not any(worker.kind == "generate" for worker in list_workers(cache.workspace())):
        st.warning("No worker runs. `seedbed up` starts one.", icon=":material/warning:")


def latency(milliseconds: float | None) -> str:
    """1,240 ms, or seconds from ten on."""
    if milliseconds is None:
        return "–"
    short = milliseconds < 10_000
    return f"{milliseconds:,.0f}{GAP}ms" if short else duration(milliseconds / 1000)


def _figures(side: Preview) -> list[Card]:
    sums = side.sums
    return [
        Card("Fit the schema", f"{sums.compliant} of {sums.finished}"),
        Card("Accepted", f"{sums.accepted} of {sums.finished}", "By the checks alone."),
        Card("Tokens in", count(sums.input_tokens)),
        Card("Tokens out", count(sums.output_tokens)),
        Card("Cost", money(sums.cost_usd), f"{plural(sums.calls, 'call')}, repairs included."),
        Card("Latency", latency(sums.mean_latency_ms), "Mean of a sample's calls together."),
    ]


def _sums(sides: Sequence[Preview]) -> None:
    """Both sides and B less A, a row a measure."""
    a, b = (side.sums for side in sides)
    rows = [
        ("Samples that fit the schema", a.compliant, b.compliant, count),
        ("Accepted by the checks", a.accepted, b.accepted, count),
        ("Mean score", a.mean_score, b.mean_score, lambda v: figure(v, 2)),
        ("Tokens in", a.input_tokens, b.input_tokens, count),
        ("Tokens out", a.output_tokens, b.output_tokens, count),
        ("Cost", a.cost_usd, b.cost_usd, money),
        ("Latency of a sample", a.mean_latency_ms, b.mean_latency_ms, latency),
        ("Calls", a.calls, b.calls, count),
    ]
    first, second = names(sides)
    table = [
        {
            "Measure": name, first: shown(left), second: shown(right_),
            "Difference": _difference(left, right_, shown),
        }
        for name, left, right_, shown in rows
    ]  # fmt: skip
    columns = {name: right(name) for name in (first, second, "Difference")}
    plain_table(table, key=f"{KEY}.sums", columns=columns)


def _difference(a, b, shown) -> str:
    if a is None or b is None:
        return "–"
    gap = b - a
    if not gap:
        return "0"
    sign = "+" if gap > 0 else "−"
    relative = f" ({sign}{share(abs(float(gap)) / float(a), 0)})" if a else ""
    return f"{sign}{shown(abs(gap))}{relative}"


def _full_batch(sides: Sequence[Preview]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        n = int(
            st.number_input(
                "A full batch of", 1, 1_000_000, 1_000, step=100, key=f"{KEY}.full_n", width=180
            )
        )
        found = [full_batch(cache.workspace(), side, n) for side in sides]
        st.caption(plain(found[0].basis), width="stretch")
    _expected(found, names(sides) if len(sides) > 1 else ["Expected"])
    for side, one in zip(sides, found, strict=True):
        if one.cost_usd is None:
            st.caption(
                f"No price is known for {plain(side.batch.model)}. Settings, Prices takes one."
            )
        if one.cheaper:
            told = ", ".join(f"{name} {money(cost)}" for name, cost in one.cheaper)
            st.caption(
                f"The same tokens at other prices than {plain(side.batch.model)}'s: {plain(told)}. "
                "Preview one beside this before you trust it."
            )


def _expected(found: Sequence[FullBatch], labels: Sequence[str]) -> None:
    """A row a measure: for each side the figure and its 95 % range."""
    measures = {
        "Cost": [_usd(one.cost_usd) for one in found],
        "Time": [_spread(one.seconds, duration) for one in found],
        "Tokens in": [_spread(one.input_tokens, count) for one in found],
        "Tokens out": [_spread(one.output_tokens, count) for one in found],
    }
    table = []
    for name, cells in measures.items():
        row = {"Full batch": name}
        for label, (value, spread) in zip(labels, cells, strict=True):
            row |= {label: value, _range_of(label, labels): spread}
        table.append(row)
    columns = {name: right(name) for name in table[0] if name != "Full batch"}
    plain_table(table, key=f"{KEY}.full", columns=columns)


def _range_of(label: str, labels: Sequence[str]) -> str:
    return "Range" if len(labels) == 1 else f"Range of {label[0]}"


def _usd(found: Range | None) -> tuple[str, str | None]:
    return _spread(found, lambda v: money(Decimal(str(v))))


def _spread(found: Range | None, shown) -> tuple[str, str | None]:
    if found is None:
        return "not known", None
    if found.low is None or found.high is None:
        return shown(found.value), None
    low, high = shown(found.low), shown(found.high)
    return shown(found.value), None if low == high else f"{low} to {high}"


def _row(place: int, pair: Sequence[PreviewSample | None]) -> None:
    with st.container(border=True):
        variables = next(found.sample.variables for found in pair if found is not None)
        told = " · ".join(
            f"{name}: {value}" for name, value in variables.items() if not isinstance(value, dict)
        )
        st.markdown(f"**Sample {place + 1}**  :small[{plain(told[:300])}]")
        if len(pair) == 1 and pair[0] is not None:
            left, right_ = st.columns(2)
            with left:
                _prompts(pair[0], is_open=True)
            with right_:
                _answer(pair[0])
            return
        for column, found, letter in zip(st.columns(2), pair, LETTERS, strict=True):
            with column:
                if found is None:
                    st.caption(f"{letter} has not come yet.")
                    continue
                _answer(found)
                with st.expander("Prompt", key=f"{KEY}.prompt.{found.sample.sample_id}"):
                    _prompts(found, is_open=False)


def _answer(found: PreviewSample) -> None:
    sample = found.sample
    with st.container(horizontal=True):
        fits = found.is_compliant
        st.badge(
            "Fits the schema" if fits else "Does not fit the schema",
            color="green" if fits else "red",
        )
        state_badge(sample.verdict)
        if sample.quality_score is not None:
            st.badge(f"Score {figure(sample.quality_score, 2)}", color="gray")
    facts = [
        f"{count(found.input_tokens)} tokens in", f"{count(found.output_tokens)} out",
        money(found.cost_usd), latency(found.latency_ms), plural(found.calls, "call"),
    ]  # fmt: skip
    if found.is_reused:
        facts.append("reused, paid for before")
    st.caption(plain(" · ".join(facts)))
    st.markdown("  \n".join(_field(field) for field in found.fields))
    if found.answer is None:
        st.code(sample.raw_text or sample.failure, language=None, wrap_lines=True)
        return
    text = json.dumps(found.answer, indent=2, ensure_ascii=False)
    st.code(text, language="json", wrap_lines=True, height=CODE_PX)


def _field(field: FieldVerdict) -> str:
    """One field of the schema, in a line: what it is, and what is wrong with it."""
    name = field.path.removeprefix("/").replace("/", " › ").replace("*", "each") or "the answer"
    told = plain(field.kind) + ("" if field.is_required else ", optional")
    if field.state == "wrong":
        told = f":red[{plain('; '.join(field.problems))}]"
    elif field.state == "absent":
        told += ", left out"
    elif field.state == "unknown":
        told += ", no answer to look at"
    return f"{ICONS[field.state]} {plain(name)} :gray[{told}]"


def _prompts(found: PreviewSample, *, is_open: bool) -> None:
    for prompt in found.prompts:
        st.caption(f"Prompt of {plain(prompt.title)}" if prompt.title else "Prompt, as rendered")
        text = "\n\n".join(f"[{message.role}]\n{message.content}" for message in prompt.messages)
        st.code(text, language=None, wrap_lines=True, height=440 if is_open else CODE_PX)
