"""What a batch still lacks: rows are the truth, so any run starts by looking."""

from sqlalchemy import select

from core.db.tables import Batch, Sample
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
        self._is_done = self._read_done()
        self._next = 0

    def _read_done(self) -> bytearray:
        done = bytearray(self._batch.n)
        query = select(Sample.plan_index).where(Sample.batch_id == self._batch.batch_id)
        with self._workspace.read() as session:
            for index in session.scalars(query.execution_options(yield_per=READ_ROWS)):
                done[index - self._batch.plan_offset] = 1
        return done

    def next_block(self, size: int) -> list[Task]:
        """The next tasks of the plan, at most `size`; empty at its end."""
        offset = self._batch.plan_offset
        positions: list[int] = []
        while len(positions) < size and self._next < self._batch.n:
            if not self._is_done[self._next]:
                positions.append(self._next + offset)
            self._next += 1
        wanted = {i: self._plan.chunk_id(i) for i in positions}
        named = [chunk_id for chunk_id in wanted.values() if chunk_id is not None]
        chunks = load_chunks(self._workspace, named) if named else {}
        return [self._asker.task(self._plan, i, chunks.get(c or "")) for i, c in wanted.items()]


def plan_of(workspace: Workspace, batch: Batch, definition: TemplateDefinition) -> Plan:
    """The batch's plan. Raises TemplateError when its targets cannot be met."""
    return Plan(
        definition,
        n=batch.n,
        seed=batch.seed,
        offset=batch.plan_offset,
        chunk_ids=chunk_ids(workspace, batch.source_ids) if batch.source_ids else (),
    )
