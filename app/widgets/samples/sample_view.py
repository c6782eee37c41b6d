"""One sample in full. Its text is untrusted: shown as text, never as Markdown or HTML."""

import json

import streamlit as st

from app.widgets.diff import diff_view
from app.widgets.formats import day, figure, money, plain, words
from app.widgets.layout import facts, section
from app.widgets.states import state_badge
from app.widgets.tables import number, plain_table
from core.db.tables import Attempt, Review, Sample
from core.generation.samples import Lineage
from core.templates.versions import version_name
from core.text.diffs import word_diff
from core.text.language import language_name


def text_box(label: str, text: str) -> None:
    """A labelled text, verbatim."""
    with st.container(gap="xxsmall"):
        st.caption(label)
        with st.container(border=True):
            st.text(text or "–")


def sample_texts(sample: Sample) -> None:
    """Input and response, or the raw text of a failed sample."""
    if sample.state == "failed":
        st.error(plain(sample.failure or "The sample failed."), icon=":material/error:")
        st.caption("Raw text as received")
        st.code(sample.raw_text or "(nothing was received)", language=None, wrap_lines=True)
        return
    text_box("Input", sample.input)
    text_box("Response", sample.response)


def sample_badges(sample: Sample) -> None:
    """Verdict, score and who decided."""
    with st.container(horizontal=True):
        if sample.state == "failed":
            state_badge("failed")
        state_badge(sample.verdict)
        st.badge(f"Score {figure(sample.quality_score, 2)}", color="gray")
        if sample.is_reviewed:
            st.badge("Reviewed", icon=":material/person_check:", color="gray")


def lineage_view(lineage: Lineage) -> None:
    """Where the sample came from, what it cost, what was found, who decided."""
    sample = lineage.sample
    cost = sum((a.cost_usd for a in lineage.attempts if a.cost_usd is not None), start=0)
    section("Lineage")
    facts(
        {
            "Sample": sample.sample_id,
            "Batch": lineage.batch.name,
            "Template": f"{lineage.template.title}, {version_name(lineage.version)}",
            "Model": f"{lineage.batch.model} on {lineage.batch.connection}",
            "Place in the plan": f"{sample.plan_index + 1:,} of {lineage.batch.n:,}",
            "Seed": str(lineage.batch.seed),
            "Language": language_name(sample.language) if sample.language else "not known",
            "Created, UTC": day(sample.created_at),
            "Cost": money(cost),
        }
    )
    if lineage.chunk is not None and lineage.source is not None:
        place = f"characters {lineage.chunk.start_char:,} to {lineage.chunk.end_char:,}"
        text_box(f"Source chunk: {plain(lineage.source.name)}, {place}", lineage.chunk.text)


def variables_view(sample: Sample, *, has_output: bool = True) -> None:
    """The plan's values, and the parsed output where wanted."""
    section("Variables")
    # The parent has its own place on the page; its texts are no value to read here.
    shown = {n: v for n, v in sample.variables.items() if n != "parent" or not sample.parent_id}
    facts({words(name): _value_text(value) for name, value in shown.items()})
    if has_output and sample.output is not None:
        st.caption("Output")
        st.code(json.dumps(sample.output, ensure_ascii=False, indent=2), "json", wrap_lines=True)


def _value_text(value: object) -> str:
    """A variable's value on one line; a persona as its parts."""
    if isinstance(value, dict):
        # A persona's first and last name stand in its name already.
        parts = {name: str(part) for name, part in value.items() if not name.endswith("_name")}
        return ", ".join((parts or {"": "–"}).values())
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def attempts_table(attempts: list[Attempt], *, key: str) -> None:
    """Every call made for it, with tokens, cost and outcome."""
    if not attempts:
        st.caption("No call is recorded.")
        return
    plain_table([attempt_row(a) for a in attempts], key=key, columns=ATTEMPT_COLUMNS)


ATTEMPT_COLUMNS = {
    "Cost, USD": st.column_config.NumberColumn(format="%.6f"),
    "Latency, ms": number("Latency, ms"),
    "Tokens in": number("Tokens in"),
    "Tokens out": number("Tokens out"),
}


def attempt_row(attempt: Attempt) -> dict[str, object]:
    """One ledger entry as a table row."""
    return {
        "Time, UTC": day(attempt.created_at),
        "Model": attempt.model,
        "Outcome": words(attempt.state)
        + (f" ({words(attempt.failure_kind).lower()})" if attempt.failure_kind else ""),
        "Latency, ms": attempt.latency_ms,
        "Tokens in": attempt.input_tokens,
        "Tokens out": attempt.output_tokens,
        "Cost, USD": None if attempt.cost_usd is None else float(attempt.cost_usd),
        "Bill": _bill(attempt),
    }


def _bill(attempt: Attempt) -> str:
    if attempt.cost_usd is None:
        return "open" if attempt.state == "open" else "no price known"
    if attempt.is_estimated:
        return "estimated"
    # Nobody but an admin knows what a call cost whose outcome never came.
    return "corrected" if attempt.state == "unknown" else "known"


def reviews_view(reviews: list[Review]) -> None:
    """Human decisions, with what they changed."""
    for review in reviews:
        detail = f" · {words(review.reason)}" if review.reason else ""
        st.markdown(
            f"**{words(review.decision)}** · {day(review.created_at)} UTC · "
            f"{review.seconds:.0f} s{plain(detail)}"
        )
        for name, text in (review.corrected or {}).items():
            before = review.original.get(name)
            if isinstance(text, str) and isinstance(before, str) and text != before:
                st.caption(f"{words(name)}, before and after")
                diff_view(word_diff(before, text))
    if not reviews:
        st.caption("Nobody has reviewed it yet.")
