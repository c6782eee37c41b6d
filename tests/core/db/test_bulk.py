"""Rows that travel as JSON arrive as they would have arrived one by one."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from factories import make_batch
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from core.attempts.rows import FINDINGS, SAMPLES
from core.db.bulk import BulkInsert, BulkUpdate
from core.db.ids import utc_now
from core.db.tables import Attempt, Finding, Sample
from core.db.workspace import Workspace

OPENED = BulkInsert(
    Attempt.__table__,
    (
        "attempt_id", "batch_id", "plan_index", "purpose", "number", "state", "connection", "model",
        "request_key", "worker_id", "reserved_nano_usd", "price_source", "failure_message",
        "is_estimated", "created_at", "created_by", "project_id",
    ),
)  # fmt: skip
SETTLED = BulkUpdate(
    Attempt.__table__,
    "attempt_id",
    ("state", "finished_at", "cost_nano_usd", "is_estimated", "response_text"),
)


def sample_row(batch_id: str, index: int = 0, **changes: Any) -> dict[str, Any]:
    row = {
        "sample_id": f"smp_{batch_id}_{index}", "batch_id": batch_id, "plan_index": index,
        "state": "generated", "verdict": "accepted", "is_reviewed": False, "revision": 0,
        "quality_score": 0.875, "domain": "banking", "variables": {"topic": "cards", "n": 3},
        "output": {"a": [1, 2.5, None, True], "b": {"c": "d"}}, "input": "in", "response": "out",
        "raw_text": "", "text_hash": "0" * 64, "chunk_id": None, "attempt_id": "att_1",
        "failure": "", "created_at": utc_now(), "created_by": "usr_local",
        "project_id": "prj_default",
    }  # fmt: skip
    return row | changes


def columns(sample: Sample) -> dict[str, Any]:
    return {name: getattr(sample, name) for name in Sample.__table__.columns.keys()}  # noqa: SIM118


def attempt_row(batch_id: str, attempt_id: str) -> dict[str, Any]:
    return {
        "attempt_id": attempt_id, "batch_id": batch_id, "plan_index": 0, "purpose": "generate",
        "number": 1, "state": "open", "connection": "offline", "model": "m",
        "request_key": "k", "worker_id": "wrk", "reserved_nano_usd": Decimal("0.1"),
        "price_source": "", "failure_message": "", "is_estimated": False, "created_at": utc_now(),
        "created_by": "usr_local", "project_id": "prj_default",
    }  # fmt: skip


def test_a_bulk_row_equals_one_that_was_inserted_alone(any_workspace: Workspace) -> None:
    first, second = make_batch(any_workspace), make_batch(any_workspace)
    local = timezone(timedelta(hours=5, minutes=30))
    row = sample_row("x", created_at=datetime(2026, 3, 1, 4, 5, 6, 70, tzinfo=local))
    with any_workspace.engine.begin() as connection:
        SAMPLES.execute(connection, [row | {"batch_id": first.batch_id, "sample_id": "a"}])
        alone = row | {"batch_id": second.batch_id, "sample_id": "b"}
        connection.execute(insert(Sample), [alone])
    with any_workspace.read() as session:
        bulk, single = (columns(session.get_one(Sample, name)) for name in ("a", "b"))
    assert bulk.pop("sample_id") != single.pop("sample_id")
    assert bulk.pop("batch_id") != single.pop("batch_id")
    assert bulk == single
    assert bulk["created_at"] == datetime(2026, 2, 28, 22, 35, 6, 70, tzinfo=UTC)
    # As stored, too: filters compare times as the database keeps them.
    with any_workspace.engine.connect() as connection:
        query = "SELECT count(DISTINCT created_at) FROM samples"
        assert connection.exec_driver_sql(query).scalar() == 1


def test_any_text_and_number_survives(any_workspace: Workspace) -> None:
    batch = make_batch(any_workspace)
    draw = np.random.default_rng(20261121)
    letters = [chr(code) for code in (*range(1, 0xD800, 7), *range(0xE000, 0x110000, 997))]
    texts = ["", "'\"\\\n\r\t\x01\x7f", "null", "1e5", "{}", "$.a", "\u2028"]
    texts += ["".join(draw.choice(letters, draw.integers(60))) for _ in range(200)]
    numbers = [float(draw.uniform(-1, 1) * 10.0 ** draw.integers(-300, 300)) for _ in texts]
    rows = [
        sample_row(batch.batch_id, i, response=text, quality_score=number, output={text: text})
        for i, (text, number) in enumerate(zip(texts, numbers, strict=True))
    ]
    with any_workspace.engine.begin() as connection:
        SAMPLES.execute(connection, rows)
    with any_workspace.read() as session:
        found = list(session.scalars(select(Sample).order_by(Sample.plan_index)))
    assert [sample.response for sample in found] == texts
    assert [sample.output for sample in found] == [{text: text} for text in texts]
    assert [sample.quality_score for sample in found] == numbers


def test_an_update_touches_the_named_rows_alone(any_workspace: Workspace) -> None:
    batch = make_batch(any_workspace)
    now = utc_now()
    with any_workspace.engine.begin() as connection:
        OPENED.execute(connection, [attempt_row(batch.batch_id, name) for name in "abc"])
        SETTLED.execute(
            connection,
            [
                {
                    "attempt_id": name, "state": "succeeded", "finished_at": now,
                    "cost_nano_usd": cost, "is_estimated": cost is None, "response_text": text,
                }
                for name, cost, text in (("a", Decimal("0.04"), "x"), ("b", None, None),
                                         ("unknown", None, None))
            ],
        )  # fmt: skip
    with any_workspace.read() as session:
        a, b, c = session.scalars(select(Attempt).order_by(Attempt.attempt_id))
    assert (a.state, a.cost_usd, a.is_estimated, a.response_text) == (
        "succeeded", Decimal("0.04"), False, "x",
    )  # fmt: skip
    assert (b.state, b.cost_usd, b.is_estimated, b.response_text) == ("succeeded", None, True, None)
    assert (c.state, c.finished_at) == ("open", None)
    assert a.finished_at == now
    assert a.reserved_usd == Decimal("0.1")


def test_one_bad_row_stores_none_of_them(any_workspace: Workspace) -> None:
    batch = make_batch(any_workspace)
    rows = [sample_row(batch.batch_id, 0), sample_row(batch.batch_id, 0, sample_id="other")]
    with pytest.raises(IntegrityError), any_workspace.engine.begin() as connection:
        SAMPLES.execute(connection, rows)
    with any_workspace.read() as session:
        assert session.scalars(select(Sample)).all() == []


def test_evidence_of_findings_stays_json(any_workspace: Workspace) -> None:
    batch = make_batch(any_workspace)
    row = sample_row(batch.batch_id)
    finding = {
        "sample_id": row["sample_id"], "check_name": "length", "value": 12, "score": 1.0,
        "evidence": {"spans": [{"text": 'a "quoted" — ü'}]}, "created_at": utc_now(),
        "created_by": "usr_local", "project_id": "prj_default",
    }  # fmt: skip
    with any_workspace.engine.begin() as connection:
        SAMPLES.execute(connection, [row])
        FINDINGS.execute(connection, [finding])
        FINDINGS.execute(connection, [])
    with any_workspace.read() as session:
        (found,) = session.scalars(select(Finding))
    assert found.evidence == finding["evidence"]
    assert found.value == 12.0
