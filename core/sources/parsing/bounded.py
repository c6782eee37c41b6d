"""The parent's side of reading a file: start the confined child, listen, believe nothing.

The child's pieces go to a temporary file first, so that no database lock is held while a hostile
file is read, and are checked one by one when they come back. Memory here does not depend on the
file.
"""

import errno
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.confinement import CHILD_ENVIRONMENT, TIME_SIGNALS, child_command
from core.errors import SourceError, StorageFull
from core.settings import SourceLimits
from core.sources.parsing.child import MAX_LINE_BYTES, Order, memory_error
from core.sources.parsing.chunking import MAX_CHUNK_CHARS, MAX_PATH_CHARS
from core.sources.parsing.kinds import TABLE_KINDS
from core.sources.parsing.reading import Piece, ReadSettings

# A small file that takes longer is hostile or broken; a large one may use all of limits.cpu_s.
LEAST_CPU_S = 20.0
BYTES_PER_CPU_S = 5 * 2**20
# On a busy machine a second of work takes several by the clock.
WALL_FACTOR = 4.0
START_SECONDS = 10.0  # for the child's own start
CHILD_MODULE = "core.sources.parsing.child"
REMEDY = "Split it, or convert it to a simpler kind such as text or JSONL."
# Each child may take limits.memory_bytes; more uploads than this at once wait for each other.
MAX_CHILDREN = 2
_children = threading.BoundedSemaphore(MAX_CHILDREN)


