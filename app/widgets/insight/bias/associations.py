"""Associations in the Bias part: of groups' texts, and of the embedding model itself."""

import streamlit as st

from app.widgets.formats import plain, words
from app.widgets.insight.bias.p_text import p_text
from app.widgets.layout import section
from app.widgets.tables import number, plain_table, right
from core.insight.bias.groups import GROUPS_NOTE, SIGNIFICANT, WORDS_NOTE
from core.insight.contents import Association
from core.insight.report import InsightView

COLUMNS = {
    "Effect size": number("Effect size", "%.2f"),
    "p": right("p"),
    "p adjusted": right("p adjusted"),
    "Permutations": number("Permutations"),
}
PARTS = (
    (
        "Of groups",
        "Do the texts of one group lean to one side of a word list? The effect size runs from -2 "
        "to 2: above 0, the first group leans to the first words.",
        GROUPS_NOTE,
    ),
    (
        "Of the embedding model",
        "The same test on the lists' own words or sentences: what the model itself brings along.",
        WORDS_NOTE,
    ),
)


def associations_view(view: InsightView) -> None:
    """Both kinds of tests, the surest first, with what each means."""
    bias = view.bias
    if not bias.groups and not bias.words:
        st.caption("Associations are measured when every text has its embedding.")
        return
    for (title, caption, note), tests in zip(PARTS, (bias.groups, bias.words), strict=True):
        if not tests:
            continue
        section(title, caption)
        ranked = sorted(tests, key=lambda test: test.p_value)
        for test in [one for one in ranked if one.adjusted_p < SIGNIFICANT][:3]:
            st.markdown(f"- {plain(test.note.replace(note, '').strip())}")
        rows = [_row(test) for test in ranked]
        plain_table(rows, key=f"insight.weat.{title}", columns=COLUMNS)
        st.caption(note)


def _row(test: Association) -> dict[str, object]:
    return {
        "List": test.word_list,
        **({"Variable": words(test.variable)} if test.variable else {}),
        "Groups" if test.variable else "Targets": f"{test.x} against {test.y}",
        "Words": f"{test.a} against {test.b}",
        "Effect size": test.effect_size,
        "p": p_text(test.p_value),
        "p adjusted": p_text(test.adjusted_p),
        "Permutations": test.permutations,
        "Test": "every partition" if test.is_exact else "random partitions",
    }
