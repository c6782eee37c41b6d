"""Parts of a ZIP archive, read only after its whole table of contents has been checked.

Refuses what bombs are made of: too many entries, entries that overlap, that expand too far or lie
about their size. Archives inside the archive are never opened.
"""

import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final

from core.errors import SourceError
from core.settings import SourceLimits

END_RECORD: Final = struct.Struct("<4s4H2LH")
END_MAGIC = b"PK\x05\x06"
WIDE_END_MAGIC = b"PK\x06\x07"
MAX_COMMENT_BYTES = 2**16
LOCAL_HEADER_BYTES = 30
ENTRY_BYTES = 600  # of the table of contents, on average at most: names are short
READ_BYTES = 2**16


class ZipParts:
    """An archive whose table of contents has passed every check.

    Raises SourceError for an archive that is damaged, locked or passes a limit.
    """

    def __init__(self, stream: BinaryIO, limits: SourceLimits) -> None:
        self._limits = limits
        # The table is checked before it is read: a million entries would fill the memory.
        _check_end(stream, limits)
        try:
            self._archive = zipfile.ZipFile(stream)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise _damaged() from error
        self._check_entries()

    def _check_entries(self) -> None:
        entries = sorted(self._archive.infolist(), key=lambda entry: entry.header_offset)
        if len(entries) > self._limits.entries:
            raise _too_many(self._limits)
        if sum(entry.file_size for entry in entries) > self._limits.expanded_bytes:
            raise _too_large(self._limits)
        if len({entry.filename for entry in entries}) < len(entries):
            raise SourceError("Two entries of the archive have one name.", remedy="Save it again.")
        edge = 0
        for entry in entries:
            if entry.header_offset < edge:
                raise SourceError("Entries of the archive overlap.", remedy="Save it again.")
            edge = entry.header_offset + LOCAL_HEADER_BYTES + entry.compress_size

    def __contains__(self, name: str) -> bool:
        return name in self._archive.NameToInfo

    def read(self, name: str) -> Iterator[bytes]:
        """The bytes of one entry, in blocks. Raises SourceError."""
        entry = self._archive.getinfo(name)
        if entry.flag_bits & 1:
            raise SourceError("The document is locked.", remedy="Save it without a password.")
        if entry.file_size > self._limits.ratio * max(entry.compress_size, 1):
            raise SourceError(
                f"{name!r} expands more than {self._limits.ratio} times.",
                remedy="Save the document again, or convert it to text.",
            )
        try:
            with self._archive.open(entry) as part:
                # zipfile gives out no more than the declared size, and then checks the sum.
                while block := part.read(READ_BYTES):
                    yield block
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
            raise _damaged() from error


def _check_end(stream: BinaryIO, limits: SourceLimits) -> None:
    """Read the archive's last record: how many entries, and how large their table is."""
    size = stream.seek(0, os.SEEK_END)
    begin = max(0, size - END_RECORD.size - MAX_COMMENT_BYTES)
    stream.seek(begin)
    tail = stream.read()
    stream.seek(0)
    place = tail.rfind(END_MAGIC)
    if place < 0 or len(tail) - place < END_RECORD.size:
        raise _damaged()
    _, _, _, _, count, table_bytes, _, _ = END_RECORD.unpack_from(tail, place)
    is_wide = tail[max(0, place - 20) : place].startswith(WIDE_END_MAGIC)
    # A wide (ZIP64) archive has more entries or bytes than any document needs.
    if is_wide or count > limits.entries or table_bytes > limits.entries * ENTRY_BYTES:
        raise _too_many(limits)


def _damaged() -> SourceError:
    return SourceError("The archive is damaged.", remedy="Save the document again.")


def _too_many(limits: SourceLimits) -> SourceError:
    return SourceError(
        f"The archive has more than {limits.entries:,} entries.",
        remedy="Save the document again, or convert it to text.",
    )


def _too_large(limits: SourceLimits) -> SourceError:
    return SourceError(
        f"The archive expands to more than {limits.expanded_bytes / 2**20:,.0f} MiB.",
        remedy="Save the document without its pictures, or convert it to text.",
    )