class _Told(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Ending(_Told):
    """What the child says of the whole file."""

    columns: list[str]
    chunk_count: int = Field(ge=0)
    page_count: int | None = Field(ge=0)


class _Failure(_Told):
    message: str = Field(max_length=4_000)
    remedy: str = Field(max_length=4_000)
    row: int | None


class _ShownPiece(_Told):
    text: str
    start: int
    end: int
    heading: str
    page: int | None
    fields: dict[str, Any]


class Shown(_Told):
    """What the child shows of a file's beginning: pieces of a document, or rows of a table."""

    pieces: list[_ShownPiece] = []
    columns: list[str] = []
    rows: list[dict[str, Any]] = []
    texts: list[str] = []
    suggested: str | None = None


T = TypeVar("T", bound=_Told)


@dataclass(frozen=True)
class Parsed:
    """A file that has been read to its end; its pieces wait in a temporary file."""

    ending: Ending
    lines: IO[bytes]
    limits: SourceLimits
    is_table: bool

    def pieces(self) -> Iterator[Piece]:
        """The pieces in order. Raises SourceError for one that breaks the rules."""
        self.lines.seek(0)
        count = 0
        for line in self.lines:
            count += 1
            yield _piece(line, self.limits, is_table=self.is_table)
        if count != self.ending.chunk_count:
            raise _nonsense("it counts otherwise")


@contextmanager
def parse(
    stream: BinaryIO, settings: ReadSettings, limits: SourceLimits, folder: Path
) -> Iterator[Parsed]:
    """The file's pieces, read in a child; `folder` holds the temporary file.

    Raises SourceError for whatever is wrong with the file or passes a limit, StorageFull.
    """
    settings.check()
    with tempfile.TemporaryFile(dir=folder) as lines:
        last = _run(stream, _order(stream, settings, limits, 0), limits, lines)
        yield Parsed(_told(Ending, last, "end"), lines, limits, settings.kind in TABLE_KINDS)


def parse_preview(
    stream: BinaryIO, settings: ReadSettings, limits: SourceLimits, count: int
) -> Shown:
    """What the child shows of the file's beginning.

    Raises SourceError for what is wrong within that beginning.
    """
    settings.check()
    last = _run(stream, _order(stream, settings, limits, count), limits, None)
    return _told(Shown, last, "preview")


def _order(stream: BinaryIO, settings: ReadSettings, limits: SourceLimits, preview: int) -> Order:
    size_bytes = os.fstat(stream.fileno()).st_size
    cpu_s = min(limits.cpu_s, LEAST_CPU_S + size_bytes / BYTES_PER_CPU_S)
    return Order(asdict(settings), limits.model_dump(), cpu_s, cpu_s * WALL_FACTOR, preview)


def _run(
    stream: BinaryIO, order: Order, limits: SourceLimits, lines: IO[bytes] | None
) -> dict[str, Any]:
    """Run a child on the open file; its last line. The lines before are written to `lines`."""
    # The child shares this open file's position, so both must stand at the start.
    os.lseek(stream.fileno(), 0, os.SEEK_SET)
    with _children, subprocess.Popen(
        child_command(CHILD_MODULE, order.as_json()), stdin=stream.fileno(),
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=CHILD_ENVIRONMENT,
    ) as child:  # fmt: skip
        # The child's own timer ends it; this one counts for a child that is stopped.
        deadline = threading.Timer(order.wall_s + START_SECONDS, child.kill)
        deadline.start()
        try:
            assert child.stdout is not None
            last = _collect(child.stdout, lines, limits)
        except BaseException:
            child.kill()
            raise
        finally:
            deadline.cancel()
    if last is None:
        raise _death(child.returncode, order, limits)
    if "error" in last:
        told = _told(_Failure, last, "error")
        error = SourceError(told.message, remedy=told.remedy)
        error.row = told.row
        raise error
    return last


def _collect(
    stdout: IO[bytes], lines: IO[bytes] | None, limits: SourceLimits
) -> dict[str, Any] | None:
    """Keep the lines of pieces; the last line's object, None where the child broke off."""
    kept = 0
    while line := stdout.readline(MAX_LINE_BYTES + 1):
        if not line.endswith(b"\n"):
            if len(line) > MAX_LINE_BYTES:
                raise _nonsense("a line is too long")
            return None
        if line.startswith(b"{"):
            return _last(line)
        kept += len(line)
        if lines is None or kept > limits.expanded_bytes:
            raise _nonsense("it does not stop")
        _keep(lines, line)
    return None


def _last(line: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise _nonsense("a line is no JSON") from error
    assert isinstance(value, dict)
    return value


def _keep(lines: IO[bytes], line: bytes) -> None:
    try:
        lines.write(line)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise StorageFull(
            "The disk has no room for what the file holds.",
            remedy="Free some space and try again.",
        ) from error


def _told(kind: type[T], last: dict[str, Any], name: str) -> T:
    try:
        return kind.model_validate(last.get(name))
    except ValidationError as error:
        raise _nonsense("its last line does not fit") from error


def _piece(line: bytes, limits: SourceLimits, *, is_table: bool) -> Piece:
    try:
        text, start, end, heading, page, fields = orjson.loads(line)
    except (ValueError, TypeError) as error:
        raise _nonsense("a line is no piece") from error
    is_sound = (
        isinstance(text, str)
        and 0 < len(text) <= (limits.cell_bytes if is_table else MAX_CHUNK_CHARS)
        and "\x00" not in text
        and isinstance(start, int)
        and isinstance(end, int)
        and 0 <= start <= end < 2**31
        and isinstance(heading, str)
        and len(heading) <= MAX_PATH_CHARS
        and (page is None or (isinstance(page, int) and 0 < page <= limits.pages))
        and isinstance(fields, dict)
        and len(fields) <= limits.columns
    )
    if not is_sound:
        raise _nonsense("a piece does not fit")
    return Piece(text, start, end, heading, page, fields)


def _nonsense(reason: str) -> SourceError:
    return SourceError(
        f"The reader of the file gave an answer that cannot be used ({reason}).",
        remedy="The file is damaged or hostile: export it again, or convert it to text.",
    )


def _death(returncode: int, order: Order, limits: SourceLimits) -> SourceError:
    """What to say of a child that ended without its last line."""
    ending = -returncode if returncode < 0 else None
    if ending in TIME_SIGNALS or ending == signal.SIGKILL:
        return SourceError(
            f"Reading the file takes longer than {order.cpu_s:.0f} s.", remedy=REMEDY
        )
    if ending in (signal.SIGSEGV, signal.SIGABRT, signal.SIGTRAP, signal.SIGILL, signal.SIGBUS):
        return SourceError(
            "The file's reader crashed: the file is damaged or needs more than "
            f"{limits.memory_bytes / 2**20:,.0f} MiB of memory.",
            remedy="Export it again, or convert it to a simpler kind such as text.",
        )
    return memory_error(limits)
