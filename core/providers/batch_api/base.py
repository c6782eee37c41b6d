"""The seam between a batch and a provider's batch API: upload, create, look, find, cancel, fetch.

Owns the records that cross it. Refuses to retry, to price and to store: those stand above. What a
provider does wrong is raised as BatchApiFailed, with the same kinds of failure as live calls have.
"""

from collections.abc import AsyncIterable, AsyncIterator, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from core.providers.base import Failure, FailureKind, Reply

RemoteState = Literal["working", "ended", "refused"]  # refused: no request of it was looked at
ResultKind = Literal["answered", "errored", "expired", "cancelled"]

# Control requests are small; a piece and its results may be large, so they have more time.
CONTROL_DEADLINE_S = 60.0
TRANSFER_DEADLINE_S = 1800.0
NEWLINE = b"\n"


class BatchApiFailed(Exception):
    """A request to a batch API brought no answer; caught where batches are submitted and polled.

    `is_refused`: the provider certainly has not taken what was submitted.
    """

    def __init__(self, failure: Failure, *, is_refused: bool) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.is_refused = is_refused


@dataclass(frozen=True, slots=True)
class Piece:
    """What is known of a submission before the provider has named it."""

    provider_batch_id: str  # ours
    requests: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Upload:
    """A piece on its way: a file that the provider already has, or the body to create it with."""

    provider_batch_id: str
    file_id: str = ""
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Remote:
    """A provider's batch, as it says."""

    remote_id: str
    state: RemoteState
    is_cancelling: bool = False
    rest: ResultKind = "errored"  # how the requests ended that have no result of their own
    code: str = ""  # the provider's word for why it refused the whole of it
    message: str = ""
    expires_at: datetime | None = None
    ended_at: datetime | None = None
    results: tuple[str, ...] = field(default=())  # where they lie: file ids, or one address


@dataclass(frozen=True, slots=True)
class Found:
    """A provider's batch that was looked for. Not `is_certain`: one that may be it still works."""

    remote: Remote | None
    is_certain: bool = True


@dataclass(frozen=True, slots=True)
class Result:
    """How one request of a provider's batch ended: one of `reply` and `failure` is set."""

    custom_id: str
    kind: ResultKind
    reply: Reply | None = None
    failure: Failure | None = None
    http_status: int | None = None


class BatchApi(Protocol):
    """One provider's batch API over one connection. Every method but `line` may raise
    BatchApiFailed."""

    @property
    def most_requests(self) -> int:
        """Requests that one submission may hold."""

    @property
    def most_bytes(self) -> int:
        """Bytes that one submission may hold."""

    def line(self, custom_id: str, body: bytes) -> bytes:
        """One request as it is submitted; `body` is that of a live call."""

    async def upload(self, provider_batch_id: str, lines: Sequence[bytes]) -> Upload:
        """Hand over what costs nothing yet. Whatever fails here was refused."""

    async def create(self, upload: Upload) -> Remote:
        """Have the provider begin: from here on it bills."""

    async def look(self, remote_id: str) -> Remote:
        """How far a batch is."""

    async def find(self, piece: Piece, known: Collection[str]) -> Found:
        """The batch of this piece, if the provider has it; `known` are those of other pieces."""

    async def cancel(self, remote_id: str) -> Remote:
        """Ask for no more answers; those that exist are billed."""

    def results(self, remote: Remote) -> AsyncIterator[Result]:
        """Every result, in any order."""

    async def close(self) -> None:
        """Release sockets."""


def custom_id_of(provider_batch_id: str, plan_index: int) -> str:
    """The name of a request in its submission: at most 64 of the characters a-z, 0-9 and _."""
    return f"{provider_batch_id}_{plan_index}"


def plan_index_of(custom_id: str, provider_batch_id: str) -> int | None:
    """The plan index in a custom id; None when it belongs to another submission."""
    batch_id, _, index = custom_id.rpartition("_")
    is_ours = batch_id == provider_batch_id and index.isascii() and index.isdigit()
    return int(index) if is_ours else None


async def lines_of(chunks: AsyncIterable[bytes], most_bytes: int) -> AsyncIterator[bytes]:
    """The lines of a stream, without empty ones. Raises BatchApiFailed for one that is too long."""
    rest = bytearray()
    async for chunk in chunks:
        rest += chunk
        *lines, tail = rest.split(NEWLINE)
        rest = tail
        if len(rest) > most_bytes:
            message = f"A line of the results is larger than {most_bytes:,} bytes."
            raise BatchApiFailed(Failure(FailureKind.TOO_LARGE, message), is_refused=False)
        for line in lines:
            if line.strip():
                yield bytes(line)
    if rest.strip():
        yield bytes(rest)
