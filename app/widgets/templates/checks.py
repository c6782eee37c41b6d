"""The Checks part: which checks run, where the verdicts begin, and the template's own rules."""

from typing import Any

import streamlit as st

from app.widgets.templates.draft import form_data
from app.widgets.templates.fields import number_field, table_field, toggle_field
from core.templates.definition import CheckSettings
from core.templates.editing.draft_text import Data, set_at, value_at
from core.templates.editing.groups import complete_groups, group_rows, set_groups
from core.templates.editing.tables import Rows

RULE_COLUMNS = {
    "name": st.column_config.TextColumn("Rule", width=110),
    "condition": st.column_config.TextColumn(
        "Holds when", width=300, help="Jinja over output, variables and chunk."
    ),
    "message": st.column_config.TextColumn("Otherwise", width=230),
}
SHARE_COLUMNS = {
    "variable": st.column_config.TextColumn("Variable", width=160),
    "value": st.column_config.TextColumn("Value", width=260),
    "share": st.column_config.NumberColumn("Share", width=90, min_value=0, max_value=1),
}
TABLE_PX = 310
RULES = ("checks", "rules")


def checks_part() -> None:
    """Lengths, what to look for, thresholds, rules."""
    normal = CheckSettings()
    left, right = st.columns(2)
    with left:
        _number("Shortest response (characters)", "min_chars", normal, 0, None)
    with right:
        _number("Longest response (characters)", "max_chars", normal, 1, None)
    with st.container(horizontal=True, gap="medium"):
        toggle_field("Look for refusals", ("checks", "refusal"), default=True)
        toggle_field("Look for unfilled placeholders", ("checks", "placeholder"), default=True)
    columns = st.columns(3)
    with columns[0]:
        _number("Accept from score", "accept_at", normal, 0, 1)
    with columns[1]:
        _number("Reject below score", "reject_below", normal, 0, 1)
    with columns[2]:
        _number("Copy from similarity", "near_duplicate", normal, 0, 1)
    st.caption("Between the two scores a sample waits for review. Similarity is Jaccard's.")
    rows = [dict(rule) for rule in value_at(form_data(), RULES) or ()]
    st.markdown("**Rules of this template**")
    table_field(
        "templates.rules", rows, RULE_COLUMNS, _set_rules, clean=_rules,
        most_px=TABLE_PX,
    )  # fmt: skip
    st.caption("A rule is a condition that a good sample meets: `output.answer | length < 800`.")
    st.markdown("**Shares that groups should have**")
    table_field(
        "templates.groups", group_rows(form_data()), SHARE_COLUMNS, set_groups,
        clean=complete_groups, most_px=TABLE_PX,
    )  # fmt: skip
    st.caption("Insight holds the samples against them. The shares of one variable add up to 1.")


def _number(label: str, name: str, normal: CheckSettings, low: float, high: float | None) -> None:
    default: Any = getattr(normal, name)
    is_whole = isinstance(default, int)
    options: dict[str, Any] = {} if high is None else {"max_value": high, "step": 0.05}
    number_field(
        label, ("checks", name), default=default, is_whole=is_whole, min_value=low, **options
    )


def _rules(rows: Rows) -> list[dict[str, str]]:
    """Rows that say something; a name is made up where there is none yet."""
    said = [
        {name: str(row.get(name) or "").strip() for name in RULE_COLUMNS} for row in rows
    ]  # fmt: skip
    return [
        {**row, "name": row["name"] or f"rule_{i + 1}"}
        for i, row in enumerate(said)
        if row["condition"]
    ]


def _set_rules(data: Data, rows: Rows) -> Data:
    return set_at(data, RULES, _rules(rows) or None)
