"""What a model answered about the terms of chunks, read from an expansion's samples."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from core.db.tables import Chunk, Sample
from core.db.workspace import Workspace

READ_ROWS = 500


def answers_of(workspace: Workspace, batch_id: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The answers of a batch, each with the number of its chunk."""
    place = -1
    while True:
        query = (
            select(Sample.plan_index, Chunk.ordinal, Sample.output)
            .join(Chunk, Chunk.chunk_id == Sample.chunk_id)
            .where(Sample.batch_id == batch_id, Sample.state == "generated")
            .where(Sample.plan_index > place)
            .order_by(Sample.plan_index)
            .limit(READ_ROWS)
        )
        with workspace.read() as session:
            rows = session.execute(query).all()
        if not rows:
            return
        for plan_index, ordinal, output in rows:
            place = plan_index
            yield ordinal, output or {}
