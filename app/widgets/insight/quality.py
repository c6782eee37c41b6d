"""The Quality part of the Insight page: verdicts, the score and its parts, groups side by side."""

import streamlit as st

from app import cache
from app.widgets import charts
from app.widgets.formats import count, figure, share, words
from app.widgets.layout import Card, cards, section
from app.widgets.tables import number, part, plain_table, right, score
from core.insight.report import InsightView
from core.quality.breakdown import (
    VARIABLE,
    GroupQuality,
    batches_of_version,
    variables_to_group_by,
)
from core.quality.intervals import Average, Rate
from core.quality.registry import CHECKS
from core.quality.report import QualityReport

SCORE_HELP = (
    "The product over all checks of 1 minus its weight times what its score lacks, 0 to 1. It says "
    "that nothing wrong was found, not that an answer is good: only a judge or a person sees that."
)
ACCEPTED_HELP = (
    "Samples at or above the threshold that accepts, or accepted by a person, of all samples, "
    "failed ones included. It follows the thresholds: compare batches decided by the same ones."
)
COMPLIANCE_HELP = "Samples whose answer satisfied the template's output schema, of all."
LEAST_TRUSTED = 30  # samples of a group, below which its figures say little


def quality_tab(view: InsightView) -> None:
    """What the checks found in a batch or in all batches of a template version."""
    batch_ids = scope_batches(view)
    if not batch_ids:
        st.caption(
            "Checks look at samples when they are made: open a batch or a template version to see "
            "what they found."
        )
        return
    report = cache.quality(batch_ids)
    _figures(report)
    left, right_side = st.columns(2)
    with left:
        charts.verdict_bars(report.verdicts, "Samples by verdict", key="insight.verdicts")
    with right_side:
        charts.histogram(report.score_histogram, "Samples by quality score", key="insight.scores")
    _parts(report)
    _groups(batch_ids)


def scope_batches(view: InsightView) -> tuple[str, ...]:
    """The batches whose samples a scope has; none for sources and dataset versions."""
    if view.scope.kind == "batch":
        return (view.scope.id,)
    if view.scope.kind == "template_version":
        return tuple(batches_of_version(cache.workspace(), view.scope.id))
    return ()


def _figures(report: QualityReport) -> None:
    accepted = report.verdicts.get("accepted", 0)
    accepted_share = accepted / report.samples if report.samples else None
    cards(
        [
            Card("Samples", count(report.samples)),
            Card("Accepted", share(accepted_share), ACCEPTED_HELP),
            Card("Needs review", count(report.verdicts.get("needs_review", 0)),
                 "Samples between the two thresholds: the checks cannot decide."),
            Card("Decided by a person", count(report.reviewed),
                 "Their verdict stays, whatever the thresholds say."),
            Card("Mean score", figure(report.mean_score, 2), SCORE_HELP),
            Card("Schema compliance", share(report.schema_compliance), COMPLIANCE_HELP),
        ]
    )  # fmt: skip


def _parts(report: QualityReport) -> None:
    section(
        "What the score is made of",
        "What each check found, and how much of the mean score it takes away.",
    )
    rows = [
        {
            "Check": words(row.check),
            "Found": row.found,
            "Share": 100 * row.share,
            "95 %": f"{share(row.low)} to {share(row.high)}",
            "Takes away": row.lost,
            "Meaning": CHECKS[row.check].description if row.check in CHECKS else "",
        }
        for row in sorted(report.checks, key=lambda row: -row.lost)
        if row.found
    ]
    plain_table(
        rows,
        key="insight.checks",
        columns={
            "Found": number("Found"), "Share": part("Share"), "95 %": right("95 %"),
            "Takes away": number("Takes away", "%.3f"),
        },
    )  # fmt: skip

    clean = ", ".join(words(row.check).lower() for row in report.checks if not row.found)
    if clean:
        st.caption(
            f"Nothing found by: {clean}. That a check found nothing means that it saw nothing, or "
            "has not looked yet: language, personal data, copies and judges come after generation."
        )


def _groups(batch_ids: tuple[str, ...]) -> None:
    section("Side by side", "The same figures for groups of samples.")
    names = variables_to_group_by(cache.workspace(), batch_ids)
    options = [*(VARIABLE + name for name in names), "language", "domain", "model"]
    if len(batch_ids) > 1:
        options.append("batch")
    options.append("template_version")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        by = st.segmented_control(
            "Group by", options, default=options[0], required=True, key="insight.quality.by",
            format_func=lambda name: words(name.removeprefix(VARIABLE)),
            label_visibility="collapsed", persist_state="session",
        )  # fmt: skip
        is_wide = st.toggle(
            "All batches of the template", key="insight.quality.wide", persist_state="session",
            value=False, help="Compare versions and models over everything the template made.",
        )  # fmt: skip
    template_id = cache.template_of_batch(batch_ids[0]) if is_wide else None
    groups = cache.quality_groups(by, () if is_wide else batch_ids, template_id)
    group_table(groups, by, key="insight.groups")


def group_table(groups: list[GroupQuality], by: str, *, key: str) -> None:
    """Groups with their shares and intervals."""
    rows = [
        {
            words(by.removeprefix(VARIABLE)): group.label or "unknown",
            "Samples": group.samples,
            "Accepted": 100 * (group.acceptance.value or 0.0),
            "Accepted, 95 %": _interval(group.acceptance),
            "Mean score": group.score.value,
            "Score, 95 %": _interval(group.score),
            "Needs review": group.needs_review,
            "Most frequent findings": _top(group),
        }
        for group in groups
    ]
    plain_table(
        rows,
        key=key,
        columns={
            "Samples": number("Samples"), "Accepted": part("Accepted", 110),
            "Accepted, 95 %": right("95 %"), "Mean score": score("Mean score", 110),
            "Score, 95 %": right("95 %"), "Needs review": number("Needs review"),
        },
    )  # fmt: skip
    if any(group.samples < LEAST_TRUSTED for group in groups):
        st.caption(f"Groups of fewer than {LEAST_TRUSTED} samples say little: see their intervals.")


def _interval(found: Rate | Average) -> str:
    if found.low is None or found.high is None:
        return "–"
    if isinstance(found, Rate):
        return f"{share(found.low)} to {share(found.high)}"
    return f"{figure(found.low, 3)} to {figure(found.high, 3)}"


def _top(group: GroupQuality) -> str:
    ranked = sorted(group.defects.items(), key=lambda item: -(item[1].value or 0.0))[:3]
    return ", ".join(f"{words(name).lower()} {share(rate.value)}" for name, rate in ranked)
