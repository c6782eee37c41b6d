"""The one retry policy."""

import pytest

from core.attempts.retry import MAX_BACKOFF_S, MAX_REQUESTS_PER_CALL, MAX_RETRY_AFTER_S, backoff_s
from core.providers.base import RETRYABLE, Failure, FailureKind


@pytest.mark.parametrize("kind", list(FailureKind))
def test_exactly_the_retryable_kinds_are_repeated(kind: FailureKind) -> None:
    assert (backoff_s(Failure(kind, "x"), 1, "s") is not None) == (kind in RETRYABLE)


def test_backoff_grows_is_bounded_and_ends() -> None:
    failure = Failure(FailureKind.SERVER_ERROR, "x")
    waits = [backoff_s(failure, number, "s") for number in range(1, MAX_REQUESTS_PER_CALL)]
    assert all(wait is not None and 0 <= wait <= MAX_BACKOFF_S for wait in waits)
    assert backoff_s(failure, MAX_REQUESTS_PER_CALL, "s") is None


def test_retry_after_is_a_lower_bound_with_a_ceiling() -> None:
    def wait(announced: float) -> float:
        return backoff_s(Failure(FailureKind.RATE_LIMIT, "x", retry_after_s=announced), 1, "s") or 0

    assert wait(3.0) >= 3.0
    assert wait(1e9) <= MAX_RETRY_AFTER_S + 1


def test_jitter_differs_between_samples_and_repeats_for_one() -> None:
    failure = Failure(FailureKind.SERVER_ERROR, "x")
    waits = [backoff_s(failure, 1, f"bat:{i}") for i in range(20)]
    assert len(set(waits)) == 20
    assert waits == [backoff_s(failure, 1, f"bat:{i}") for i in range(20)]
