"""What a batch still lacks: rows are the truth, so any run starts by looking."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import select

from core.db.tables import Batch, Chunk, Sample
from core.db.workspace import Workspace
from core.generation.asking import Asker, Task
from core.sources.browsing import chunk_ids, load_chunks
from core.templates.definition import TemplateDefinition
from core.templates.plan import Plan

READ_ROWS = 10_000


class MissingSamples:
    """Walks the plan once, in order, leaving out what has a sample. One byte of memory a sample."""

    def __init__(
        self, workspace: Workspace, batch: Batch, definition: TemplateDefinition, asker: Asker
    ) -> None:
        self._workspace, self._batch, self._asker = workspace, batch, asker
        self._plan = plan_of(workspace, batch, definition)
        self.has_chunks = bool(batch.source_ids)
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

    def load_chunks(self, indexes: Sequence[int]) -> dict[str, Chunk]:
        """The chunks that these samples are made from, by id. Reads the database."""
        named = {name for i in indexes if (name := self._plan.chunk_id(i)) is not None}
        return load_chunks(self._workspace, sorted(named)) if named else {}

    def task(self, index: int, chunks: Mapping[str, Chunk]) -> Task:
        """The first request for one sample."""
        return self._asker.task(self._plan, index, chunks.get(self._plan.chunk_id(index) or ""))


def plan_of(workspace: Workspace, batch: Batch, definition: TemplateDefinition) -> Plan:
    """The batch's plan. Raises TemplateError when its targets cannot be met."""
    return Plan(
        definition,
        n=batch.n,
        seed=batch.seed,
        offset=batch.plan_offset,
        chunk_ids=chunk_ids(workspace, batch.source_ids) if batch.source_ids else (),
    )
