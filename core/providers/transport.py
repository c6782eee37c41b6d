"""One HTTP request over a pooled connection, with a wall-clock deadline and a size limit.

Refuses to retry, to follow redirects, and to raise for what a provider does wrong. It knows whether
any byte left this machine, because only then can a failed call have cost money.
"""

import asyncio
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from types import SimpleNamespace
from typing import Any, Protocol

import aiohttp
from pydantic import SecretBytes, SecretStr
from yarl import URL

from core.providers.base import (
    MAX_RAW_CHARS,
    Failure,
    FailureKind,
    ModelRequest,
    Outcome,
    Prepared,
    RateLimits,
    Reply,
)

BASE_HEADERS = {
    "Content-Type": "application/json",
    "Accept": "application/json",
    # Answers are a few kilobytes: inflating costs more than it saves.
    "Accept-Encoding": "identity",
    "User-Agent": "seedbed",
}
# aiohttp warns about larger bodies handed over as bytes.
MAX_PLAIN_BODY_BYTES = 2**20
MASK = b"[key]"
INFLATE_STEP_BYTES = 2**16


@dataclass(frozen=True, slots=True)
class TransportLimits:
    """What one connection may take."""

    concurrency: int  # sockets in the pool
    deadline_s: float  # wall clock for one request, from connecting to the last byte
    max_response_bytes: int  # of the decoded body


class WireProtocol(Protocol):
    """A provider's language: builds bytes and reads bytes, without a network."""

    @property
    def name(self) -> str:
        """Key of `core.providers.registry.PROTOCOLS`."""

    @property
    def path(self) -> str:
        """Appended to the base URL."""

    def headers(self, key: str | None) -> dict[str, str]:
        """Headers that every request carries."""

    def prepare(self, request: ModelRequest) -> Prepared:
        """The request's bytes and the bound on its tokens."""

    def limits(self, headers: Mapping[str, str]) -> RateLimits | None:
        """Rate limits that a response announces."""

    def read(self, status: int, headers: Mapping[str, str], body: bytes) -> Reply | Failure:
        """What a response means."""


@dataclass(slots=True)
class _Call:
    """How far one request came."""

    is_sent: bool = False  # bytes may have left
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)


class _TooLarge(Exception):
    """The decoded body passes the limit; raised and caught in this module."""


class _Undecodable(Exception):
    """The body's compression is broken or unknown; raised and caught in this module."""


