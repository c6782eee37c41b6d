"""Batches that were aimed at the gaps of a scope, and where each gap stood when they were."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.tables import Batch
from core.insight.coverage.gaps import Gap, GapKind
from core.insight.records import Scope
from core.templates.planning.focus import Scalar

FILL_GAP: Final = "fill_gap"  # `operation` of the origin of such a batch


@dataclass(frozen=True)
class Fill:
    """One batch aimed at gaps of a scope; several gaps of a grid may share a batch."""

    batch_id: str
    name: str
    state: str
    n: int
    generated: int
    reference_id: str  # "" for gaps of the template's grid
    gaps: list["FilledGap"]
    covered_then: float | None  # coverage of the grid or the reference when it was launched
    created_at: datetime


@dataclass(frozen=True)
class FilledGap:
    """A gap as it stood when a batch was aimed at it."""

    gap_id: str
    kind: GapKind
    label: str
    wanted: int
    present: int
    cell: dict[str, Scalar]


def origin_of(
    scope: Scope, gaps: list[Gap], covered: float | None, reference_id: str = ""
) -> dict[str, Any]:
    """What a batch that fills these gaps says about itself."""
    return {
        "operation": FILL_GAP,
        "scope": scope.kind,
        "scope_id": scope.id,
        "reference_id": reference_id,
        "covered": covered,
        "gaps": [
            {
                "gap_id": gap.gap_id, "kind": gap.kind, "label": gap.label,
                "wanted": gap.wanted, "present": gap.present, "cell": gap.cell,
            }
            for gap in gaps
        ],
    }  # fmt: skip


def fills_of(session: Session, scope_id: str) -> list[Fill]:
    """The batches that were aimed at gaps of this scope, newest first."""
    query = (
        select(Batch)
        .where(
            Batch.kind == "batch",
            Batch.origin["operation"].as_string() == FILL_GAP,
            Batch.origin["scope_id"].as_string() == scope_id,
        )
        .order_by(Batch.created_at.desc(), Batch.batch_id.desc())
    )
    return [_fill(batch) for batch in session.scalars(query)]


def _fill(batch: Batch) -> Fill:
    origin: Mapping[str, Any] = batch.origin
    return Fill(
        batch_id=batch.batch_id,
        name=batch.name,
        state=batch.state,
        n=batch.n,
        generated=batch.generated,
        reference_id=origin.get("reference_id", ""),
        gaps=[FilledGap(**gap) for gap in origin["gaps"]],
        covered_then=origin.get("covered"),
        created_at=batch.created_at,
    )
