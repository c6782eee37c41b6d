"""What the two providers' SDKs have in common here: an HTTP client, deadlines, and their errors.

The SDKs would retry by themselves, follow redirects, and read proxies and further credentials from
the environment. None of that is wanted: a key belongs to its host, and retrying is in one place.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from pydantic import SecretStr

from core.providers.base import Failure, FailureKind
from core.providers.batch_api.base import (
    CONTROL_DEADLINE_S,
    TRANSFER_DEADLINE_S,
    BatchApiFailed,
    lines_of,
)
from core.providers.classify import ADVICE, http_failure
from core.providers.transport import MASK

TIMEOUT = httpx2.Timeout(CONTROL_DEADLINE_S, connect=10.0)  # for each read; the deadline is outside
MOST_CONTROL_BYTES = 4 * 2**20  # of any answer but results
STREAMED = ("/content", "/results")
# The request may have been taken although these came back.
UNDECIDED = frozenset({408, 409, 499})
NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)


class _Capped(httpx2.AsyncByteStream):
    """A body that breaks off at a limit."""

    def __init__(self, stream: Any, most_bytes: int) -> None:
        self._stream, self._left = stream, most_bytes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            self._left -= len(chunk)
            if self._left < 0:
                raise httpx2.ReadError("the answer is too large")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


class _CappedTransport(httpx2.AsyncHTTPTransport):
    """Caps every answer but results, which are read line by line."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await super().handle_async_request(request)
        if not request.url.path.endswith(STREAMED):
            response.stream = _Capped(response.stream, MOST_CONTROL_BYTES)
        return response


def http_client() -> httpx2.AsyncClient:
    """A client that follows no redirect and reads nothing from the environment."""
    return httpx2.AsyncClient(
        transport=_CappedTransport(),
        timeout=TIMEOUT,
        follow_redirects=False,
        trust_env=False,
        headers={"Accept-Encoding": "identity"},
    )


@asynccontextmanager
async def asked(
    errors: Mapping[str, FailureKind],
    refine: Mapping[str, FailureKind],
    deadline_s: float | None = None,
) -> AsyncIterator[None]:
    """One request: whatever its SDK raises comes out as BatchApiFailed, a wall-clock limit too.

    The limit is CONTROL_DEADLINE_S where none is given.
    """
    deadline_s = CONTROL_DEADLINE_S if deadline_s is None else deadline_s
    try:
        async with asyncio.timeout(deadline_s):
            yield
    except TimeoutError as error:
        message = f"No answer within {deadline_s:g} seconds."
        failure = Failure(FailureKind.TIMEOUT, message)
        raise BatchApiFailed(failure, is_refused=False) from error
    except Exception as error:
        failed = failure_of(error, errors, refine)
        if failed is None:
            raise
        raise failed from error


def failure_of(
    error: Exception, errors: Mapping[str, FailureKind], refine: Mapping[str, FailureKind]
) -> BatchApiFailed | None:
    """What an SDK's exception means; None for one that is not its own.

    `errors` names the SDK's classes, `refine` says what words of its error bodies mean.
    """
    if isinstance(error, BatchApiFailed):
        return error
    kind = next((errors[c.__name__] for c in type(error).__mro__ if c.__name__ in errors), None)
    if isinstance(error, httpx2.HTTPError | httpx2.StreamError):
        kind = FailureKind.CONNECTION  # while results were read, beyond the SDK's own calls
    if kind is None:
        return None
    response = getattr(error, "response", None)
    if isinstance(response, httpx2.Response) and not response.is_success:
        failure = http_failure(response.status_code, response.headers, _body(response), refine)
        is_refused = response.status_code < 500 and response.status_code not in UNDECIDED
        return BatchApiFailed(failure, is_refused=is_refused)
    # Only the kind of error is named: its text may quote headers.
    words = ADVICE.get(kind, "The request failed.")
    cause = type(error.__cause__ or error).__name__
    is_unsent = isinstance(error.__cause__ or error, NEVER_SENT)
    return BatchApiFailed(Failure(kind, f"{words} ({cause})"), is_refused=is_unsent)


def _body(response: httpx2.Response) -> bytes:
    try:
        return response.content
    except httpx2.ResponseNotRead:
        return b""


async def masked_lines(
    chunks: AsyncIterator[bytes], key: SecretStr | None, most_bytes: int
) -> AsyncIterator[bytes]:
    """The lines of results, without the key that a server may quote in them.

    Raises BatchApiFailed for a line above `most_bytes` or a stream that takes too long.
    """
    secret = b"" if key is None else key.get_secret_value().encode()
    started = time.monotonic()
    async for line in lines_of(chunks, most_bytes):
        if time.monotonic() - started > TRANSFER_DEADLINE_S:
            message = f"The results did not end within {TRANSFER_DEADLINE_S:g} seconds."
            raise BatchApiFailed(Failure(FailureKind.TIMEOUT, message), is_refused=False)
        yield line.replace(secret, MASK) if secret and secret in line else line
