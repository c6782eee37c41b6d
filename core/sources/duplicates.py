"""Which of a source's chunks other sources hold already, by the hash of their text."""

from sqlalchemy import exists, func, select
from sqlalchemy.orm import aliased

from core.db.tables import Chunk
from core.db.workspace import Workspace


def known_chunk_count(workspace: Workspace, source_id: str) -> int:
    """How many chunks of the source have a text that another source of the project holds too."""
    other = aliased(Chunk)
    twin = exists().where(
        other.text_hash == Chunk.text_hash,
        other.project_id == Chunk.project_id,
        other.source_id != source_id,
    )
    query = select(func.count()).select_from(Chunk).where(Chunk.source_id == source_id, twin)
    with workspace.read() as session:
        return session.scalar(query) or 0
