"""Where a derived sample comes from, what was derived from a sample, and how the two differ."""

import streamlit as st

from app import cache
from app.navigation import go
from app.widgets.diff import diff_view
from app.widgets.formats import clip, plain, plural, words
from app.widgets.states import state_badge
from core.db.tables import Sample
from core.generation.batches import get_batch
from core.generation.expansion.derivation import Relative, relatives
from core.text.diffs import word_diff

MOST_SHOWN = 12


def derivation_view(sample: Sample) -> None:
    """Links to the parent and to derived samples; nothing where there are none."""
    found = relatives(cache.workspace(), sample)
    if found.parent is not None:
        batch = get_batch(cache.workspace(), sample.batch_id)
        how = words(str(batch.origin.get("operation", "")))
        _link(f"Derived from: {clip(_text(found.parent), 70)}", found.parent, "parent")
        _differences(found.parent.sample, sample, how)
    if found.derived:
        st.caption(f"{plural(len(found.derived), 'sample')} derived from it")
        for relative in found.derived[:MOST_SHOWN]:
            with st.container(horizontal=True, vertical_alignment="center"):
                label = f"{words(relative.operation)}: {clip(_text(relative), 60)}"
                _link(label, relative, relative.sample.sample_id)
                state_badge(relative.sample.verdict)
        if len(found.derived) > MOST_SHOWN:
            st.caption(f"… and {len(found.derived) - MOST_SHOWN} more.")


def _text(relative: Relative) -> str:
    return relative.sample.input or relative.sample.response or relative.sample.failure


def _link(label: str, relative: Relative, key: str) -> None:
    if st.button(
        plain(label), key=f"samples.relative.{key}", type="tertiary",
        icon=":material/subdirectory_arrow_right:",
    ):  # fmt: skip
        go("samples", sample=relative.sample.sample_id)


def _differences(parent: Sample, sample: Sample, how: str) -> None:
    if sample.state != "generated" or parent.state != "generated":
        return
    with st.expander(f"{how}: what differs from the parent", expanded=True):
        for label, before, after in (
            ("Input", parent.input, sample.input),
            ("Response", parent.response, sample.response),
        ):
            st.caption(label if before != after else f"{label}: the same")
            if before != after:
                diff_view(word_diff(before, after))
