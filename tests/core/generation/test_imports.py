"""Which columns of a table become a sample's input, response and variables."""

from pathlib import Path

import orjson
import pytest

from core.db.workspace import Workspace
from core.errors import InvalidInput, NotFound
from core.generation.imports import (
    ColumnMapping,
    as_text,
    import_definition,
    preview_import,
    suggest_mapping,
    variable_names,
)
from core.sources.importing import import_source

ROWS = [
    {"question": "What is 2 + 2?", "answer": "4", "Topic Area": "sums", "level": 1},
    {"question": "What is 3 x 3?", "answer": "9", "Topic Area": "products", "level": None},
    {"question": "", "answer": "7", "Topic Area": "sums", "level": 2},
]


def table(workspace: Workspace, folder: Path, rows: list[dict[str, object]] = ROWS) -> str:
    path = folder / "problems.jsonl"
    path.write_bytes(b"\n".join(orjson.dumps(row) for row in rows))
    column = next(iter(rows[0]))
    return import_source(
        workspace, path, text_column="answer" if rows is ROWS else column
    ).source_id


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (["question", "answer"], (("question",), ("answer",), ())),
        (["text", "category"], (("text",), ("category",), ())),
        (["instruction", "input", "output"], (("instruction", "input"), ("output",), ())),
        (["prompt", "chosen", "rejected"], (("prompt",), ("chosen",), ("rejected",))),
        (["Frage", "Antwort"], ((), ("Antwort",), ("Frage",))),
        (["text"], (("text",), (), ())),
    ],
    ids=["question", "label", "alpaca", "preference", "unknown", "one"],
)
def test_names_of_columns_suggest_a_mapping(columns: list[str], expected: tuple[object]) -> None:
    found = suggest_mapping(columns)
    assert (found.input, found.response, found.variables) == expected


def test_a_preview_shows_rows_as_they_would_be_imported(
    workspace: Workspace, tmp_path: Path
) -> None:
    source_id = table(workspace, tmp_path)
    mapping = ColumnMapping(("question",), ("answer",), ("Topic Area", "level"))
    first, second, third = preview_import(workspace, source_id, mapping)
    assert (first.input, first.response) == ("What is 2 + 2?", "4")
    assert first.variables == {"topic_area": "sums", "level": 1}
    assert second.variables == {"topic_area": "products"}
    assert (first.problem, third.problem) == ("", "The input is empty: question.")


def test_columns_of_one_part_are_joined(workspace: Workspace, tmp_path: Path) -> None:
    rows = [
        {"instruction": "Sum up.", "input": "A long text.", "output": "Short."},
        {"instruction": "Say hello.", "input": "", "output": "Hello."},
    ]
    source_id = table(workspace, tmp_path, rows)
    mapping = ColumnMapping(("instruction", "input"), ("output",))
    found = [row.input for row in preview_import(workspace, source_id, mapping)]
    assert found == ["Sum up.\n\nA long text.", "Say hello."]


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        (ColumnMapping(("question",), ()), "No column is the response"),
        (ColumnMapping(("question",), ("reply",)), "no column 'reply'"),
        (ColumnMapping(("ask",), ("answer",)), "no column 'ask'"),
        (ColumnMapping((), ("answer",), ("level", "grade")), "no column 'grade'"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused(
    workspace: Workspace, tmp_path: Path, mapping: ColumnMapping, words: str
) -> None:
    with pytest.raises(InvalidInput, match=words):
        preview_import(workspace, table(workspace, tmp_path), mapping)


def test_a_document_is_no_table(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "story.txt"
    path.write_text("Once there was a garden. " * 40)
    source_id = import_source(workspace, path).source_id
    with pytest.raises(InvalidInput, match="is a document"):
        preview_import(workspace, source_id, ColumnMapping((), ("text",)))
    with pytest.raises(NotFound):
        preview_import(workspace, "src_none", ColumnMapping((), ("text",)))


def test_every_column_gets_a_name_of_its_own() -> None:
    columns = ["Sub-Product", "sub product", "2nd", "in", "ÄÖ", "Größe"]
    names = variable_names(columns)
    assert list(names) == columns
    assert len(set(names.values())) == len(columns)
    assert names["Sub-Product"] == "sub_product"
    assert names["sub product"] == "sub_product_2"
    assert names["2nd"] == "column_2nd"
    assert names["in"] == "row_in"


def test_cells_become_text() -> None:
    assert as_text(None) == ""
    assert as_text("  a \n") == "a"
    assert as_text(3) == "3"
    assert as_text(0.5) == "0.5"
    assert as_text(True) == "true"
    assert as_text([{"role": "user"}]) == '[{"role":"user"}]'


def test_the_template_of_an_import_keeps_its_columns(workspace: Workspace, tmp_path: Path) -> None:
    from core.sources.browsing import get_source

    source = get_source(workspace, table(workspace, tmp_path))
    mapping = ColumnMapping(("question",), ("answer",), ("Topic Area", "level"))
    definition = import_definition(source, mapping, "mathematics")
    assert definition.domain == "mathematics"
    assert [variable.name for variable in definition.variables] == ["topic_area", "level"]
    assert definition.output["required"] == ["input", "response"]
    without = import_definition(source, ColumnMapping((), ("answer",)), "mathematics")
    assert without.output["required"] == ["response"]
    assert without.name == definition.name
