"""Files become sources: read once to find what is wrong, then again into one transaction.

Nothing is visible until it is complete, and the same bytes are imported once per project. Memory
does not depend on the size of the file.
"""

import errno
import hashlib
import io
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePath
from typing import Any, BinaryIO, NamedTuple

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.db.ids import new_id, utc_now
from core.db.tables import DEFAULT_PROJECT_ID, LOCAL_ADMIN_ID, Chunk, Source
from core.db.workspace import Workspace
from core.errors import SourceError, StorageFull
from core.sources.decoding import kind_of
from core.sources.reading import TABLE_KINDS, Piece, ReadSettings, read_pieces, read_records
from core.sources.rows import MAX_COLUMNS, suggest_text_column
from core.text.hashing import text_hash

MAX_UPLOAD_BYTES = 50 * 2**20
MAX_FILE_BYTES = 2**30
MAX_NAME_CHARS = 300
BLOCK_BYTES = 2**20
ROWS_PER_INSERT = 1_000
PREVIEW_ROWS = 20


@dataclass(frozen=True)
class SourcePreview:
    """The beginning of a file as it would be imported."""

    kind: str
    columns: list[str]  # of a table, else empty
    rows: list[dict[str, Any]]  # of a table, at most PREVIEW_ROWS
    chunk_texts: list[str]  # at most PREVIEW_ROWS
    suggested_text_column: str | None  # of a table


class _Owner(NamedTuple):
    created_by: str
    project_id: str


class _Checked(NamedTuple):
    """What the first reading found."""

    chunk_count: int
    columns: list[str]


def import_source(
    workspace: Workspace,
    path: Path,
    *,
    name: str | None = None,
    kind: str | None = None,
    text_column: str | None = None,
    chunk_chars: int = 1200,
    overlap_chars: int = 150,
    created_by: str = LOCAL_ADMIN_ID,
    project_id: str = DEFAULT_PROJECT_ID,
) -> Source:
    """The source made from a file, or the one that already holds exactly these bytes.

    Raises SourceError for a file that cannot be read as its kind; nothing is stored then.
    """
    if not path.is_file():
        raise SourceError(f"There is no file {str(path)!r}.", remedy="Check the path.")
    try:
        stream = path.open("rb")
    except OSError as error:
        raise SourceError(
            f"The file {str(path)!r} cannot be opened: {error.strerror}.",
            remedy="Check its rights.",
        ) from error
    with stream:
        settings = ReadSettings(kind_of(path.name, kind), text_column, chunk_chars, overlap_chars)
        name = _plain_name(name or path.name)
        return _import(workspace, stream, name, settings, _Owner(created_by, project_id))


def import_stream(
    workspace: Workspace,
    stream: BinaryIO,
    name: str,
    *,
    kind: str | None = None,
    text_column: str | None = None,
    chunk_chars: int = 1200,
    overlap_chars: int = 150,
    max_bytes: int = MAX_UPLOAD_BYTES,
    created_by: str = LOCAL_ADMIN_ID,
    project_id: str = DEFAULT_PROJECT_ID,
) -> Source:
    """As `import_source`, from an upload of at most max_bytes; `name` says what it is.

    Raises SourceError, StorageFull.
    """
    name = _plain_name(name)
    settings = ReadSettings(kind_of(name, kind), text_column, chunk_chars, overlap_chars)
    with tempfile.TemporaryFile(dir=workspace.folder("tmp")) as copy:
        _spool(stream, copy, max_bytes)
        return _import(workspace, copy, name, settings, _Owner(created_by, project_id))


def preview_source(
    data: bytes, name: str, *, kind: str | None = None, text_column: str | None = None
) -> SourcePreview:
    """How the beginning of a file would be imported; nothing is stored.

    Raises SourceError for what is wrong within that beginning.
    """
    kind = kind_of(_plain_name(name), kind)
    stream = io.BytesIO(data)
    if kind not in TABLE_KINDS:
        pieces = islice(read_pieces(stream, ReadSettings(kind)), PREVIEW_ROWS)
        return SourcePreview(kind, [], [], [piece.text for piece in pieces], None)
    rows = [record.fields for record in islice(read_records(stream, kind), PREVIEW_ROWS)]
    suggested = suggest_text_column(rows)
    column = text_column or suggested
    texts = [str(row[column]) for row in rows if column is not None and row.get(column)]
    return SourcePreview(kind, _all_columns(rows), rows, texts, suggested)


