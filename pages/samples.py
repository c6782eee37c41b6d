"""Samples: find them, and see one in full with everything it came from."""

import streamlit as st

from app import cache, state
from app.widgets.errors import show_errors
from app.widgets.layout import back_button, go_button, page_header, section
from app.widgets.samples.augmentation import augment_view
from app.widgets.samples.derivation import derivation_view
from app.widgets.samples.evidence import findings_view
from app.widgets.samples.sample_import import import_view
from app.widgets.samples.sample_list import sample_list
from app.widgets.samples.sample_view import (
    attempts_table,
    lineage_view,
    reviews_view,
    sample_badges,
    sample_texts,
    variables_view,
)
from core.generation.samples import sample_lineage


def sample_view(sample_id: str) -> None:
    lineage = sample_lineage(cache.workspace(), sample_id)
    sample = lineage.sample
    back_button("All samples", "samples", key="samples.back")
    with page_header(f"Sample {sample.plan_index + 1} of {lineage.batch.name}"):
        go_button(
            "Review it", "review", key="samples.review_one", primary=True, sample=sample_id
        )  # fmt: skip
    sample_badges(sample)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        sample_texts(sample)
        variables_view(sample)
    with right:
        lineage_view(lineage)
        derivation_view(sample)
        section("Findings")
        findings_view(lineage.findings, sample)
        section("Reviews")
        reviews_view(lineage.reviews)
    section("Calls")
    attempts_table(lineage.attempts, key="samples.attempts")


with show_errors():
    if state.selected("view") == "import":
        import_view()
    elif state.selected("view") == "augment":
        augment_view()
    elif state.selected("sample"):
        sample_view(state.selected("sample") or "")
    else:
        sample_list()
