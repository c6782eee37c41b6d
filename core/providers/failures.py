"""The one table of what can go wrong with a call, and what is done about it.

Owns the kinds of failure, which HTTP status means which, and how each is answered: everything else
that decides on a failure asks this table. Refuses to read answers (`classify` does) and to wait
(`core.attempts.retry` does).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

# retry: the same call may go through later. Where it never does, the batch pauses, and a worker
#   takes it up again by itself.
# fail_sample: this question will not be answered; the next one may be.
# pause_batch: every call would fail in the same way until a person acts.
Answer = Literal["retry", "fail_sample", "pause_batch"]


class FailureKind(StrEnum):
    """What went wrong, in the words that pages and the ledger use."""

    RATE_LIMIT = "rate_limit"
    OVERLOADED = "overloaded"
    SERVER_ERROR = "server_error"
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    TRUNCATED = "truncated"
    GARBAGE = "garbage"
    TOO_LARGE = "too_large"
    AUTHENTICATION = "authentication"
    PERMISSION = "permission"
    NOT_FOUND = "not_found"
    BAD_REQUEST = "bad_request"
    QUOTA = "quota"
    REFUSAL = "refusal"
    CONTENT_FILTER = "content_filter"
    REDIRECT = "redirect"


@dataclass(frozen=True, slots=True)
class Policy:
    """How one kind of failure is recognised and answered."""

    answer: Answer
    advice: str  # what happened, for a person
    statuses: tuple[int, ...] = ()  # HTTP statuses that mean it
    congestion: bool = False  # fewer calls in flight would have prevented it

    @property
    def retry(self) -> bool:
        """The call is repeated."""
        return self.answer == "retry"

    @property
    def stops_batch(self) -> bool:
        """The batch stops at once instead of burning its plan."""
        return self.answer == "pause_batch"

    @property
    def resumes(self) -> bool:
        """A batch that paused for it is taken up again without a person."""
        return self.answer == "retry"


Kind = FailureKind
POLICY: dict[FailureKind, Policy] = {
    Kind.RATE_LIMIT: Policy("retry", "The provider asks to slow down.", (425, 429), True),
    Kind.OVERLOADED: Policy("retry", "The provider is overloaded.", (503, 529), True),
    Kind.SERVER_ERROR: Policy("retry", "The provider failed.", (409, 500, 502)),
    Kind.TIMEOUT: Policy("retry", "The provider took too long.", (408, 504), True),
    Kind.CONNECTION: Policy("retry", "The connection to the provider broke.", (499,)),
    Kind.TRUNCATED: Policy("retry", "The answer ends too early."),
    Kind.GARBAGE: Policy("retry", "The answer is not one."),
    Kind.TOO_LARGE: Policy("fail_sample", "The answer is larger than the limit."),
    Kind.BAD_REQUEST: Policy("fail_sample", "The provider refused the request.", (400, 501)),
    Kind.REFUSAL: Policy("fail_sample", "The model refused to answer."),
    Kind.CONTENT_FILTER: Policy(
        "fail_sample", "The provider's content filter blocked the request."
    ),
    Kind.AUTHENTICATION: Policy("pause_batch", "The provider refused the key.", (401,)),
    Kind.PERMISSION: Policy("pause_batch", "The key may not use this model.", (403,)),
    Kind.NOT_FOUND: Policy(
        "pause_batch", "The provider does not know this model or address.", (404,)
    ),
    Kind.QUOTA: Policy("pause_batch", "The provider's quota or credit is used up.", (402,)),
    Kind.REDIRECT: Policy(
        "pause_batch",
        "The address answers with a redirect, which is not followed. Correct the base URL.",
        tuple(range(300, 400)),
    ),
}

RETRYABLE = frozenset(kind for kind, policy in POLICY.items() if policy.retry)
FATAL_FOR_BATCH = frozenset(kind for kind, policy in POLICY.items() if policy.stops_batch)
CONGESTION = frozenset(kind for kind, policy in POLICY.items() if policy.congestion)
# Seen on every call, these say that the provider is down; the others are about one question.
OUTAGES = RETRYABLE - {FailureKind.TRUNCATED, FailureKind.GARBAGE}
KIND_OF_STATUS = {status: kind for kind, policy in POLICY.items() for status in policy.statuses}
# A gateway speaks here: the model behind it may have answered, and billed.
GATEWAY_STATUSES = frozenset({502, 504, 520, 522, 523, 524})


def kind_of_status(status: int) -> FailureKind:
    """The kind of an HTTP status other than 200, listed in the table or not."""
    if status < 300:
        return FailureKind.GARBAGE
    fallback = FailureKind.SERVER_ERROR if status >= 500 else FailureKind.BAD_REQUEST
    return KIND_OF_STATUS.get(status, fallback)


def is_free(status: int) -> bool:
    """Whether the status proves that the provider did not answer the question."""
    return 300 <= status < 600 and status not in GATEWAY_STATUSES
