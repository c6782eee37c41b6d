"""Knowledge tables: edits, imports, exports and what sources give to them."""

from pathlib import Path

import pytest
from factories import make_template

from core.db.tables import KnowledgeEntry
from core.db.workspace import Workspace
from core.errors import Conflict, InvalidInput, NotFound, SourceError
from core.jobs.extracting import request_extraction, run_extraction
from core.sources.importing import import_source
from core.sources.knowledge.entries import (
    add_entries,
    apply_edits,
    domains,
    entry_ids,
    list_entries,
    load_entries,
    table_counts,
)
from core.sources.knowledge.files import format_of, mapped_rows, read_rows, suggest_mapping, written
from core.sources.knowledge.taking import sentence_at, take_rows, take_terms
from core.sources.terms.extracted import list_terms

SAMPLES = Path(__file__).resolve().parents[3] / "data" / "samples"
TERMS = [{"term": "overdraft", "definition": "Below zero."}, {"term": "SEPA"}, {"term": "IBAN"}]


def shown(entries: list[KnowledgeEntry]) -> list[dict[str, object]]:
    return [{"entry_id": entry.entry_id, **entry.fields} for entry in entries]


def test_an_edit_retires_a_row_and_adds_another_at_its_place(any_workspace: Workspace) -> None:
    workspace = any_workspace
    assert add_entries(workspace, "banking", "terms", TERMS) == 3
    before = list_entries(workspace, "banking", "terms")
    rows = shown(before)
    rows[1]["definition"] = "Single Euro Payments Area."
    del rows[2]
    rows.append({"term": "BIC"})
    assert apply_edits(workspace, "banking", "terms", rows) == (1, 1, 1)
    after = list_entries(workspace, "banking", "terms")
    assert [entry.fields["term"] for entry in after] == ["overdraft", "SEPA", "BIC"]
    assert (after[1].replaces, after[1].ordinal) == (before[1].entry_id, before[1].ordinal)
    assert after[0].entry_id == before[0].entry_id
    kept = load_entries(workspace, [entry.entry_id for entry in before])
    assert kept[before[1].entry_id]["definition"] == ""
    assert len(kept) == 3
    with workspace.read() as session:
        assert entry_ids(session, "banking", "terms") == [entry.entry_id for entry in after]


def test_two_people_editing_one_table_do_not_undo_each_other(workspace: Workspace) -> None:
    add_entries(workspace, "banking", "terms", TERMS)
    mine = shown(list_entries(workspace, "banking", "terms"))
    seen = [str(row["entry_id"]) for row in mine]
    apply_edits(workspace, "banking", "terms", [*mine, {"term": "BIC"}])
    theirs = [{**row, "definition": "Changed."} if i == 0 else row for i, row in enumerate(mine)]
    apply_edits(workspace, "banking", "terms", theirs, seen=seen)
    assert [e.fields["term"] for e in list_entries(workspace, "banking", "terms")] == [
        "overdraft", "SEPA", "IBAN", "BIC",
    ]  # fmt: skip
    with pytest.raises(Conflict):
        rows = [{**row, "example": "Mine."} if i == 0 else row for i, row in enumerate(mine)]
        apply_edits(workspace, "banking", "terms", rows, seen=seen)


def test_adding_the_same_rows_again_adds_nothing(workspace: Workspace) -> None:
    assert add_entries(workspace, "banking", "terms", [*TERMS, *TERMS]) == 3
    assert add_entries(workspace, "banking", "terms", TERMS) == 0
    assert add_entries(workspace, "legal", "terms", TERMS) == 3


def test_one_wrong_row_keeps_all_out(workspace: Workspace) -> None:
    with pytest.raises(InvalidInput, match="Row 2"):
        add_entries(workspace, "banking", "terms", [{"term": "x"}, {"definition": "y"}])
    assert list_entries(workspace, "banking", "terms") == []


def test_domains_come_from_entries_and_templates(workspace: Workspace) -> None:
    assert domains(workspace) == []
    make_template(workspace, domain="banking")
    add_entries(workspace, "Legal", "rules", [{"rule": "Be brief."}])
    assert domains(workspace) == ["banking", "Legal"]
    assert table_counts(workspace, "Legal")["rules"] == 1


