"""The Diversity part of the Insight page: figures with plain words."""

import streamlit as st

from app.widgets.insight.metric_text import metric_text
from app.widgets.layout import Card, cards, section
from core.insight.contents import MetricValue
from core.insight.diversity.metrics import METRICS
from core.insight.report import InsightView

HEADLINES = (
    "vendi_score",
    "mean_similarity",
    "self_bleu",
    "near_duplicates_semantic",
    "coverage",
)


def diversity_tab(view: InsightView) -> None:
    """Each figure with what it means and when not to trust it."""
    cards(_headline(name, view.metrics.get(name)) for name in HEADLINES)
    section("All figures", "What each means, and when not to trust it.")
    rows = [
        {
            "Figure": METRICS[name].label,
            "Value": metric_text(name, found.value),
            "± 95 %": metric_text(name, found.error) if found.error else "",
            "Texts": found.sample_size,
            "Good is": METRICS[name].better,
            "Meaning": METRICS[name].meaning,
            "Caution": METRICS[name].caution,
        }
        for name, found in view.metrics.items()
    ]
    st.table(rows, border="horizontal")


def _headline(name: str, found: MetricValue | None) -> Card:
    """A figure that matters; one of meaning stays open until texts are embedded."""
    value = "–" if found is None else metric_text(name, found.value)
    if found is not None and found.error:
        value += f" ± {metric_text(name, found.error)}"
    return Card(METRICS[name].label, value, METRICS[name].meaning)
