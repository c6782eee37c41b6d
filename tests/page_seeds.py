"""A workspace with something of everything, written straight into the tables."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from factories import TOPICS, failed_row, make_batch, make_template, sample_row

from core.datasets.building import build_version, create_version_row
from core.datasets.query import DatasetQuery
from core.db.ids import new_id, utc_now
from core.db.tables import (
    Attempt,
    Batch,
    BatchLogEntry,
    Budget,
    Chunk,
    Finding,
    Sample,
    Source,
    Worker,
)
from core.db.workspace import Workspace
from core.text.hashing import text_hash

TONES = ("calm", "worried", "angry")
SCORES = (0.97, 0.91, 0.88, 0.62, 0.83, 0.95, 0.55, 0.93)
HOSTILE = "# Not a heading <b>bold</b> ![x](http://example.org/x.png) [link](javascript:alert(1))"


def seed(workspace: Workspace, n: int = 24) -> dict[str, str]:
    """Two finished batches, one running, a source, a budget, a worker. Returns their ids."""
    version = make_template(
        workspace,
        variables=[
            {"name": "topic", "sampler": {"kind": "category", "values": list(TOPICS)}},
            {"name": "tone", "sampler": {"kind": "category", "values": list(TONES)}},
        ],
    )
    source_id = _source(workspace)
    done = make_batch(
        workspace, version, name="Bank answers, first", n=n, generated=n - 1, failed=1,
        model="gpt-5-mini", connection="openai", source_ids=[source_id],
        created_at=utc_now() - timedelta(hours=5),
    )  # fmt: skip
    older = make_batch(
        workspace, version, name="Bank answers, trial", n=8, generated=8,
        created_at=utc_now() - timedelta(days=2),
    )  # fmt: skip
    running = make_batch(
        workspace, version, name="Bank answers, large", n=400, generated=150, failed=3,
        state="running", rate_per_s=9.6, in_flight=32, started_at=utc_now() - timedelta(seconds=16),
    )  # fmt: skip
    samples = _samples(workspace, done, n, source_id)
    _samples(workspace, older, 8, source_id)
    _attempts(workspace, done, samples)
    _extras(workspace, done, running)
    return {
        "template": "bank-answers", "version": version.template_version_id, "batch": done.batch_id,
        "running": running.batch_id, "source": source_id, "sample": samples[0].sample_id,
        "failed": samples[-1].sample_id,
    }  # fmt: skip


def _source(workspace: Workspace) -> str:
    source_id = new_id("src")
    texts = [f"A card can be frozen in the app. Section {i} says how." for i in range(12)]
    with workspace.write() as session:
        session.add(
            Source(
                source_id=source_id,
                name="handbook.md",
                kind="markdown",
                content_hash="a" * 64,
                size_bytes=2400,
                chunk_count=len(texts),
                columns=[],
            )
        )
        session.flush()
        session.add_all(
            Chunk(
                chunk_id=f"{source_id}_{i}", source_id=source_id, ordinal=i, start_char=60 * i,
                end_char=60 * i + len(text), text=text, text_hash=text_hash(text), heading="Cards",
            )
            for i, text in enumerate(texts)
        )  # fmt: skip
    return source_id


def _samples(workspace: Workspace, batch: Batch, n: int, source_id: str) -> list[Sample]:
    rows = []
    for i in range(n):
        quality = SCORES[i % len(SCORES)]
        changes: dict[str, Any] = {
            "quality_score": quality,
            "verdict": "accepted" if quality >= 0.8 else "needs_review",
            "chunk_id": f"{source_id}_{i % 12}",
            "variables": {"topic": TOPICS[i % 4], "tone": TONES[i % 3]},
        }
        if i == 3:
            changes["response"] = f"{HOSTILE} number {i}"
        is_last = i == n - 1 and batch.failed
        rows.append(failed_row(batch, i) if is_last else sample_row(batch, i, **changes))
    findings = [
        Finding(
            sample_id=row.sample_id, check="length", value=len(row.response), score=0.5,
            evidence={"shortest": 20},
        )
        for row in rows
        if row.verdict == "needs_review"
    ]  # fmt: skip
    with workspace.write() as session:
        session.add_all(rows)
        session.flush()
        session.add_all(findings)
    return rows


def _attempts(workspace: Workspace, batch: Batch, samples: list[Sample]) -> None:
    with workspace.write() as session:
        for i, _ in enumerate(samples):
            is_failed = i % 9 == 8
            session.add(
                Attempt(
                    attempt_id=new_id("att"),
                    batch_id=batch.batch_id,
                    plan_index=i,
                    purpose="generate",
                    number=1,
                    state="failed" if is_failed else "succeeded",
                    connection=batch.connection,
                    model=batch.model,
                    request_key=f"{i:064d}",
                    worker_id="wrk_1",
                    latency_ms=640 + 13 * i,
                    http_status=429 if is_failed else 200,
                    failure_kind="rate_limit" if is_failed else None,
                    input_tokens=None if is_failed else 320,
                    output_tokens=None if is_failed else 140,
                    reserved_usd=Decimal("0.002"),
                    cost_usd=Decimal(0) if is_failed else Decimal("0.000361"),
                    price_source="genai-prices",
                    created_at=utc_now() - timedelta(days=i % 6),
                )
            )


def _extras(workspace: Workspace, done: Batch, running: Batch) -> None:
    with workspace.write() as session:
        session.add(
            Budget(
                budget_id=new_id("bud"),
                scope="batch",
                scope_id=done.batch_id,
                cap_usd=Decimal("0.05"),
                settled_usd=Decimal("0.0083"),
            )
        )
        session.add(
            Worker(
                worker_id="wrk_1",
                kind="generate",
                host="localhost",
                pid=1,
                state="running",
                heartbeat_at=utc_now(),
                cpu_percent=38.0,
                rss_bytes=182 * 2**20,
            )
        )
        for i, message in enumerate(("Launched: 400 samples.", "Running on wrk_1.")):
            session.add(
                BatchLogEntry(
                    entry_id=new_id("log"),
                    batch_id=running.batch_id,
                    level="info",
                    message=message,
                    created_at=utc_now() + timedelta(milliseconds=i),
                )
            )


def release(workspace: Workspace, batch_id: str, name: str = "bank-answers") -> str:
    """A released dataset version of the batch's accepted samples. Returns its id."""
    with workspace.write() as session:
        row = create_version_row(
            session, name, DatasetQuery(batch_ids=(batch_id,)), changelog="First release."
        )
    return build_version(workspace, row.dataset_version_id).dataset_version_id
