"""OpenAI's Batch API: a file of requests, a batch over it, one file of answers and one of errors.

Source: OpenAI API reference, Files and Batches, and the Batch API FAQ, read 2026-11. At most 50,000
requests and 200 MB a file; a batch ends within 24 hours, and then work that was done is billed.
"""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import openai
import orjson
from openai.types import Batch
from pydantic import SecretStr

from core.providers.base import Failure, FailureKind, Reply
from core.providers.batch_api.base import (
    TRANSFER_DEADLINE_S,
    BatchApiFailed,
    Found,
    Piece,
    Remote,
    RemoteState,
    Result,
    ResultKind,
    Upload,
)
from core.providers.batch_api.sdk import asked, failure_of, http_client, masked_lines
from core.providers.classify import parse_object
from core.providers.openai_protocol import REFINE, OpenAIProtocol
from core.providers.sdk_errors import OPENAI_ERRORS

ENDPOINT: Final = "/v1/chat/completions"
WINDOW: Final = "24h"  # the only one on offer
MOST_REQUESTS = 50_000
MOST_BYTES = 200 * 10**6
NAME = "seedbed_batch"  # our id, among the batch's metadata
PAGE = 100
MOST_PAGES = 50
STATES: dict[str, RemoteState] = {
    "completed": "ended", "expired": "ended", "cancelled": "ended", "failed": "refused",
}  # fmt: skip
REST: dict[str, ResultKind] = {"expired": "expired", "cancelled": "cancelled"}
# A batch has a price of its own, so a tier says nothing there.
SERVICE_TIER = b',"service_tier":"default"'


