"""Pieces of the Overview: the figures that matter, and what waits for a person."""

import streamlit as st

from app import cache
from app.navigation import page
from app.widgets import charts
from app.widgets.formats import clip, count, money, plain, plural, sentence, share, words
from app.widgets.layout import Card, cards, go_button, section
from app.widgets.spend.budgets import pressing_budgets, used_percent
from core.datasets.browsing import DatasetRow
from core.db.tables import Batch
from core.quality.breakdown import GroupQuality

STEPS = (
    ("templates", "1. Template", "Prompts, variables and output schema; preview it."),
    ("batches", "2. Batch", "Samples in the background, within a budget."),
    ("insight", "3. Insight", "Diversity, coverage, bias, quality."),
    ("review", "4. Review", "Accept, edit or reject by keyboard."),
    ("datasets", "5. Dataset", "An immutable version to train on."),
)
MOST_TASKS = 4


def qualities(batches: list[Batch]) -> dict[str, GroupQuality]:
    """Verdicts and scores of these batches by id, in one look; none for batches without samples."""
    ids = tuple(batch.batch_id for batch in batches)
    if not ids:
        return {}
    return {g.key: g for g in cache.quality_groups("batch", ids, None, with_defects=False)}


def steps() -> None:
    """The way from a template to a dataset, for an empty workspace."""
    for column, (noun, title, text) in zip(st.columns(len(STEPS)), STEPS, strict=True):
        with column.container(border=True, height="stretch", gap="xsmall"):
            st.markdown(f"**{title}**")
            st.caption(text)
            go_button("Open", noun, key=f"overview.step.{noun}", icon=page(noun).icon)


def figures() -> None:
    """Samples, acceptance, what waits, money."""
    total, counts = cache.totals(), cache.verdicts()
    samples, accepted = sum(counts.values()), counts.get("accepted", 0)
    waiting = counts.get("needs_review", 0)
    cards(
        [
            Card("Samples", count(samples)),
            Card(
                "Accepted",
                share(accepted / samples if samples else None),
                f"{plural(accepted, 'sample')}, by the checks or by a person.",
            ),
            Card("Needs review", count(waiting), "Samples between the two thresholds."),
            Card("Spent today", money(total.today_usd)),
            Card("Spent this month", money(total.month_usd)),
        ]
    )


def tasks(batches: list[Batch], datasets: list[DatasetRow]) -> None:
    """What waits for a person, each with the button that leads there."""
    found: list[tuple[str, str, str, dict[str, str]]] = []
    for batch in batches:
        if batch.state in ("paused", "failed"):
            why = f" ({words(batch.pause_reason).lower()})" if batch.pause_reason else ""
            text = f"**{plain(clip(batch.name, 40))}** is {batch.state}{plain(why)}."
            found.append((text, "Open it", "batches", {"batch": batch.batch_id}))
    for budget, label in pressing_budgets():
        text = (
            f"**{plain(clip(sentence(label), 40))}**: {used_percent(budget)} % of the budget spent."
        )
        found.append((text, "Open it", "spend", {}))
    quality = qualities(batches)
    for batch in batches:
        waiting = quality[batch.batch_id].needs_review if batch.batch_id in quality else 0
        if waiting:
            text = f"**{plain(clip(batch.name, 40))}**: {plural(waiting, 'sample')} to review."
            found.append((text, "Review", "review", {"batch": batch.batch_id}))
    if not datasets:
        found.append(("Nothing is released yet.", "Build a dataset", "datasets", {"view": "build"}))
    section("Waits for you")
    if not found:
        st.caption("Nothing: no sample needs review and no batch is paused.")
    for i, (text, label, noun, query) in enumerate(found[:MOST_TASKS]):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(text, width="stretch")
            go_button(label, noun, key=f"overview.task.{i}", icon=page(noun).icon, **query)


def trend(batches: list[Batch]) -> None:
    """The mean quality score of each batch, oldest first."""
    finished = [batch for batch in reversed(batches) if batch.generated]
    quality = qualities(batches)
    scores = [
        (batch.name, quality[batch.batch_id].score.value)
        for batch in finished
        if batch.batch_id in quality
    ]
    known = [(name, score) for name, score in scores if score is not None]
    if not known:
        st.caption("The quality trend starts with the first samples.")
        return
    charts.bars(
        [f"{i}. {clip(name, 20)}" for i, (name, _) in enumerate(known, start=1)],
        [round(score, 2) for _, score in known],
        "Mean quality score by batch, 0 to 1",
        key="overview.trend",
        horizontal=True,
        top=1.0,
        decimals=2,
    )
