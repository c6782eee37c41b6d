"""Sources and chunks, read back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.tables import DEFAULT_PROJECT_ID, Chunk, Source
from core.db.workspace import Workspace
from core.errors import NotFound
from core.sources.parsing.kinds import TABLE_KINDS

IDS_PER_QUERY = 500
MAX_NEIGHBOURS = 20


@dataclass(frozen=True)
class ChunkContext:
    """A chunk between its neighbours in the document."""

    source_name: str
    before: str  # "" at the document's beginning, and for a row of a table
    text: str
    after: str
    start_char: int
    end_char: int


def list_sources(
    workspace: Workspace,
    *,
    limit: int = 50,
    offset: int = 0,
    project_id: str = DEFAULT_PROJECT_ID,
) -> list[Source]:
    """Sources, newest first."""
    query = (
        select(Source)
        .where(Source.project_id == project_id)
        .order_by(Source.created_at.desc(), Source.source_id.desc())
        .limit(limit)
        .offset(offset)
    )
    with workspace.read() as session:
        return list(session.scalars(query))


def get_source(workspace: Workspace, source_id: str) -> Source:
    """The source with that id.

    Raises NotFound.
    """
    with workspace.read() as session:
        return _source(session, source_id)


def _source(session: Session, source_id: str) -> Source:
    source = session.get(Source, source_id)
    if source is None:
        raise NotFound("source", source_id)
    return source


def list_chunks(
    workspace: Workspace, source_id: str, *, limit: int = 50, offset: int = 0, search: str = ""
) -> list[Chunk]:
    """A source's chunks in document order; with `search`, those whose text contains it."""
    query = select(Chunk).where(Chunk.source_id == source_id)
    if search:
        query = query.where(Chunk.text.icontains(search, autoescape=True))
    with workspace.read() as session:
        return list(session.scalars(query.order_by(Chunk.ordinal).limit(limit).offset(offset)))


def get_chunk(workspace: Workspace, chunk_id: str) -> Chunk:
    """The chunk with that id.

    Raises NotFound.
    """
    with workspace.read() as session:
        return _chunk(session, chunk_id)


def _chunk(session: Session, chunk_id: str) -> Chunk:
    chunk = session.get(Chunk, chunk_id)
    if chunk is None:
        raise NotFound("chunk", chunk_id)
    return chunk


def chunk_ids(workspace: Workspace, source_ids: Sequence[str]) -> list[str]:
    """The ids of the sources' chunks: sources in the given order, chunks in document order.

    Raises NotFound for a source that does not exist.
    """
    found: list[str] = []
    with workspace.read() as session:
        for source_id in dict.fromkeys(source_ids):
            _source(session, source_id)
            query = select(Chunk.chunk_id).where(Chunk.source_id == source_id)
            found.extend(session.scalars(query.order_by(Chunk.ordinal)))
    return found


def load_chunks(workspace: Workspace, chunk_ids: Iterable[str]) -> dict[str, Chunk]:
    """Chunks by id; ids that do not exist are left out."""
    wanted = iter(dict.fromkeys(chunk_ids))
    found: dict[str, Chunk] = {}
    with workspace.read() as session:
        while group := list(islice(wanted, IDS_PER_QUERY)):
            for chunk in session.scalars(select(Chunk).where(Chunk.chunk_id.in_(group))):
                found[chunk.chunk_id] = chunk
    return found


def chunk_mapping(chunk: Chunk) -> dict[str, object]:
    """A chunk as templates see it: {"text", "heading", "fields"}."""
    return {"text": chunk.text, "heading": chunk.heading, "fields": chunk.fields}


def chunk_context(workspace: Workspace, chunk_id: str, chars: int = 300) -> ChunkContext:
    """A chunk with up to `chars` characters before and after it, put together from its neighbours.

    White space between chunks is not stored, and shows as an empty line.

    Raises NotFound.
    """
    with workspace.read() as session:
        chunk = _chunk(session, chunk_id)
        source = _source(session, chunk.source_id)
        before, after = "", ""
        if source.kind not in TABLE_KINDS and chars > 0:
            before = _text_before(session, chunk, chars)
            after = _text_after(session, chunk, chars)
        return ChunkContext(
            source.name, before, chunk.text, after, chunk.start_char, chunk.end_char
        )


def _text_before(session: Session, chunk: Chunk, chars: int) -> str:
    query = (
        select(Chunk)
        .where(Chunk.source_id == chunk.source_id, Chunk.ordinal < chunk.ordinal)
        .order_by(Chunk.ordinal.desc())
        .limit(MAX_NEIGHBOURS)
    )
    text, edge = "", chunk.start_char
    for other in session.scalars(query):
        gap = "\n\n" if other.end_char < edge else ""
        text = other.text[: edge - other.start_char] + gap + text
        edge = other.start_char
        if len(text) >= chars:
            break
    return text[-chars:]


def _text_after(session: Session, chunk: Chunk, chars: int) -> str:
    query = (
        select(Chunk)
        .where(Chunk.source_id == chunk.source_id, Chunk.ordinal > chunk.ordinal)
        .order_by(Chunk.ordinal)
        .limit(MAX_NEIGHBOURS)
    )
    text, edge = "", chunk.end_char
    for other in session.scalars(query):
        gap = "\n\n" if other.start_char > edge else ""
        text += gap + other.text[max(0, edge - other.start_char) :]
        edge = max(edge, other.end_char)
        if len(text) >= chars:
            break
    return text[:chars]
