"""The records that travel between a runner and its journal: calls about to be made, and results."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from core.providers.base import ModelRequest, Prepared, Usage
from core.spend.budgets import SpendScope

Purpose = Literal["generate", "repair"]


@dataclass(frozen=True, slots=True)
class Charging:
    """Who makes a batch's calls and who pays: the same for all of them."""

    batch_id: str
    fence: int
    worker_id: str
    scope: SpendScope


@dataclass(frozen=True, slots=True)
class Target:
    """Which model a call goes to, as its ledger entry names it."""

    connection: str
    model: str
    price_source: str  # "" where no price is known


@dataclass(slots=True)
class Call:
    """One request to a provider, before and after its attempt row is open."""

    plan_index: int
    purpose: Purpose
    number: int  # 1 for the first request of this purpose, rising with each retry
    request: ModelRequest
    prepared: Prepared
    request_key: str
    worst_case_usd: Decimal  # what is reserved for it
    attempt_id: str
    target: Target
    step: int = 0  # place among the template's steps
    reserved_with: float = 1.0  # the model's reservation factor, within `worst_case_usd`
    retry_cause: str | None = None  # FailureKind of the request that this one repeats
    provider_batch_id: str | None = None  # set where the provider's batch API carries it
    opened_at: datetime | None = None

    @property
    def tokens_bound(self) -> int:
        """The most tokens that the call can take, input and output together."""
        return self.prepared.input_tokens_bound + self.request.max_output_tokens


@dataclass(slots=True)
class Settlement:
    """How an attempt ended, and the sample that came of it, if one did."""

    call: Call
    state: Literal["succeeded", "failed", "unknown"]
    cost_usd: Decimal | None  # None: the model has no known price
    is_estimated: bool
    latency_ms: int | None  # None: a provider's batch API does not tell
    http_status: int | None
    failure_kind: str | None = None
    failure_message: str = ""
    usage: Usage | None = None
    response_text: str | None = None

    @property
    def is_in_excess(self) -> bool:
        """The provider billed more than was reserved."""
        return self.cost_usd is not None and self.cost_usd > self.call.worst_case_usd


@dataclass(slots=True)
class NewSample:
    """A sample row and its findings, as column values."""

    row: dict[str, Any]
    findings: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_generated(self) -> bool:
        return bool(self.row["state"] == "generated")


def request_key(connection: str, prepared: Prepared, nonce: str) -> str:
    """The identity of a question: SHA-256 over connection, serialised request and nonce.

    The serialised request holds model, messages, parameters and schema, so an answer is reused only
    where every byte that was sent would be the same.
    """
    digest = hashlib.sha256(connection.encode())
    digest.update(b"\0")
    digest.update(prepared.body)
    digest.update(b"\0")
    digest.update(nonce.encode())
    return digest.hexdigest()
