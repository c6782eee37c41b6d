"""What differs between two versions: prompts word by word, everything else field by field."""

from collections.abc import Sequence

import streamlit as st

from app import cache
from app.widgets.diff import diff_view, unified_diff
from app.widgets.formats import plural
from app.widgets.layout import section
from app.widgets.tables import plain_table
from core.db.tables import TemplateVersion
from core.templates.diffing import diff_definitions
from core.templates.versions import diff_versions, load_definition, version_name
from core.text.diffs import DiffPart

CHANGES = {"added": "Added", "removed": "Removed", "changed": "Changed"}
KEY = "templates.diff"
MOST_LINES = 8  # of a run that both have; longer ones show their ends
END_LINES = 2


def difference_part(versions: Sequence[TemplateVersion]) -> None:
    """From an older version to a newer one, or the other way round."""
    if len(versions) < 2:
        st.caption("Saving again makes a second version to compare with.")
        return
    by_id = {version.template_version_id: version for version in versions}
    ids = list(by_id)

    def label(version_id: str) -> str:
        return version_name(by_id[version_id]).capitalize()

    left, right, way = st.columns([2, 2, 1], vertical_alignment="bottom")
    before = left.selectbox("From", ids, index=1, key="templates.compare", format_func=label)
    after = right.selectbox("To", ids, index=0, key=f"{KEY}.to", format_func=label)
    is_yaml = way.toggle("As YAML", key=f"{KEY}.yaml")
    if is_yaml:
        unified_diff(diff_versions(cache.workspace(), before, after))
        return
    found = diff_definitions(load_definition(by_id[before]), load_definition(by_id[after]))
    if not found.prompts and not found.fields:
        st.caption("The two say the same.")
        return
    for prompt in found.prompts:
        with st.container(border=True):
            st.caption(prompt.name)
            diff_view(shortened(prompt.parts))
    if not found.fields:
        st.caption("Variables, output and settings are the same.")
        return
    section("Fields", plural(len(found.fields), "difference"))
    table = [
        {
            "Part": row.part, "Field": row.path, "Change": CHANGES[row.change],
            "From": row.before, "To": row.after,
        }
        for row in found.fields
    ]  # fmt: skip
    columns = {
        "Part": st.column_config.TextColumn(width=110),
        "Field": st.column_config.TextColumn(width=280),
        "Change": st.column_config.TextColumn(width=90),
    }
    plain_table(table, key=f"{KEY}.fields", columns=columns)


def shortened(parts: Sequence[DiffPart]) -> list[DiffPart]:
    """The parts with the middle of long unchanged runs left out, and said to be."""
    return [_short(part, place, len(parts)) for place, part in enumerate(parts)]


def _short(part: DiffPart, place: int, count: int) -> DiffPart:
    lines = part.text.split("\n")
    if part.kind != "same" or len(lines) <= MOST_LINES:
        return part
    head = lines[:END_LINES] if place else []
    tail = lines[-END_LINES:] if place < count - 1 else []
    left_out = len(lines) - len(head) - len(tail)
    return DiffPart("same", "\n".join([*head, f"⋯ {left_out} lines the same", *tail]))
