"""The one place that decides whether and when a call is repeated."""

import hashlib

from core.providers.base import RETRYABLE, Failure

MAX_REQUESTS_PER_CALL = 5
FIRST_BACKOFF_S = 0.5
MAX_BACKOFF_S = 30.0
MAX_RETRY_AFTER_S = 60.0  # a longer announced wait is cut here; the next refusal asks again


def backoff_s(failure: Failure, number: int, salt: str) -> float | None:
    """Seconds to wait before request `number + 1`, or None when a repeat cannot help.

    Exponential with full jitter (Brooker, AWS Architecture Blog, 2015); the jitter is a hash of
    `salt`, so that a run can be replayed. An announced Retry-After is a lower bound.
    """
    if failure.kind not in RETRYABLE or number >= MAX_REQUESTS_PER_CALL:
        return None
    ceiling = min(MAX_BACKOFF_S, FIRST_BACKOFF_S * float(2 ** (number - 1)))
    jitter = int.from_bytes(hashlib.sha256(f"{salt}:{number}".encode()).digest()[:4]) / 2**32
    announced = min(failure.retry_after_s or 0.0, MAX_RETRY_AFTER_S)
    return announced + ceiling * jitter
