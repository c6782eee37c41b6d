"""Anthropic's Message Batches: all requests in one body, all results in one stream.

Source: Anthropic docs, Batch processing and the Message Batches reference, read 2026-11. At most
100,000 requests or 256 MB; a batch expires after 24 hours, its results after 29 days. Requests that
errored, expired or were cancelled are not billed.
"""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import anthropic
import orjson
from anthropic.types.messages import MessageBatch
from pydantic import SecretStr

from core.providers.anthropic_protocol import REFINE, AnthropicProtocol
from core.providers.base import Failure, FailureKind, Reply
from core.providers.batch_api.base import (
    TRANSFER_DEADLINE_S,
    BatchApiFailed,
    Found,
    Piece,
    Remote,
    Result,
    Upload,
    plan_index_of,
)
from core.providers.batch_api.sdk import asked, failure_of, http_client, masked_lines
from core.providers.classify import parse_object
from core.providers.sdk_errors import ANTHROPIC_ERRORS

PATH = "/v1/messages/batches"
MOST_REQUESTS = 100_000
MOST_BYTES = 256 * 10**6
PAGE = 100
MOST_PAGES = 50
LOOK_BACK = timedelta(days=3)  # wider than any clock is wrong
STATUS_OF = {
    "invalid_request_error": 400, "authentication_error": 401, "billing_error": 402,
    "permission_error": 403, "not_found_error": 404, "request_too_large": 413,
    "rate_limit_error": 429, "api_error": 500, "timeout_error": 504, "overloaded_error": 529,
}  # fmt: skip
HEADERS = {"Content-Type": "application/json"}


