"""What can be measured: the texts of a batch, a template version, a dataset version or a source.

Owns the shape that every measure reads, and how the rows of the first two become it. A dataset
version's rows lie in its own files; `core.jobs.records` reads those too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import select

from core.db.tables import Batch, Chunk, Sample, Source
from core.db.workspace import Workspace
from core.errors import NotFound
from core.generation.batches import KEPT_KINDS

ScopeKind = Literal["batch", "template_version", "dataset_version", "source"]
PREFIXES: Final[dict[str, ScopeKind]] = {
    "bat": "batch", "tpv": "template_version", "dsv": "dataset_version", "src": "source",
}  # fmt: skip


class Scope(NamedTuple):
    """One population of texts."""

    kind: ScopeKind
    id: str


@dataclass(frozen=True)
class Records:
    """The generated samples of a scope in a fixed order; every sequence has one entry per text."""

    scope: Scope
    ids: Sequence[str]  # sample ids; chunk ids of a source
    inputs: Sequence[str]
    responses: Sequence[str]
    variables: Sequence[Mapping[str, Any]]
    domains: Sequence[str]
    languages: Sequence[str]  # "" where unknown
    verdicts: Sequence[str]  # "" for a source
    scores: Sequence[float | None]

    def __len__(self) -> int:
        return len(self.ids)

    def texts(self) -> list[str]:
        """What is embedded and measured: input and response of each record."""
        return [f"{i}\n{r}" if i else r for i, r in zip(self.inputs, self.responses, strict=True)]


def scope_of(scope_id: str) -> Scope:
    """The scope that an id names. Raises NotFound for an id of another kind."""
    kind = PREFIXES.get(scope_id.partition("_")[0])
    if kind is None:
        raise NotFound("batch, template version, dataset version or source", scope_id)
    return Scope(kind, scope_id)


def sample_records(workspace: Workspace, scope: Scope) -> Records:
    """Records of a batch, in plan order, or of a template version's batches, oldest first.

    Raises NotFound for a batch that does not exist.
    """
    columns = (
        Sample.sample_id, Sample.input, Sample.response, Sample.variables, Sample.domain,
        Sample.language, Sample.verdict, Sample.quality_score,
    )  # fmt: skip
    statement = select(*columns).where(Sample.state == "generated")
    with workspace.read() as session:
        if scope.kind == "batch":
            if session.get(Batch, scope.id) is None:
                raise NotFound("batch", scope.id)
            statement = statement.where(Sample.batch_id == scope.id).order_by(Sample.plan_index)
        else:
            statement = (
                statement.join(Batch, Batch.batch_id == Sample.batch_id)
                .where(Batch.template_version_id == scope.id, Batch.kind.in_(KEPT_KINDS))
                .order_by(Batch.created_at, Batch.batch_id, Sample.plan_index)
            )
        rows = session.execute(statement).all()
    return _records(scope, rows)


def source_records(workspace: Workspace, source_id: str) -> Records:
    """The chunks of a source, in document order. Raises NotFound."""
    with workspace.read() as session:
        if session.get(Source, source_id) is None:
            raise NotFound("source", source_id)
        chunks = session.execute(
            select(Chunk.chunk_id, Chunk.text, Chunk.fields)
            .where(Chunk.source_id == source_id)
            .order_by(Chunk.ordinal)
        ).all()
    rows = [(i, "", text, fields, "", "", "", None) for i, text, fields in chunks]
    return _records(Scope("source", source_id), rows)


def _records(scope: Scope, rows: Sequence[Any]) -> Records:
    columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[]] * 8
    return Records(scope, *columns)
