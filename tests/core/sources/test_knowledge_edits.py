"""What an edited table means, without a database."""

import math

import pytest

from core.errors import Conflict, InvalidInput
from core.sources.knowledge.edits import Changes, changes_of, edited_rows
from core.sources.knowledge.tables import KNOWLEDGE_COLUMNS, checked_domain, columns_of

LIVING = {
    "a": {"term": "overdraft", "definition": "Negative balance.", "example": ""},
    "b": {"term": "SEPA", "definition": "", "example": "A SEPA transfer."},
}


def row(
    entry_id: str | None, term: str, definition: str = "", example: str = ""
) -> dict[str, object]:
    return {"entry_id": entry_id, "term": term, "definition": definition, "example": example}


def test_the_same_rows_change_nothing() -> None:
    rows = [{"entry_id": entry_id, **fields} for entry_id, fields in LIVING.items()]
    assert changes_of("terms", LIVING, rows) == Changes()


def test_edited_added_and_left_out_rows_are_told_apart() -> None:
    rows = [row("a", "overdraft", "A balance below zero."), row(None, " IBAN ", "Account number.")]
    found = changes_of("terms", LIVING, rows)
    assert found.changed == {
        "a": {"term": "overdraft", "definition": "A balance below zero.", "example": ""}
    }
    assert found.added == [{"term": "IBAN", "definition": "Account number.", "example": ""}]
    assert found.retired == ["b"]


def test_only_what_was_seen_is_retired() -> None:
    assert changes_of("terms", LIVING, [], seen=["a"]).retired == ["a"]


def test_rows_without_content_are_passed_over_and_empty_cells_are_empty_text() -> None:
    rows = [row(None, "", ""), row(None, "fee", None, math.nan)]  # type: ignore[arg-type]
    assert changes_of("terms", {}, rows).added == [{"term": "fee", "definition": "", "example": ""}]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([row(None, "", "only a definition")], "Row 1: the column 'term' is empty"),
        ([{"term": "x", "color": "red"}], "no column 'color'"),
        ([row("a", "x"), row("a", "y")], "stands twice"),
        ([row("zzz", "x")], "no entry of this table is called 'zzz'"),
        ([row(None, "x" * 20_001)], "more than 20,000 characters"),
    ],
    ids=["no name", "unknown column", "twice", "foreign id", "too long"],
)
def test_rows_that_do_not_fit_are_named(rows: list[dict[str, object]], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        changes_of("terms", LIVING, rows)


def test_a_row_that_another_person_changed_is_a_conflict_unless_it_was_not_touched() -> None:
    gone = {"old": {"term": "fee", "definition": "before", "example": ""}}
    assert changes_of("terms", {}, [row("old", "fee", "before")], gone=gone) == Changes()
    with pytest.raises(Conflict, match="someone else"):
        changes_of("terms", {}, [row("old", "fee", "mine")], gone=gone)


def test_a_table_editors_changes_are_applied_to_what_it_showed() -> None:
    shown = [{"entry_id": "a", "term": "one"}, {"entry_id": "b", "term": "two"}]
    delta = {
        "edited_rows": {"1": {"term": "zwei"}},
        "added_rows": [{"term": "three"}],
        "deleted_rows": [0],
    }
    assert edited_rows(shown, delta) == [{"entry_id": "b", "term": "zwei"}, {"term": "three"}]
    assert edited_rows(shown, {}) == shown


def test_tables_and_domains_are_checked_by_name() -> None:
    assert columns_of("rules") == KNOWLEDGE_COLUMNS["rules"] == ("rule", "condition", "consequence")
    assert checked_domain("  banking ") == "banking"
    for wrong in ("", "   ", "x" * 101, "a\nb"):
        with pytest.raises(InvalidInput):
            checked_domain(wrong)
    with pytest.raises(InvalidInput, match="no knowledge table"):
        columns_of("facts")
