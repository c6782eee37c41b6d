"""The Bias part of the Insight page: groups, associations."""

import pandas as pd
import streamlit as st

from app.widgets import charts
from app.widgets.formats import plain, words
from app.widgets.layout import section
from app.widgets.tables import number, plain_table
from core.insight.contents import Association, Representation
from core.insight.report import InsightView


def bias_tab(view: InsightView) -> None:
    """Groups against their target, and associations in the embeddings."""
    if view.bias.note:
        st.info(plain(view.bias.note), icon=":material/info:")
    shown = [found for found in view.bias.representation if found.total]
    if shown:
        section("Representation", "Shares of groups against their target, with 95 % intervals.")
    for row in range(0, len(shown), 2):
        for place, found in zip(st.columns(2, gap="medium"), shown[row : row + 2], strict=False):
            with place:
                _representation(found)
    for note in dict.fromkeys(found.note for found in shown):
        st.caption(plain(note))
    absent = [words(f.variable) for f in view.bias.representation if not f.total]
    if absent:
        st.caption(f"No sample has a value for: {plain(', '.join(absent))}.")
    for title, caption, tests in (
        ("Associations of groups",
         "Do the texts of one group lean to one side of a word list? The effect size runs from "
         "-2 to 2: above 0, the first group leans to the first words. Read p adjusted.",
         view.bias.groups),
        ("Associations of the embedding model",
         "The same test on words alone: what the model itself brings along.", view.bias.words),
    ):  # fmt: skip
        if tests:
            section(title, caption)
            ranked = sorted(tests, key=lambda t: t.p_value)
            plain_table(
                [_association(t) for t in ranked], key=f"insight.weat.{title}", columns=WEAT_COLUMNS
            )


WEAT_COLUMNS = {
    "Effect size": number("Effect size", "%.2f"),
    "p": number("p", "%.4f"),
    "p adjusted": number("p adjusted", "%.4f"),
    "Permutations": number("Permutations"),
}


def _representation(found: Representation) -> None:
    target = "even shares, as no target is declared" if found.is_assumed else "the declared target"
    p = found.p_value
    p_value = "" if p is None else f"; chi-square p {'< 0.001' if p < 0.001 else f'= {p:.3f}'}"
    frame = pd.DataFrame([vars(row) for row in found.rows])
    title = f"Share of samples by {words(found.variable).lower()}, %"
    charts.share_chart(frame, title, key=f"insight.share.{found.variable}")
    st.caption(f"Against {target}{p_value}.")


def _association(test: Association) -> dict[str, object]:
    return {
        **({"Variable": words(test.variable)} if test.variable else {}),
        "Groups": f"{test.x} against {test.y}",
        "Words": f"{test.a} against {test.b}",
        "Effect size": test.effect_size,
        "p": test.p_value,
        "p adjusted": test.adjusted_p,
        "Permutations": test.permutations,
    }
