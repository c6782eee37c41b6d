"""What a batch still lacks: rows are the truth, so any run starts by looking."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from core.db.tables import Batch, Chunk, Sample
from core.db.workspace import Workspace
from core.generation.asking import Asker, Task
from core.generation.inputs import load_rows, resolve_inputs
from core.sources.browsing import chunk_ids, load_chunks
from core.sources.terms.extracted import NO_TERMS, terms_of_chunks
from core.templates.definition import TemplateDefinition
from core.templates.planning.focus import read_focus
from core.templates.planning.plan import Plan

READ_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class Material:
    """What some samples are made from."""

    chunks: Mapping[str, Chunk] = field(default_factory=dict)  # by id
    rows: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # of inputs, by id
    terms: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # of chunks, by id


EMPTY = Material()


class MissingSamples:
    """Walks the plan once, in order, leaving out what has a sample. One byte of memory a sample."""

    def __init__(
        self, workspace: Workspace, batch: Batch, definition: TemplateDefinition, asker: Asker
    ) -> None:
        self._workspace, self._batch, self._asker = workspace, batch, asker
        self._plan = plan_of(workspace, batch, definition)
        self.has_material = bool(batch.source_ids or batch.inputs)
        self._is_done = self._read_done()
        self._next = 0

    def _read_done(self) -> bytearray:
        done = bytearray(self._batch.n)
        query = select(Sample.plan_index).where(Sample.batch_id == self._batch.batch_id)
        with self._workspace.read() as session:
            for index in session.scalars(query.execution_options(yield_per=READ_ROWS)):
                done[index - self._batch.plan_offset] = 1
        return done

    def leave_out(self, indexes: Iterable[int]) -> None:
        """Pass these samples over: somebody else is asked for them already."""
        for index in indexes:
            self._is_done[index - self._batch.plan_offset] = 1

    def next_indexes(self, size: int) -> list[int]:
        """The next plan indexes without a sample, at most `size`; empty at the plan's end."""
        indexes: list[int] = []
        while len(indexes) < size and self._next < self._batch.n:
            if not self._is_done[self._next]:
                indexes.append(self._next + self._batch.plan_offset)
            self._next += 1
        return indexes

    def load(self, indexes: Sequence[int]) -> Material:
        """What these samples are made from. Reads the database."""
        return material_of(self._workspace, self._plan, self._batch.inputs, indexes)

    def task(self, index: int, material: Material) -> Task:
        """The first request for one sample. Raises TemplateError."""
        return task_of(self._asker, self._plan, index, material)


def plan_of(workspace: Workspace, batch: Batch, definition: TemplateDefinition) -> Plan:
    """The batch's plan. Raises TemplateError when its targets cannot be met."""
    return Plan(
        definition,
        n=batch.n,
        seed=batch.seed,
        offset=batch.plan_offset,
        chunk_ids=chunk_ids(workspace, batch.source_ids) if batch.source_ids else (),
        inputs=resolve_inputs(workspace, batch.inputs, definition),
        focus=read_focus(batch.focus),
    )


def material_of(
    workspace: Workspace, plan: Plan, inputs: Mapping[str, Any], indexes: Sequence[int]
) -> Material:
    """The chunks and rows that these samples are made from."""
    chunks = {name for i in indexes if (name := plan.chunk_id(i)) is not None}
    rows = {row_id for i in indexes for row_id in plan.row_ids(i).values()}
    return Material(
        load_chunks(workspace, sorted(chunks)) if chunks else {},
        load_rows(workspace, inputs, sorted(rows)) if rows else {},
        terms_of_chunks(workspace, sorted(chunks)) if plan.reads_terms else {},
    )


def task_of(asker: Asker, plan: Plan, index: int, material: Material) -> Task:
    """The first request for one sample of a plan. Raises TemplateError."""
    chunk_id = plan.chunk_id(index) or ""
    terms = material.terms.get(chunk_id, NO_TERMS) if plan.reads_terms else {}
    return asker.task(plan, index, material.chunks.get(chunk_id), material.rows, terms)
