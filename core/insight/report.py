"""The insight report of a scope as pages and the API read it. Nothing here computes.

Corrections do not enter a batch's report: a sample's text never changes, so a report stays true
until samples are added. Verdicts and scores do change, and are joined to the map when it is read.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.db.tables import Batch, Chunk, DatasetVersion, InsightReport, Sample
from core.db.workspace import Workspace
from core.generation.batches import KEPT_KINDS
from core.insight.contents import (
    CONTENTS,
    Bias,
    ClusterRow,
    Coverage,
    MetricValue,
    ProjectionNote,
    Stage,
)
from core.insight.diversity.metrics import METRICS
from core.insight.mapping.map import MapField, load_map, map_fields
from core.insight.records import Scope, ScopeKind, scope_of
from core.insight.row import owner_of

__all__ = ["InsightView", "MapField", "load_insight", "load_map", "map_fields"]

WAITING = ("queued", "running")


@dataclass(frozen=True)
class InsightView:
    """A scope's report as pages show it. `state` is "none" before the first request."""

    scope: Scope
    state: str  # none, queued, running, ready, failed
    stage: Stage  # what the figures rest on: "" nothing, lexical, sampled, complete
    message: str  # why it failed, or that the samples are too few
    done: int  # texts embedded so far
    total: int
    rate_per_s: float  # texts embedded per second, lately; 0 while none are
    is_stale: bool  # samples were added since it was computed
    samples: int  # samples that the report covers; the fields below stay while it is recomputed
    embedded: int  # texts whose embeddings the figures of meaning rest on
    embedding_model: str
    metrics: dict[str, MetricValue]  # by name, in the order of METRICS; empty until computed
    clusters: list[ClusterRow]
    projection: ProjectionNote | None
    coverage: Coverage | None
    bias: Bias
    computed_at: datetime | None

    @property
    def scope_id(self) -> str:
        """The id of what was measured."""
        return self.scope.id

    @property
    def kind(self) -> ScopeKind:
        """What kind of thing that is."""
        return self.scope.kind

    @property
    def batch_id(self) -> str:
        """The id of a batch; empty for another scope."""
        return self.scope.id if self.scope.kind == "batch" else ""

    @property
    def is_waiting(self) -> bool:
        """Whether a worker still has to do something."""
        return self.state in WAITING

    @property
    def eta_s(self) -> float | None:
        """Seconds until every text is embedded at the present rate; None where unknown."""
        left = self.total - self.done
        return left / self.rate_per_s if self.rate_per_s > 0 and left > 0 else None


def load_insight(workspace: Workspace, scope_id: str) -> InsightView:
    """The report as it stands, with state "none" where none was asked for.

    Raises NotFound for an unknown scope.
    """
    scope = scope_of(scope_id)
    with workspace.read() as session:
        owner_of(session, scope)
        row = session.get(InsightReport, scope_id) or InsightReport(
            scope_id=scope_id, state="none", stage="", message="", done=0, total=0,
            rate_per_s=0.0, report={},
        )  # fmt: skip
        present = _present(session, scope)
    contents = CONTENTS.validate_python(row.report or {})
    return InsightView(
        scope=scope,
        state=row.state,
        stage=row.stage,  # type: ignore[arg-type]
        message=row.message,
        done=row.done,
        total=row.total,
        rate_per_s=row.rate_per_s,
        is_stale=row.computed_at is not None and present != contents.samples,
        samples=contents.samples,
        embedded=contents.embedded,
        embedding_model=contents.embedding_model,
        # PostgreSQL keeps the keys of a JSON object in an order of its own.
        metrics={name: contents.metrics[name] for name in METRICS if name in contents.metrics},
        clusters=contents.clusters,
        projection=contents.projection,
        coverage=contents.coverage,
        bias=contents.bias,
        computed_at=row.computed_at,
    )


def _present(session: Session, scope: Scope) -> int:
    """How many texts the scope holds now, counted in the database."""
    if scope.kind == "dataset_version":
        return session.get_one(DatasetVersion, scope.id).sample_count
    count = select(func.count())
    if scope.kind == "source":
        count = count.select_from(Chunk).where(Chunk.source_id == scope.id)
    elif scope.kind == "batch":
        count = count.select_from(Sample).where(
            Sample.batch_id == scope.id, Sample.state == "generated"
        )
    else:
        count = (
            count.select_from(Sample)
            .join(Batch, Batch.batch_id == Sample.batch_id)
            .where(
                Batch.template_version_id == scope.id,
                Batch.kind.in_(KEPT_KINDS),
                Sample.state == "generated",
            )
        )
    return session.scalar(count) or 0
