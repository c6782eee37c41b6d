"""Sending files: one with ranges, or several as a tar. Memory stays at one piece per download.

Files are opened before the first byte is sent, so a release that is deleted meanwhile still arrives
whole, and closed when the client is done or gone.
"""

import tarfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol
from urllib.parse import quote

from anyio import to_thread
from fastapi import Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from app.api.errors import error_body
from app.api.ranges import ByteRange, Unsatisfiable, wanted_range
from core.errors import DamagedFile

PIECE_BYTES = 256 * 1024
# Streamlit's app compresses what it passes on. A compressed body would lose its length, and a range
# fetched later to resume it would be of other bytes than those that the ETag names.
UNTOUCHED = {"Content-Encoding": "identity", "Cache-Control": "private, no-cache, no-transform"}
MEDIA_TYPES = {
    ".jsonl": "application/jsonl",
    ".json": "application/json",
    ".csv": "text/csv; charset=utf-8",
    ".md": "text/markdown; charset=utf-8",
    ".parquet": "application/vnd.apache.parquet",
}


class Sendable(Protocol):
    """A file whose bytes were verified a moment ago."""

    @property
    def name(self) -> str: ...
    @property
    def size_bytes(self) -> int: ...
    @property
    def sha256(self) -> str: ...
    def open(self) -> BinaryIO: ...


class _Part(NamedTuple):
    """Either bytes in memory or a stretch of an open file."""

    head: bytes
    file: BinaryIO | None = None
    start: int = 0
    length: int = 0


class _PartsResponse(StreamingResponse):
    """Streams parts and closes their files, whatever becomes of the client."""

    def __init__(
        self, parts: Sequence[_Part], files: ExitStack, status: int, headers: dict[str, str]
    ) -> None:
        super().__init__(_pieces(parts), status, headers)
        self._files = files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._files:
            if scope["method"] == "HEAD":
                await Response(None, self.status_code, dict(self.headers))(scope, receive, send)
            else:
                await super().__call__(scope, receive, send)


async def _pieces(parts: Sequence[_Part]) -> AsyncIterator[bytes]:
    for part in parts:
        if part.head:
            yield part.head
        left, at = part.length, part.start
        while part.file is not None and left:
            piece = await to_thread.run_sync(_read, part.file, at, min(left, PIECE_BYTES))
            yield piece
            at, left = at + len(piece), left - len(piece)


def _read(file: BinaryIO, at: int, count: int) -> bytes:
    file.seek(at)
    piece = file.read(count)
    if not piece:
        raise DamagedFile(f"{file.name} ended early.")
    return piece


def send_file(request: Request, download: Sendable) -> Response:
    """The file, or the range of it that was asked for; 304 when the client has it already."""
    etag = f'"{download.sha256}"'
    headers = {"Accept-Ranges": "bytes", "ETag": etag} | UNTOUCHED
    if _matches(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    size = download.size_bytes
    try:
        chosen = wanted_range(
            request.headers.get("range"), request.headers.get("if-range"), etag, size
        )
    except Unsatisfiable:
        body = error_body("range_not_satisfiable", f"The file has {size} bytes.", "Ask for fewer.")
        return JSONResponse(body, 416, headers | {"Content-Range": f"bytes */{size}"})
    start, end = chosen or ByteRange(0, size)
    if chosen is not None:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    headers |= {
        "Content-Length": str(end - start),
        "Content-Type": MEDIA_TYPES.get(Path(download.name).suffix, "application/octet-stream"),
        "Content-Disposition": attachment(download.name),
    }
    with ExitStack() as opened:
        file = opened.enter_context(download.open())
        parts = [_Part(b"", file, start, end - start)]
        return _PartsResponse(parts, opened.pop_all(), 200 if chosen is None else 206, headers)


def send_tar(downloads: Sequence[Sendable], name: str, mtime: float) -> Response:
    """All files in one tar inside the folder `name`; the same files give the same bytes."""
    with ExitStack() as opened:
        parts = list(_tar_parts(opened, downloads, name, mtime))
        headers = UNTOUCHED | {
            "Content-Length": str(sum(len(part.head) + part.length for part in parts)),
            "Content-Type": "application/x-tar",
            "Content-Disposition": attachment(f"{name}.tar"),
        }
        return _PartsResponse(parts, opened.pop_all(), 200, headers)


def _tar_parts(
    opened: ExitStack, downloads: Sequence[Sendable], name: str, mtime: float
) -> Iterator[_Part]:
    for download in downloads:
        member = tarfile.TarInfo(f"{name}/{download.name}")
        member.size, member.mtime, member.mode = download.size_bytes, int(mtime), 0o644
        yield _Part(
            member.tobuf(tarfile.PAX_FORMAT),
            opened.enter_context(download.open()),
            0,
            download.size_bytes,
        )
        yield _Part(b"\0" * (-download.size_bytes % tarfile.BLOCKSIZE))
    yield _Part(b"\0" * (2 * tarfile.BLOCKSIZE))


def attachment(name: str) -> str:
    """A Content-Disposition that saves under this name (RFC 6266)."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._-@") else "_" for c in name)
    extended = "" if plain == name else f"; filename*=UTF-8''{quote(name, safe='')}"
    return f'attachment; filename="{plain}"{extended}'


def _matches(header: str | None, etag: str) -> bool:
    if header is None:
        return False
    known = {tag.strip().removeprefix("W/") for tag in header[:4096].split(",")}
    return etag in known or "*" in known
