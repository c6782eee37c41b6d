"""Which bytes of a file a request wants (RFC 9110, section 14). Pure."""

import re
from typing import NamedTuple

# A browser resumes with one range; a header of thousands is an attack, and may be ignored.
MAX_HEADER_CHARS = 100
ONE_RANGE = re.compile(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*", re.IGNORECASE)


class ByteRange(NamedTuple):
    """Bytes from `start` up to, not including, `end`."""

    start: int
    end: int


class Unsatisfiable(Exception):
    """The range lies outside the file."""


def wanted_range(
    header: str | None, if_range: str | None, etag: str, size_bytes: int
) -> ByteRange | None:
    """The one range that the header asks for; None where the whole file must be sent.

    Several ranges, other units and malformed headers are ignored, as the RFC allows; so is a range
    whose If-Range names another state of the file. Raises Unsatisfiable.
    """
    if header is None or len(header) > MAX_HEADER_CHARS:
        return None
    match = ONE_RANGE.fullmatch(header.strip())
    if match is None or (if_range is not None and if_range.strip() != etag):
        return None
    first, last = match.groups()
    if not first and not last:
        return None
    if not first:
        return _suffix(int(last), size_bytes)
    start, end = int(first), int(last) + 1 if last else size_bytes
    if end <= start and last:
        return None
    if start >= size_bytes:
        raise Unsatisfiable
    return ByteRange(start, min(end, size_bytes))


def _suffix(length: int, size_bytes: int) -> ByteRange:
    """The last `length` bytes."""
    if length == 0 or size_bytes == 0:
        raise Unsatisfiable
    return ByteRange(max(size_bytes - length, 0), size_bytes)