class AnthropicBatches:
    """Batches of Messages. A batch has no metadata: our id stands in every custom id."""

    most_requests = MOST_REQUESTS
    most_bytes = MOST_BYTES

    def __init__(self, base_url: str, key: SecretStr | None, most_line_bytes: int) -> None:
        self._wire = AnthropicProtocol()
        self._key, self._most_line_bytes = key, most_line_bytes
        self._host = urlsplit(base_url).netloc
        # The SDK's own headers are replaced by those of live calls: the same key header, and the
        # same version, which its own default would change. An empty key, unlike None, keeps it
        # from looking for others in the environment.
        headers: dict[str, Any] = {"Authorization": anthropic.Omit(), "X-Api-Key": anthropic.Omit()}
        headers |= self._wire.headers(None if key is None else key.get_secret_value())
        if key is not None:
            del headers["X-Api-Key"]
        self._client = anthropic.AsyncAnthropic(
            api_key="",
            base_url=base_url,
            max_retries=0,
            http_client=http_client(),
            default_headers=headers,
        )

    def line(self, custom_id: str, body: bytes) -> bytes:
        """One member of the list of requests."""
        return orjson.dumps({"custom_id": custom_id})[:-1] + b',"params":' + body + b"}"

    async def upload(self, provider_batch_id: str, lines: Sequence[bytes]) -> Upload:
        """The body; it goes with `create`."""
        return Upload(provider_batch_id, body=b'{"requests":[' + b",".join(lines) + b"]}")

    async def create(self, upload: Upload) -> Remote:
        """The batch. The SDK's lower-level `post`, since its `create` would parse every body."""
        async with asked(ANTHROPIC_ERRORS, REFINE, TRANSFER_DEADLINE_S):
            batch = await self._client.post(
                PATH, cast_to=MessageBatch, content=upload.body, options={"headers": HEADERS}
            )
        return self._remote_of(batch)

    async def look(self, remote_id: str) -> Remote:
        """How far a batch is."""
        async with asked(ANTHROPIC_ERRORS, REFINE):
            return self._remote_of(await self._client.messages.batches.retrieve(remote_id))

    async def find(self, piece: Piece, known: Collection[str]) -> Found:
        """The batch whose results carry our id. Until an unknown one of the same size has ended,
        nobody can tell whose it is."""
        is_certain = True
        for batch in await self._unknown(piece, known):
            remote = self._remote_of(batch)
            if remote.state == "working":
                is_certain = False
            elif await self._is_of(remote, piece):
                return Found(remote)
        return Found(None, is_certain)

    async def _unknown(self, piece: Piece, known: Collection[str]) -> list[MessageBatch]:
        found: list[MessageBatch] = []
        async with asked(ANTHROPIC_ERRORS, REFINE):
            page = await self._client.messages.batches.list(limit=PAGE)
            for _ in range(MOST_PAGES):
                recent = [b for b in page.data if b.created_at >= piece.created_at - LOOK_BACK]
                found += [
                    batch
                    for batch in recent
                    if batch.id not in known and _size(batch) == piece.requests
                ]
                if len(recent) < len(page.data) or not page.has_next_page():
                    break
                page = await page.get_next_page()
        return found

    async def _is_of(self, remote: Remote, piece: Piece) -> bool:
        async for result in self.results(remote):
            return plan_index_of(result.custom_id, piece.provider_batch_id) is not None
        return False

    async def cancel(self, remote_id: str) -> Remote:
        """Ask for no more answers; a batch that has ended meanwhile stays as it is."""
        try:
            async with asked(ANTHROPIC_ERRORS, REFINE):
                return self._remote_of(await self._client.messages.batches.cancel(remote_id))
        except BatchApiFailed as error:
            if error.failure.http_status not in (400, 409):
                raise
            return await self.look(remote_id)

    async def results(self, remote: Remote) -> AsyncIterator[Result]:
        """The lines of the results."""
        if not remote.results:
            return
        try:
            content = self._client.messages.batches.with_streaming_response.results(
                remote.remote_id
            )
            async with content as response:
                chunks = response.iter_bytes()
                async for line in masked_lines(chunks, self._key, self._most_line_bytes):
                    if (result := self._result(line)) is not None:
                        yield result
        except Exception as error:
            failed = failure_of(error, ANTHROPIC_ERRORS, REFINE)
            if failed is None:
                raise
            raise failed from error

    def _result(self, line: bytes) -> Result | None:
        value = parse_object(line) or {}
        custom_id, result = value.get("custom_id"), value.get("result")
        if not isinstance(custom_id, str) or not isinstance(result, dict):
            return None
        kind = result.get("type")
        if kind == "succeeded":
            read = self._wire.read(200, {}, orjson.dumps(result.get("message")))
            if isinstance(read, Reply):
                return Result(custom_id, "answered", read, None, 200)
            return Result(custom_id, "errored", None, read, 200)
        if kind in ("expired", "canceled"):
            words = "expired" if kind == "expired" else "was cancelled"
            message = f"The provider's batch {words} before it came to this request."
            failure = Failure(FailureKind.SERVER_ERROR, message, charge="free")
            return Result(custom_id, "expired" if kind == "expired" else "cancelled", None, failure)
        return self._errored(custom_id, result.get("error"))

    def _errored(self, custom_id: str, error: Any) -> Result:
        inner = error.get("error", error) if isinstance(error, dict) else {}
        name = inner.get("type") if isinstance(inner, dict) else None
        status = STATUS_OF.get(str(name), 500)
        read = self._wire.read(status, {}, orjson.dumps(error))
        assert isinstance(read, Failure)
        return Result(custom_id, "errored", None, replace(read, charge="free"), status)

    def _remote_of(self, batch: MessageBatch) -> Remote:
        url = batch.results_url
        if url is not None and urlsplit(url).netloc not in ("", self._host):
            message = "The results lie at another host, which the key must not go to."
            raise BatchApiFailed(Failure(FailureKind.REDIRECT, message), is_refused=False)
        return Remote(
            remote_id=batch.id,
            state="ended" if batch.processing_status == "ended" else "working",
            is_cancelling=batch.processing_status == "canceling",
            expires_at=batch.expires_at,
            ended_at=batch.ended_at,
            results=(url,) if url else (),
        )

    async def close(self) -> None:
        """Close the pool."""
        await self._client.close()


def _size(batch: MessageBatch) -> int:
    counts = batch.request_counts
    return counts.processing + counts.succeeded + counts.errored + counts.canceled + counts.expired
