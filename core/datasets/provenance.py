"""What the manifest says of generation: template versions, batches with their cost, sources."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.datasets.lineage import BatchContext
from core.db.tables import Attempt, Batch, Source

NO_CALLS: Mapping[str, Any] = {"attempts": 0, "cost_usd": "0", "estimated_usd": "0"}


def generation_facts(
    session: Session, contexts: Mapping[str, BatchContext], rows_by_batch: Mapping[str, int]
) -> dict[str, Any]:
    """Everything that made the rows, as JSON values; costs are decimal strings in US dollars."""
    costs = _costs(session, contexts)
    versions = {c.version.template_version_id: c for c in contexts.values()}
    source_ids = sorted({sid for c in contexts.values() for sid in c.batch.source_ids})
    sources = session.scalars(select(Source).where(Source.source_id.in_(source_ids)))
    return {
        "template_versions": [_template(context) for _, context in sorted(versions.items())],
        "batches": [
            {
                **_batch(context.batch, rows_by_batch.get(batch_id, 0)),
                **costs.get(batch_id, NO_CALLS),
            }
            for batch_id, context in contexts.items()
        ],
        "sources": [
            {
                "source_id": source.source_id,
                "name": source.name,
                "kind": source.kind,
                "content_hash": source.content_hash,
            }
            for source in sorted(sources, key=lambda s: s.source_id)
        ],
    }


def _template(context: BatchContext) -> dict[str, Any]:
    return {
        "template_version_id": context.version.template_version_id,
        "name": context.template.name,
        "title": context.template.title,
        "number": context.version.number,
        "content_hash": context.version.content_hash,
    }


def _batch(batch: Batch, rows: int) -> dict[str, Any]:
    return {
        "batch_id": batch.batch_id,
        "name": batch.name,
        "template_version_id": batch.template_version_id,
        "connection": batch.connection,
        "model": batch.model,
        "seed": batch.seed,
        "n": batch.n,
        "plan_offset": batch.plan_offset,
        "parameters": batch.parameters,
        "source_ids": batch.source_ids,
        **({"focus": batch.focus} if batch.focus else {}),
        "fingerprint": batch.fingerprint,
        "created_at": batch.created_at.isoformat(),
        "finished_at": batch.finished_at.isoformat() if batch.finished_at else None,
        "rows_in_version": rows,
    }


def _costs(session: Session, batch_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    query = (
        select(
            Attempt.batch_id,
            Attempt.is_estimated,
            func.count(),
            func.coalesce(func.sum(Attempt.cost_usd), 0),
        )
        .where(Attempt.batch_id.in_(list(batch_ids)))
        .group_by(Attempt.batch_id, Attempt.is_estimated)
    )
    found: dict[str, dict[str, Any]] = {}
    for batch_id, is_estimated, count, cost in session.execute(query):
        facts = found.setdefault(batch_id, dict(NO_CALLS))
        facts["attempts"] += count
        facts["estimated_usd" if is_estimated else "cost_usd"] = f"{cost:f}"
    return found