def _all_columns(rows: Iterable[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _plain_name(name: str) -> str:
    """The last part of a path from any system, printable and short enough to store."""
    last = PurePath(name.replace("\\", "/")).name
    plain = "".join(letter for letter in last if letter.isprintable()).strip()
    if not plain.strip("."):
        raise SourceError(f"{name!r} is no file name.", remedy="Give the source a name.")
    return plain[-MAX_NAME_CHARS:]


def _spool(stream: BinaryIO, copy: Any, max_bytes: int) -> None:
    size = 0
    while block := stream.read(BLOCK_BYTES):
        size += len(block)
        if size > max_bytes:
            raise SourceError(
                f"The file is larger than {max_bytes:,} bytes.",
                remedy="Split it, or import it by path from the command line.",
            )
        try:
            copy.write(block)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            raise StorageFull(
                "The disk has no room for the upload.", remedy="Free some space and try again."
            ) from error


def _import(
    workspace: Workspace, stream: Any, name: str, settings: ReadSettings, owner: _Owner
) -> Source:
    content_hash, size_bytes = _hash_of(stream)
    if size_bytes > MAX_FILE_BYTES:
        raise SourceError(f"The file is larger than {MAX_FILE_BYTES:,} bytes.", remedy="Split it.")
    existing = _existing(workspace, content_hash, owner.project_id)
    if existing is not None:
        return existing
    checked = _check(stream, settings)
    source = Source(
        source_id=new_id("src"),
        name=name,
        kind=settings.kind,
        content_hash=content_hash,
        size_bytes=size_bytes,
        chunk_count=checked.chunk_count,
        columns=checked.columns,
        **owner._asdict(),
    )
    try:
        with workspace.write() as session:
            session.add(source)
            session.flush()
            _store(session, source, read_pieces(stream, settings))
            if _hash_of(stream)[0] != content_hash:
                raise SourceError("The file changed while it was read.", remedy="Import it again.")
    except IntegrityError:
        # Someone else imported the same bytes since we looked.
        twin = _existing(workspace, content_hash, owner.project_id)
        if twin is None:
            raise
        return twin
    return source


def _hash_of(stream: BinaryIO) -> tuple[str, int]:
    stream.seek(0)
    digest, size = hashlib.sha256(), 0
    while block := stream.read(BLOCK_BYTES):
        digest.update(block)
        size += len(block)
    return digest.hexdigest(), size


def _existing(workspace: Workspace, content_hash: str, project_id: str) -> Source | None:
    with workspace.read() as session:
        return session.scalar(
            select(Source).where(
                Source.project_id == project_id, Source.content_hash == content_hash
            )
        )


def _check(stream: BinaryIO, settings: ReadSettings) -> _Checked:
    count = 0
    columns: dict[str, None] = {}
    for piece in read_pieces(stream, settings):
        count += 1
        columns.update(dict.fromkeys(piece.fields))
        if len(columns) > MAX_COLUMNS:
            raise SourceError(
                f"The rows have more than {MAX_COLUMNS:,} different fields.",
                remedy="Drop the fields that you do not need.",
            )
    return _Checked(count, list(columns))


def _store(session: Session, source: Source, pieces: Iterator[Piece]) -> None:
    numbered = enumerate(pieces)
    now = utc_now()
    while group := list(islice(numbered, ROWS_PER_INSERT)):
        session.execute(
            insert(Chunk), [_chunk_row(source, ordinal, piece, now) for ordinal, piece in group]
        )


def _chunk_row(source: Source, ordinal: int, piece: Piece, now: Any) -> dict[str, Any]:
    return {
        "chunk_id": f"{source.source_id}_{ordinal}",
        "source_id": source.source_id,
        "ordinal": ordinal,
        "start_char": piece.start,
        "end_char": piece.end,
        "text": piece.text,
        "text_hash": text_hash(piece.text),
        "heading": piece.heading,
        "fields": piece.fields,
        "created_at": now,
        "created_by": source.created_by,
        "project_id": source.project_id,
    }