class HttpProvider:
    """A provider over HTTP. The session opens with the first request, in the running loop."""

    def __init__(
        self,
        name: str,
        protocol: WireProtocol,
        base_url: str,
        key: SecretStr | None,
        limits: TransportLimits,
    ) -> None:
        self.name = name
        self.protocol = protocol.name
        self._wire = protocol
        self._url = URL(base_url.rstrip("/") + protocol.path)
        self._key = key
        self._limits = limits
        self._session: aiohttp.ClientSession | None = None
        # Bytes beside the text, so that masking need not encode it for every answer.
        self._key_bytes = SecretBytes(b"" if key is None else key.get_secret_value().encode())

    def __repr__(self) -> str:
        return f"HttpProvider(name={self.name!r}, protocol={self.protocol!r}, url={self._url!s})"

    def prepare(self, request: ModelRequest) -> Prepared:
        """The bytes to send and the bound on their tokens."""
        return self._wire.prepare(request)

    async def send(self, request: ModelRequest, prepared: Prepared) -> Outcome:  # noqa: ARG002
        """The outcome of exactly one HTTP request."""
        call = _Call()
        started = time.monotonic()
        failure = await self._exchange(call, prepared.body)
        latency_ms = int((time.monotonic() - started) * 1000)
        limits = self._wire.limits(call.headers) if call.headers else None
        if failure is None or _has_error_status(call):
            assert call.status is not None
            result = self._wire.read(call.status, call.headers, self._masked(bytes(call.body)))
            if isinstance(result, Reply):
                return Outcome(result, None, latency_ms, call.status, limits)
            failure = result
        return Outcome(None, failure, latency_ms, call.status, limits)

    async def close(self) -> None:
        """Close the pool; safe to call twice."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _exchange(self, call: _Call, body: bytes) -> Failure | None:
        try:
            async with asyncio.timeout(self._limits.deadline_s):
                await self._post(call, body)
        except TimeoutError:
            return self._failed(
                call, FailureKind.TIMEOUT, f"No answer within {self._limits.deadline_s:g} seconds."
            )
        except _TooLarge:
            limit = self._limits.max_response_bytes
            return self._failed(
                call, FailureKind.TOO_LARGE, f"The answer is larger than {limit:,} bytes."
            )
        except _Undecodable as error:
            return self._failed(call, FailureKind.GARBAGE, f"The answer {error}.")
        except aiohttp.ClientPayloadError:
            return self._failed(call, FailureKind.TRUNCATED, "The answer was cut off.")
        except aiohttp.ClientResponseError:
            return self._failed(call, FailureKind.GARBAGE, "The answer is not valid HTTP.")
        except (aiohttp.ClientError, OSError) as error:
            return self._failed(call, *self._broken(call, error))
        return None

    async def _post(self, call: _Call, body: bytes) -> None:
        session = self._session or self._open()
        data = body if len(body) <= MAX_PLAIN_BODY_BYTES else BytesIO(body)
        response = await session.post(
            self._url, data=data, allow_redirects=False, trace_request_ctx=call
        )
        try:
            call.status, call.headers = response.status, response.headers
            await self._read(call, response)
        except BaseException:
            # The rest of this body must not be taken for the start of the next answer.
            response.close()
            raise
        response.release()

    async def _read(self, call: _Call, response: aiohttp.ClientResponse) -> None:
        limit = self._limits.max_response_bytes
        encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
        inflate = None if encoding in ("", "identity") else _Inflater(encoding)
        async for piece in response.content.iter_any():
            if inflate is None:
                call.body += piece
            else:
                inflate.feed(piece, call.body, limit)
            if len(call.body) > limit:
                raise _TooLarge
        if inflate is not None and not inflate.is_complete:
            raise aiohttp.ClientPayloadError

    def _open(self) -> aiohttp.ClientSession:
        trace = aiohttp.TraceConfig()
        trace.on_request_headers_sent.append(_note_sent)
        key = None if self._key is None else self._key.get_secret_value()
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=self._limits.concurrency, limit_per_host=self._limits.concurrency
            ),
            headers={**BASE_HEADERS, **self._wire.headers(key)},
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
            auto_decompress=False,
            trace_configs=[trace],
        )
        return self._session

    def _broken(self, call: _Call, error: Exception) -> tuple[FailureKind, str]:
        if call.status is not None:
            return FailureKind.TRUNCATED, "The connection broke while the answer was coming."
        if call.is_sent:
            return FailureKind.CONNECTION, "The connection broke after the request was sent."
        # Only the kind of error is named: its text may quote headers.
        host = f"{self._url.host}:{self._url.port}"
        return FailureKind.CONNECTION, f"No connection to {host} ({type(error).__name__})."

    def _failed(self, call: _Call, kind: FailureKind, message: str) -> Failure:
        raw = self._masked(bytes(call.body[:MAX_RAW_CHARS])).decode("utf-8", "replace")
        charge = "unknown" if call.is_sent else "free"
        return Failure(kind, message, call.status, None, charge, raw)  # type: ignore[arg-type]

    def _masked(self, body: bytes) -> bytes:
        """The body without the key: a server may quote it in an error, or anywhere else."""
        key = self._key_bytes.get_secret_value()
        return body.replace(key, MASK) if key and key in body else body


class _Inflater:
    """Decompresses step by step, so that a small body cannot become a large one unseen."""

    def __init__(self, encoding: str) -> None:
        if encoding not in ("gzip", "x-gzip", "deflate"):
            raise _Undecodable(f"has the unknown encoding {encoding[:40]!r}")
        self._stream: Any = zlib.decompressobj(31 if "gzip" in encoding else 15)

    @property
    def is_complete(self) -> bool:
        return bool(self._stream.eof)

    def feed(self, piece: bytes, into: bytearray, limit: int) -> None:
        try:
            while piece and len(into) <= limit and not self._stream.eof:
                into += self._stream.decompress(piece, INFLATE_STEP_BYTES)
                piece = self._stream.unconsumed_tail
        except zlib.error as error:
            raise _Undecodable("is not compressed as it claims to be") from error


def _has_error_status(call: _Call) -> bool:
    return call.status is not None and call.status >= 300


async def _note_sent(
    _session: aiohttp.ClientSession,
    context: SimpleNamespace,
    _params: aiohttp.TraceRequestHeadersSentParams,
) -> None:
    # Runs just before the first byte is written: from here on the provider may bill.
    context.trace_request_ctx.is_sent = True
