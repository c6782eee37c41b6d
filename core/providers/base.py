"""The seam between Seedbed and any model: what is asked, what comes back, what went wrong.

Owns the records that cross the seam. Refuses to retry, to price and to store: those stand above.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, Protocol

from core.providers.failures import FATAL_FOR_BATCH as FATAL_FOR_BATCH
from core.providers.failures import RETRYABLE as RETRYABLE
from core.providers.failures import FailureKind as FailureKind

MAX_RAW_CHARS = 64 * 1024  # what a failure keeps of the text received

FinishReason = Literal["stop", "length", "refusal", "content_filter"]
Charge = Literal["free", "unknown"]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of the prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One question to a model."""

    model: str
    messages: tuple[Message, ...]
    max_output_tokens: int  # always sent: the worst case of a call is priced with it
    temperature: float | None = None  # None: the provider's default
    top_p: float | None = None  # None: the provider's default
    seed: int | None = None  # sent where the protocol knows it
    schema: Mapping[str, Any] | None = None  # JSON Schema of the answer; None asks for plain text
    schema_name: str = "output"  # letters, digits, _ and - only
    nonce: str = ""  # tells equal requests apart in the request key; never sent
    # What only the offline provider reads: variables, chunk, defect_rate, template.
    context: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that the provider says it counted."""

    input_tokens: int  # all input, cached and cache-written tokens included
    cached_tokens: int = 0  # input read from the provider's cache
    output_tokens: int = 0  # all output, reasoning included
    reasoning_tokens: int = 0  # output that was not shown
    cache_write_tokens: int = 0  # input written to the provider's cache, where that has a price


@dataclass(frozen=True, slots=True)
class Failure:
    """One request that brought no answer."""

    kind: FailureKind
    message: str  # for a person; never holds a key
    http_status: int | None = None
    retry_after_s: float | None = None  # what the provider asked for, at most MAX_RETRY_AFTER_S
    charge: Charge = "unknown"  # free only where the provider certainly did not bill
    raw_text: str = ""  # what was received, cut to MAX_RAW_CHARS


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. The caller checks whether `text` fits the schema."""

    text: str
    usage: Usage | None  # None: not reported, or not to be believed
    finish_reason: FinishReason
    model: str  # as the provider names it
    refusal: str = ""  # the provider's words where it refused
    raw_text: str = ""  # the answer as received, before any unwrapping


@dataclass(frozen=True, slots=True)
class RateLimits:
    """What the provider's headers announce; None where they say nothing."""

    requests_limit: int | None = None
    requests_remaining: int | None = None
    requests_reset_s: float | None = None
    tokens_limit: int | None = None
    tokens_remaining: int | None = None
    tokens_reset_s: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one request ended: exactly one of `reply` and `failure` is set."""

    reply: Reply | None
    failure: Failure | None
    latency_ms: int
    http_status: int | None
    limits: RateLimits | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request ready to send, with a bound that its input tokens cannot pass."""

    body: bytes
    input_tokens_bound: int


class Provider(Protocol):
    """One open connection to a model. Safe for many concurrent `send` in one event loop."""

    @property
    def name(self) -> str:
        """The connection's name."""

    @property
    def protocol(self) -> str:
        """A key of `core.providers.registry.PROTOCOLS`."""

    def prepare(self, request: ModelRequest) -> Prepared:
        """The bytes to send and the bound on their tokens."""

    async def send(self, request: ModelRequest, prepared: Prepared) -> Outcome:
        """The outcome of exactly one request. Never raises for what a provider does wrong."""

    async def close(self) -> None:
        """Release sockets; `send` must not be called afterwards."""
