"""The Checks part: which checks run, where the verdicts begin, and the template's own rules."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from app import state
from app.widgets.formats import words
from app.widgets.templates.draft import form_data, is_frozen
from app.widgets.templates.fields import key_of, number_field, put, table_field, toggle_field
from core.templates.definition import PII_KINDS, CheckSettings
from core.templates.editing.draft_text import Data, set_at, value_at
from core.templates.editing.groups import complete_groups, group_rows, set_groups
from core.templates.editing.tables import Rows
from core.text.language import NAMES, language_name

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
VERDICTS = {"accept_at": "Accept from score", "reject_below": "Reject below score"}
THRESHOLDS = {
    "echo": "Echo from likeness", "repetition": "Repetition above share",
    "language": "Other language from confidence", "toxicity": "Toxic from severity",
    "groundedness": "Grounded from share", "near_duplicate": "Copy from similarity",
    "semantic_duplicate": "Same meaning from cosine", "consistency": "Contradiction from",
    "leakage": "Leaked from share", "judge": "Judge passes from",
}  # fmt: skip
COLUMNS = 3
LANGUAGES = tuple(NAMES)
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
    for column, (name, label) in zip(st.columns(2), VERDICTS.items(), strict=True):
        with column:
            _number(label, name, normal, 0, 1)
    st.caption("Between the two scores a sample waits for review.")
    st.markdown("**Where a check begins to count**")
    names = list(THRESHOLDS)
    for top in range(0, len(names), COLUMNS):
        row = names[top : top + COLUMNS]
        for column, name in zip(st.columns(COLUMNS), row, strict=False):
            with column:
                _number(THRESHOLDS[name], name, normal, 0, 1)
    left, right = st.columns(2)
    with left:
        _list("Languages of the response", "languages", [], LANGUAGES, is_open=True)
    with right:
        _list("Personal data to look for", "pii", list(PII_KINDS), PII_KINDS)
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
    options["help"] = CheckSettings.model_fields[name].description
    number_field(
        label, ("checks", name), default=default, is_whole=is_whole, min_value=low, **options
    )


def _list(
    label: str, name: str, default: list[str], choices: Sequence[str], *, is_open: bool = False
) -> None:
    """Several of some choices, others too where `is_open`; the default is left out of the draft."""
    path = ("checks", name)
    key = key_of(path)
    chosen = list(value_at(form_data(), path, default))
    state.bind(key, chosen)
    st.multiselect(
        label,
        list(dict.fromkeys([*choices, *chosen])),
        key=key,
        format_func=lambda value: language_name(value) if is_open else words(value),
        accept_new_options=is_open,
        placeholder="Whatever the input is in" if is_open else "Nothing",
        help=CheckSettings.model_fields[name].description,
        on_change=put,
        args=(path, key, None, lambda found: None if list(found) == default else list(found)),
        disabled=is_frozen(),
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
