"""Files become sources: read to the end by a confined child, then stored in one transaction.

Nothing is visible until it is complete, and the same bytes are imported once per project. Memory
does not depend on the size of the file.
"""

import errno
import hashlib
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, BinaryIO, NamedTuple

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.db.bulk import BulkInsert
from core.db.ids import new_id, utc_now
from core.db.tables import DEFAULT_PROJECT_ID, LOCAL_ADMIN_ID, Chunk, Source
from core.db.workspace import Workspace
from core.errors import SourceError, StorageFull
from core.settings import SourceLimits
from core.sources.parsing.bounded import Parsed, parse, parse_preview
from core.sources.parsing.kinds import TABLE_KINDS, kind_of
from core.sources.parsing.reading import Piece, ReadSettings
from core.text.hashing import text_hash

MAX_UPLOAD_BYTES = 50 * 2**20
MAX_NAME_CHARS = 300
BLOCK_BYTES = 2**20
ROWS_PER_INSERT = 1_000
CHARS_PER_INSERT = 2**20
PREVIEW_ROWS = 20
CHUNKS = BulkInsert(
    Chunk.__table__,
    [
        "chunk_id", "source_id", "ordinal", "start_char", "end_char", "text", "text_hash",
        "heading", "page", "fields", "created_at", "created_by", "project_id",
    ],
)  # fmt: skip


@dataclass(frozen=True)
class SourcePreview:
    """The beginning of a file as it would be imported; long texts are cut."""

    kind: str
    columns: list[str]  # of a table, else empty
    rows: list[dict[str, Any]]  # of a table, at most PREVIEW_ROWS
    pieces: list[Piece]  # of a document, at most PREVIEW_ROWS
    chunk_texts: list[str]  # at most PREVIEW_ROWS
    suggested_text_column: str | None  # of a table


class _Owner(NamedTuple):
    created_by: str
    project_id: str


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
    with _opened(path) as stream:
        settings = ReadSettings(kind_of(path.name, kind), text_column, chunk_chars, overlap_chars)
        name = _plain_name(name or path.name)
        return _import(workspace, stream, name, settings, _Owner(created_by, project_id))


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
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
        yield stream


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
    file: bytes | BinaryIO | Path,
    name: str,
    *,
    kind: str | None = None,
    text_column: str | None = None,
    chunk_chars: int = 1200,
    overlap_chars: int = 150,
    limits: SourceLimits | None = None,
) -> SourcePreview:
    """How the beginning of a file would be imported: its bytes, open or by path. Stores nothing.

    Raises SourceError for what is wrong within that beginning.
    """
    kind = kind_of(_plain_name(name), kind)
    settings = ReadSettings(kind, text_column, chunk_chars, overlap_chars)
    limits = limits or SourceLimits()
    if isinstance(file, Path):
        with _opened(file) as stream:
            return _preview(stream, settings, limits)
    with tempfile.TemporaryFile() as copy:
        stream = io.BytesIO(file) if isinstance(file, bytes) else file
        stream.seek(0)
        _spool(stream, copy, MAX_UPLOAD_BYTES)
        copy.flush()
        return _preview(copy, settings, limits)


def _preview(file: Any, settings: ReadSettings, limits: SourceLimits) -> SourcePreview:
    shown = parse_preview(file, settings, limits, PREVIEW_ROWS)
    if settings.kind not in TABLE_KINDS:
        pieces = [Piece(**piece.model_dump()) for piece in shown.pieces]
        texts = [piece.text for piece in pieces]
        return SourcePreview(settings.kind, [], [], pieces, texts, None)
    return SourcePreview(settings.kind, shown.columns, shown.rows, [], shown.texts, shown.suggested)


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
    limits = workspace.settings.source_limits or SourceLimits()
    content_hash, size_bytes = _hash_of(stream)
    if size_bytes > limits.file_bytes:
        raise SourceError(
            f"The file is larger than {limits.file_bytes:,} bytes.", remedy="Split it."
        )
    existing = _existing(workspace, content_hash, owner.project_id)
    if existing is not None:
        return existing
    with parse(stream, settings, limits, workspace.folder("tmp")) as parsed:
        if _hash_of(stream)[0] != content_hash:
            raise SourceError("The file changed while it was read.", remedy="Import it again.")
        source = Source(
            source_id=new_id("src"),
            name=name,
            kind=settings.kind,
            content_hash=content_hash,
            size_bytes=size_bytes,
            **parsed.ending.model_dump(),
            **owner._asdict(),
        )
        return _stored(workspace, source, parsed)


def _stored(workspace: Workspace, source: Source, parsed: Parsed) -> Source:
    """The source with all its chunks in one transaction, or the twin that was faster."""
    try:
        with workspace.write() as session:
            session.add(source)
            session.flush()
            _store(session, source, parsed.pieces())
    except IntegrityError:
        # Someone else imported the same bytes since we looked.
        twin = _existing(workspace, source.content_hash, source.project_id)
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


def _store(session: Session, source: Source, pieces: Iterator[Piece]) -> None:
    now = utc_now()
    rows: list[dict[str, Any]] = []
    chars = 0
    for ordinal, piece in enumerate(pieces):
        rows.append(_chunk_row(source, ordinal, piece, now))
        chars += piece.end - piece.start
        if len(rows) >= ROWS_PER_INSERT or chars >= CHARS_PER_INSERT:
            CHUNKS.execute(session.connection(), rows)
            rows, chars = [], 0
    CHUNKS.execute(session.connection(), rows)


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
        "page": piece.page,
        "fields": piece.fields,
        "created_at": now,
        "created_by": source.created_by,
        "project_id": source.project_id,
    }