class OpenAIBatches:
    """Batches of Chat Completions. The base URL is the one of live calls."""

    most_requests = MOST_REQUESTS
    most_bytes = MOST_BYTES

    def __init__(self, base_url: str, key: SecretStr | None, most_line_bytes: int) -> None:
        self._wire = OpenAIProtocol(base_url)
        self._key, self._most_line_bytes = key, most_line_bytes
        # An empty text, unlike None, keeps the SDK from looking into the environment.
        secret = "" if key is None else key.get_secret_value()
        # Given with every call: the SDK insists on a key unless a call itself leaves it out.
        self._headers: dict[str, Any] = {
            "Authorization": f"Bearer {secret}" if secret else openai.Omit(),
            "OpenAI-Organization": openai.Omit(),
            "OpenAI-Project": openai.Omit(),
        }
        self._client = openai.AsyncOpenAI(
            api_key=secret,
            admin_api_key="",
            organization="",
            project="",
            base_url=base_url,
            max_retries=0,
            http_client=http_client(),
            _enforce_credentials=False,
        )

    def line(self, custom_id: str, body: bytes) -> bytes:
        """One line of the file."""
        head = orjson.dumps({"custom_id": custom_id, "method": "POST", "url": ENDPOINT})
        return head[:-1] + b',"body":' + body.replace(SERVICE_TIER, b"", 1) + b"}"

    async def upload(self, provider_batch_id: str, lines: Sequence[bytes]) -> Upload:
        """The file, at the provider."""
        content = b"\n".join(lines) + b"\n"
        name = f"{provider_batch_id}.jsonl"
        try:
            async with asked(OPENAI_ERRORS, REFINE, TRANSFER_DEADLINE_S):
                file = await self._client.files.create(
                    file=(name, content, "application/jsonl"),
                    purpose="batch",
                    extra_headers=self._headers,
                )
        except BatchApiFailed as error:
            # A file alone is never billed.
            raise BatchApiFailed(error.failure, is_refused=True) from error
        return Upload(provider_batch_id, file_id=file.id)

    async def create(self, upload: Upload) -> Remote:
        """The batch over an uploaded file."""
        async with asked(OPENAI_ERRORS, REFINE):
            batch = await self._client.batches.create(
                input_file_id=upload.file_id,
                endpoint=ENDPOINT,
                completion_window=WINDOW,
                metadata={NAME: upload.provider_batch_id},
                extra_headers=self._headers,
            )
        return remote_of(batch)

    async def look(self, remote_id: str) -> Remote:
        """How far a batch is."""
        async with asked(OPENAI_ERRORS, REFINE):
            return remote_of(
                await self._client.batches.retrieve(remote_id, extra_headers=self._headers)
            )

    async def find(self, piece: Piece, known: Collection[str]) -> Found:
        """The batch that carries our id; the newest MOST_PAGES pages are read."""
        async with asked(OPENAI_ERRORS, REFINE):
            page = await self._client.batches.list(limit=PAGE, extra_headers=self._headers)
            for _ in range(MOST_PAGES):
                for batch in page.data:
                    name = (batch.metadata or {}).get(NAME)
                    if name == piece.provider_batch_id and batch.id not in known:
                        return Found(remote_of(batch))
                if not page.has_next_page():
                    break
                page = await page.get_next_page()
        return Found(None)

    async def cancel(self, remote_id: str) -> Remote:
        """Ask for no more answers; a batch that has ended meanwhile stays as it is."""
        try:
            async with asked(OPENAI_ERRORS, REFINE):
                return remote_of(
                    await self._client.batches.cancel(remote_id, extra_headers=self._headers)
                )
        except BatchApiFailed as error:
            if error.failure.http_status not in (400, 409):
                raise
            return await self.look(remote_id)

    async def results(self, remote: Remote) -> AsyncIterator[Result]:
        """The lines of both files."""
        for file_id in remote.results:
            try:
                content = self._client.files.with_streaming_response.content(
                    file_id, extra_headers=self._headers
                )
                async with content as response:
                    chunks = response.iter_bytes()
                    async for line in masked_lines(chunks, self._key, self._most_line_bytes):
                        if (result := self._result(line)) is not None:
                            yield result
            except Exception as error:
                failed = failure_of(error, OPENAI_ERRORS, REFINE)
                if failed is None:
                    raise
                raise failed from error

    def _result(self, line: bytes) -> Result | None:
        value = parse_object(line) or {}
        custom_id, response = value.get("custom_id"), value.get("response")
        if not isinstance(custom_id, str):
            return None
        status = response.get("status_code") if isinstance(response, dict) else None
        if not isinstance(response, dict) or type(status) is not int:
            return unanswered(custom_id, value.get("error"))
        read = self._wire.read(status, {}, orjson.dumps(response.get("body")))
        if isinstance(read, Reply):
            return Result(custom_id, "answered", read, None, status)
        # Only work that was completed is billed (Batch API FAQ).
        failure = read if status == 200 else replace(read, charge="free")
        return Result(custom_id, "errored", None, failure, status)

    async def close(self) -> None:
        """Close the pool."""
        await self._client.close()


def unanswered(custom_id: str, error: Any) -> Result:
    """A request that was never run; the error's code says why."""
    error = error if isinstance(error, dict) else {}
    code, words = str(error.get("code") or ""), str(error.get("message") or "")
    kind: ResultKind = "errored"
    if "expired" in code:
        kind = "expired"
    elif "cancel" in code:
        kind = "cancelled"
    message = words or f"The provider did not run the request ({code or 'no reason given'})."
    failure = Failure(FailureKind.SERVER_ERROR, message[:500], charge="free")
    return Result(custom_id, kind, None, failure)


def remote_of(batch: Batch) -> Remote:
    """Our record of what the SDK read."""
    errors = (batch.errors.data if batch.errors else None) or []
    first = errors[0] if errors else None
    ended = batch.completed_at or batch.expired_at or batch.cancelled_at or batch.failed_at
    return Remote(
        remote_id=batch.id,
        state=STATES.get(batch.status, "working"),
        is_cancelling=batch.status == "cancelling",
        rest=REST.get(batch.status, "errored"),
        code=(first.code or "") if first else "",
        message=(first.message or "")[:500] if first else "",
        expires_at=_moment(batch.expires_at),
        ended_at=_moment(ended),
        results=tuple(i for i in (batch.output_file_id, batch.error_file_id) if i),
    )


def _moment(unix_s: int | None) -> datetime | None:
    return None if unix_s is None else datetime.fromtimestamp(unix_s, UTC)
