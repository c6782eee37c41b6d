"""One HTTP request over a pooled connection, with a wall-clock deadline and a size limit.

Refuses to retry, to follow redirects, and to raise for what a provider does wrong. It knows whether
any byte left this machine, because only then can a failed call have cost money.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import Payload
from multidict import CIMultiDict
from pydantic import SecretBytes, SecretStr
from yarl import URL

from core.providers.answer_body import BodyReader, TooLarge, Undecodable
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
NO_HEADERS: Mapping[str, str] = MappingProxyType({})
SEND_STEP_BYTES = 2**18  # of a long request, which would else be copied whole into the socket
MASK = b"[key]"
# Answers that grow longer are read one at a time, so that a server cannot fill memory with as many
# as there are connections.
LARGE_BYTES = 2**17


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


class _Question(Payload):
    """One request's bytes; knows whether any of them may have left."""

    _autoclose = True
    # The session's own headers come first; aiohttp only wants a payload to have some.
    _headers = CIMultiDict({"Content-Type": BASE_HEADERS["Content-Type"]})

    def __init__(self, data: bytes) -> None:
        # Not the parent's, which would build those headers for every request.
        self._value: bytes = data
        self._size = len(data)
        self.is_sent = False

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """The request as text."""
        return self._value.decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Send it. The headers have waited, to leave together with the first byte."""
        self.is_sent = True
        if len(self._value) <= SEND_STEP_BYTES:
            await writer.write(self._value)
            return
        view = memoryview(self._value)
        for start in range(0, len(view), SEND_STEP_BYTES):
            await writer.write(view[start : start + SEND_STEP_BYTES])


class _Request(aiohttp.ClientRequest):
    """Refuses a pooled connection on which the server went on talking after its answer."""

    async def send(self, conn: aiohttp.connector.Connection) -> aiohttp.ClientResponse:
        """Send over a connection whose next bytes will be the answer to this request."""
        if conn.protocol is None or conn.protocol.should_close:
            # Else those bytes would be taken for the answer to the wrong question.
            raise aiohttp.ClientConnectionError
        return await super().send(conn)


class _Call:
    """How far one request came."""

    __slots__ = ("body", "headers", "question", "status")

    def __init__(self, data: bytes) -> None:
        self.question = _Question(data)
        self.status: int | None = None
        self.headers = NO_HEADERS
        self.body = bytearray()


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
        self._large = asyncio.Lock()
        # Bytes beside the text, so that masking need not encode it for every answer.
        self._key_bytes = SecretBytes(b"" if key is None else key.get_secret_value().encode())

    def __repr__(self) -> str:
        return f"HttpProvider(name={self.name!r}, protocol={self.protocol!r}, url={self._url!s})"

    def prepare(self, request: ModelRequest) -> Prepared:
        """The bytes to send and the bound on their tokens."""
        return self._wire.prepare(request)

    async def send(self, request: ModelRequest, prepared: Prepared) -> Outcome:  # noqa: ARG002
        """The outcome of exactly one HTTP request."""
        call = _Call(prepared.body)
        started = time.monotonic()
        failure = await self._exchange(call)
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

    async def _exchange(self, call: _Call) -> Failure | None:
        try:
            async with asyncio.timeout(self._limits.deadline_s):
                await self._post(call)
        except TimeoutError:
            return self._failed(
                call, FailureKind.TIMEOUT, f"No answer within {self._limits.deadline_s:g} seconds."
            )
        except TooLarge:
            limit = self._limits.max_response_bytes
            return self._failed(
                call, FailureKind.TOO_LARGE, f"The answer is larger than {limit:,} bytes."
            )
        except Undecodable as error:
            return self._failed(call, FailureKind.GARBAGE, f"The answer {error}.")
        except aiohttp.ClientPayloadError:
            return self._failed(call, FailureKind.TRUNCATED, "The answer was cut off.")
        except aiohttp.ClientResponseError:
            return self._failed(call, FailureKind.GARBAGE, "The answer is not valid HTTP.")
        except (aiohttp.ClientError, OSError) as error:
            return self._failed(call, *self._broken(call, error))
        return None

    async def _post(self, call: _Call) -> None:
        session = self._session or self._open()
        response = await session.post(self._url, data=call.question, allow_redirects=False)
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
        reader = BodyReader(response.content, response.headers, call.body)
        if not await reader.read_up_to(min(limit, LARGE_BYTES)):
            async with self._large:
                if not await reader.read_up_to(limit):
                    raise TooLarge
        if reader.is_cut_off:
            raise aiohttp.ClientPayloadError

    def _open(self) -> aiohttp.ClientSession:
        key = None if self._key is None else self._key.get_secret_value()
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=self._limits.concurrency, limit_per_host=self._limits.concurrency
            ),
            headers={**BASE_HEADERS, **self._wire.headers(key)},
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
            auto_decompress=False,
            request_class=_Request,
        )
        return self._session

    def _broken(self, call: _Call, error: Exception) -> tuple[FailureKind, str]:
        if call.status is not None:
            return FailureKind.TRUNCATED, "The connection broke while the answer was coming."
        if call.question.is_sent:
            return FailureKind.CONNECTION, "The connection broke after the request was sent."
        # Only the kind of error is named: its text may quote headers.
        host = f"{self._url.host}:{self._url.port}"
        return FailureKind.CONNECTION, f"No connection to {host} ({type(error).__name__})."

    def _failed(self, call: _Call, kind: FailureKind, message: str) -> Failure:
        raw = self._masked(bytes(call.body[:MAX_RAW_CHARS])).decode("utf-8", "replace")
        charge = "unknown" if call.question.is_sent else "free"
        return Failure(kind, message, call.status, None, charge, raw)  # type: ignore[arg-type]

    def _masked(self, body: bytes) -> bytes:
        """The body without the key: a server may quote it in an error, or anywhere else."""
        key = self._key_bytes.get_secret_value()
        return body.replace(key, MASK) if key and key in body else body


def _has_error_status(call: _Call) -> bool:
    return call.status is not None and call.status >= 300