def test_a_search_looks_into_cells_and_not_into_column_names(any_workspace: Workspace) -> None:
    add_entries(any_workspace, "banking", "terms", [*TERMS, {"term": "Überweisung"}])
    found = list_entries(any_workspace, "banking", "terms", search="zero")
    assert [entry.fields["term"] for entry in found] == ["overdraft"]
    assert list_entries(any_workspace, "banking", "terms", search="definition") == []
    assert len(list_entries(any_workspace, "banking", "terms", search="Überw")) == 1


@pytest.mark.parametrize("format", ["csv", "jsonl"])
def test_an_exported_table_imports_as_it_was(workspace: Workspace, format: str) -> None:
    rows = [
        {"question": "=1+1?", "answer": 'Two,\nor "2".', "reference": "'=x"},
        {"question": "Grüße?", "answer": "-", "reference": "'quoted'"},
    ]
    add_entries(workspace, "banking", "expert_answers", rows)
    entries = list_entries(workspace, "banking", "expert_answers")
    text = "".join(written("expert_answers", entries, format))
    if format == "csv":
        assert "'=1+1?" in text
    found = read_rows(text.encode(), format)
    mapping = suggest_mapping("expert_answers", list(found[0]))
    assert add_entries(workspace, "copy", "expert_answers",
                       mapped_rows("expert_answers", found, mapping)) == 2  # fmt: skip
    copied = list_entries(workspace, "copy", "expert_answers")
    assert [entry.fields for entry in copied] == [entry.fields for entry in entries]


def test_files_and_mappings_that_do_not_fit_are_named(workspace: Workspace) -> None:
    with pytest.raises(SourceError, match="offset 4"):
        read_rows(b"term\xff", "csv")
    with pytest.raises(InvalidInput, match="neither CSV nor JSONL"):
        format_of("terms.xlsx")
    with pytest.raises(InvalidInput, match="No column is chosen for 'term'"):
        list(mapped_rows("terms", [{"a": "b"}], {"definition": "a"}))
    with pytest.raises(InvalidInput, match="no column 'nope'"):
        list(mapped_rows("terms", [{"a": "b"}], {"term": "nope"}))
    with pytest.raises(InvalidInput, match="no format"):
        written("terms", [], "xlsx")
    assert format_of("terms.CSV") == "csv"


def test_rows_of_a_table_source_become_entries_with_their_source(workspace: Workspace) -> None:
    source = import_source(workspace, SAMPLES / "customer_questions.csv")
    column = source.columns[-1]
    added = take_rows(workspace, "banking", "scenarios", source.source_id, {"scenario": column})
    entries = list_entries(workspace, "banking", "scenarios")
    assert added == len(entries) > 10
    assert {entry.source_id for entry in entries} == {source.source_id}
    with pytest.raises(InvalidInput, match="has no column 'nope'"):
        take_rows(workspace, "banking", "scenarios", source.source_id, {"scenario": "nope"})
    document = import_source(workspace, SAMPLES / "bank_handbook.md")
    with pytest.raises(InvalidInput, match="is a document"):
        take_rows(workspace, "banking", "rules", document.source_id, {"rule": "x"})


def test_extracted_terms_are_taken_over_with_a_sentence_that_shows_them(
    workspace: Workspace,
) -> None:
    source = import_source(workspace, SAMPLES / "bank_handbook.md")
    request_extraction(workspace, source.source_id)
    run_extraction(workspace, source.source_id)
    add_entries(workspace, "banking", "terms", [{"term": "Card", "definition": "Ours."}])
    terms = list_terms(workspace, source.source_id, limit=10)
    assert take_terms(workspace, "banking", [term.term_id for term in terms]) == 9
    entries = {e.fields["term"]: e for e in list_entries(workspace, "banking", "terms")}
    assert "Card" in entries
    assert "card" not in entries
    assert "payment" in entries["payment"].fields["example"].lower()
    assert entries["payment"].source_id == source.source_id
    assert take_terms(workspace, "banking", [term.term_id for term in terms]) == 0
    with pytest.raises(NotFound):
        take_terms(workspace, "banking", ["trm_none"])


def test_the_sentence_at_a_place_is_found() -> None:
    text = "One here. Two\nstands there! Three"
    assert sentence_at(text, text.index("stands")) == "Two stands there!"
    assert sentence_at(text, 99) == ""
