"""Reading the body of an answer: decompressed step by step, and never further than asked.

Owns nothing but the reading. Refuses to trust: a compressed body that does not make sense is an
error, with what came of it kept.
"""

import zlib
from collections.abc import Mapping
from typing import Any

import aiohttp

from core.providers.base import MAX_RAW_CHARS

INFLATE_STEP_BYTES = 2**16


class TooLarge(Exception):
    """The decoded body passes the limit; caught by the transport."""


class Undecodable(Exception):
    """The body's compression is broken or unknown; caught by the transport."""


class BodyReader:
    """Reads `content` into `body`, decoded."""

    def __init__(
        self, content: aiohttp.StreamReader, headers: Mapping[str, str], body: bytearray
    ) -> None:
        self._content, self._body = content, body
        encoding = headers.get("Content-Encoding", "").strip().lower()
        is_plain = encoding in ("", "identity")
        self._inflate = None if is_plain else _Inflater(encoding, body)

    @property
    def is_cut_off(self) -> bool:
        """Whether the compressed part, now read to its end, ended before its own end."""
        return self._inflate is not None and not self._inflate.is_complete

    async def read_up_to(self, most: int) -> bool:
        """Read on until the answer ends (True) or the body is longer than `most` (False).

        Raises Undecodable.
        """
        if self._inflate is None:
            while len(self._body) <= most:
                piece = await self._content.readany()
                if not piece:
                    return True
                self._body += piece
            return False
        self._inflate.feed(b"", most)
        while len(self._body) <= most:
            piece = await self._content.readany()
            if not piece:
                return True
            self._inflate.feed(piece, most)
        return False


class _Inflater:
    """Decompresses step by step, so that a small body cannot become a large one unseen."""

    def __init__(self, encoding: str, body: bytearray) -> None:
        self._encoding, self._body = encoding, body
        self._stream: Any = None  # None: an encoding that was not asked for and is not known
        if encoding in ("gzip", "x-gzip", "deflate"):
            self._stream = zlib.decompressobj(31 if "gzip" in encoding else 15)
        self._waiting = b""  # compressed, of the piece that was not finished

    @property
    def is_complete(self) -> bool:
        return self._stream is None or bool(self._stream.eof)

    def feed(self, piece: bytes, most: int) -> None:
        """Decompress until the piece is used up or the body is longer than `most`."""
        piece = self._waiting + piece
        try:
            while piece and len(self._body) <= most and not self.is_complete:
                self._body += self._stream.decompress(piece, INFLATE_STEP_BYTES)
                piece = self._stream.unconsumed_tail
        except zlib.error as error:
            raise self._stopped(piece, "is not compressed as it claims to be") from error
        if self._stream is None and piece:
            raise self._stopped(piece, f"has the unknown encoding {self._encoding[:40]!r}")
        if self._stream is not None and self._stream.eof and (piece or self._stream.unused_data):
            raise Undecodable("goes on after its compressed part")
        self._waiting = piece

    def _stopped(self, piece: bytes, why: str) -> Undecodable:
        # What was paid for is kept, if only as it came.
        self._body += piece[:MAX_RAW_CHARS]
        return Undecodable(why)
