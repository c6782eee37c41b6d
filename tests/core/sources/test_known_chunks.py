"""How many chunks of a new source other sources hold already."""

from pathlib import Path
from typing import Any

from sqlalchemy import event

from core.db.workspace import Workspace
from core.sources.duplicates import known_chunk_count
from core.sources.importing import import_source


def table(folder: Path, name: str, rows: range) -> Path:
    path = folder / name
    path.write_text("text\n" + "".join(f"The question with number {i}?\n" for i in rows))
    return path


def test_texts_of_other_sources_are_known(any_workspace: Workspace, tmp_path: Path) -> None:
    first = import_source(any_workspace, table(tmp_path, "first.csv", range(10)))
    second = import_source(any_workspace, table(tmp_path, "second.csv", range(6, 20)))
    assert known_chunk_count(any_workspace, first.source_id) == 4
    assert known_chunk_count(any_workspace, second.source_id) == 4


def test_twins_are_looked_up_by_their_hash(workspace: Workspace, tmp_path: Path) -> None:
    source = import_source(workspace, table(tmp_path, "first.csv", range(10)))
    asked: list[tuple[str, Any]] = []

    def listen(connection: Any, cursor: Any, statement: str, values: Any, *rest: Any) -> None:
        asked.append((statement, values))

    event.listen(workspace.engine, "before_cursor_execute", listen)
    known_chunk_count(workspace, source.source_id)
    event.remove(workspace.engine, "before_cursor_execute", listen)
    (statement, values) = next(pair for pair in asked if "chunks" in pair[0])
    with workspace.engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
    steps = [str(row[3]) for row in plan]
    assert any("ix_chunks_text_hash" in step for step in steps), steps
