"""A table taken over as samples by a worker, on both databases."""

import threading
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import func, select

from core.db.tables import Attempt, Batch, Finding, Sample
from core.db.workspace import Workspace
from core.generation.batches import get_batch
from core.generation.browsing import list_batches
from core.generation.imports import ColumnMapping
from core.generation.samples import SampleFilter, count_samples, sample_lineage
from core.jobs import workflows
from core.jobs.control import pause_batch, resume_batch
from core.jobs.importing import import_rows, launch_import
from core.jobs.running.queue import prepare_queue
from core.jobs.workflows import WorkerContext, run_batch
from core.sources.importing import import_source
from core.templates.versions import list_templates

MAPPING = ColumnMapping(("question",), ("answer",), ("level",))


@pytest.fixture
def ready(any_workspace: Workspace) -> Workspace:
    prepare_queue(any_workspace)
    return any_workspace


def table(workspace: Workspace, folder: Path, n: int, **last: Any) -> str:
    rows = [
        {
            "question": f"What does account number {i} cost in a month?",
            "answer": f"Account number {i} costs {i * 7} cents in a month, paid on its first day.",
            "level": i % 3,
        }
        for i in range(n)
    ]
    rows[-1] |= last
    path = folder / "rows.jsonl"
    path.write_bytes(b"\n".join(orjson.dumps(row) for row in rows))
    return import_source(workspace, path, text_column="question").source_id


def run(workspace: Workspace, batch: Batch, stopping: threading.Event | None = None) -> str:
    context = WorkerContext(workspace, "wrk_test", stopping or threading.Event())
    return run_batch(context, batch.batch_id)


def test_every_row_becomes_a_checked_sample_with_its_row(ready: Workspace, tmp_path: Path) -> None:
    source_id = table(ready, tmp_path, 30, answer="  ")
    batch = launch_import(ready, source_id, MAPPING, domain="banking")
    assert run(ready, batch) == "completed"
    found = get_batch(ready, batch.batch_id)
    assert (found.kind, found.generated, found.failed) == ("import", 29, 1)
    with ready.read() as session:
        rows = list(session.scalars(select(Sample).order_by(Sample.plan_index)))
        findings = session.scalar(select(func.count()).select_from(Finding))
        attempts = session.scalar(select(func.count()).select_from(Attempt))
    assert [row.input for row in rows[:2]] == [
        "What does account number 0 cost in a month?",
        "What does account number 1 cost in a month?",
    ]
    assert rows[4].variables == {"level": 1}
    assert rows[4].domain == "banking"
    assert rows[29].failure == "The response is empty: answer."
    assert attempts == 0
    assert findings
    lineage = sample_lineage(ready, rows[4].sample_id)
    assert lineage.source is not None
    assert lineage.chunk is not None
    assert lineage.chunk.fields["level"] == 1


def test_a_killed_import_goes_on_where_it_stopped(
    ready: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.generation.filling.BLOCK", 10)
    batch = launch_import(ready, table(ready, tmp_path, 35), MAPPING)
    made: list[int] = []

    def breaking(workspace: Workspace, batch: Batch) -> Any:
        make = import_rows(workspace, batch)

        def rows(indexes: Any) -> Any:
            if len(made) == 20:
                raise KeyboardInterrupt
            made.extend(indexes)
            return make(indexes)

        return rows

    monkeypatch.setitem(workflows.MAKERS, "import", breaking)
    with pytest.raises(KeyboardInterrupt):
        run(ready, batch)
    assert made == list(range(20))
    monkeypatch.setitem(workflows.MAKERS, "import", import_rows)
    assert run(ready, batch) == "completed"
    assert get_batch(ready, batch.batch_id).generated == 35


def test_an_import_pauses_and_goes_on(
    ready: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.generation.filling.BLOCK", 10)
    batch = launch_import(ready, table(ready, tmp_path, 35), MAPPING)

    def pausing(workspace: Workspace, batch: Batch) -> Any:
        make = import_rows(workspace, batch)

        def rows(indexes: Any) -> Any:
            pause_batch(workspace, batch.batch_id)
            return make(indexes)

        return rows

    monkeypatch.setitem(workflows.MAKERS, "import", pausing)
    assert run(ready, batch) == "paused"
    assert get_batch(ready, batch.batch_id).generated == 10
    monkeypatch.setitem(workflows.MAKERS, "import", import_rows)
    resume_batch(ready, batch.batch_id)
    assert run(ready, batch) == "completed"
    assert get_batch(ready, batch.batch_id).generated == 35


def test_imports_are_listed_with_batches_and_their_templates_are_not(
    ready: Workspace, tmp_path: Path
) -> None:
    source_id = table(ready, tmp_path, 12)
    batch = launch_import(ready, source_id, MAPPING, idempotency_key="once")
    assert launch_import(ready, source_id, MAPPING, idempotency_key="once").batch_id == (
        batch.batch_id
    )
    run(ready, batch)
    assert [found.batch_id for found in list_batches(ready)] == [batch.batch_id]
    assert list_templates(ready) == []
    assert count_samples(ready, SampleFilter()) == 12


def test_another_mapping_of_the_same_table_is_another_batch(
    ready: Workspace, tmp_path: Path
) -> None:
    source_id = table(ready, tmp_path, 12)
    first = launch_import(ready, source_id, MAPPING)
    second = launch_import(ready, source_id, ColumnMapping((), ("answer",)))
    assert first.template_version_id != second.template_version_id
    run(ready, first)
    assert run(ready, second) == "completed"
    with ready.read() as session:
        of_second = select(Sample).where(Sample.batch_id == second.batch_id)
        sample = session.scalars(of_second.order_by(Sample.plan_index)).first()
    assert sample is not None
    assert (sample.input, sample.verdict) == ("", "accepted")
    assert sample.output == {"response": sample.response}
