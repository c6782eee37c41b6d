"""The one table of failures: complete, free of contradictions, and as CONTRIBUTING.md has it."""

import re
from pathlib import Path

import pytest

from core.attempts.retry import backoff_s
from core.providers import base
from core.providers.base import Failure
from core.providers.failures import (
    CONGESTION,
    FATAL_FOR_BATCH,
    POLICY,
    RETRYABLE,
    FailureKind,
    Policy,
    is_free,
    kind_of_status,
)

GUIDE = Path(__file__).resolve().parents[3] / "CONTRIBUTING.md"
THEN = {
    "retry": "the call is repeated",
    "fail_sample": "the sample fails",
    "pause_batch": "the batch pauses",
}


def row_of(kind: FailureKind, policy: Policy) -> str:
    statuses = ", ".join(map(str, policy.statuses))
    statuses = "3xx" if policy.statuses == tuple(range(300, 400)) else statuses
    slower = "yes" if policy.congestion else ""
    return f"| `{kind}` | {statuses} | {THEN[policy.answer]} | {slower} | {policy.advice} |"


def test_the_documented_table_is_the_table() -> None:
    text = GUIDE.read_text("utf-8")
    section = text.partition("## When a call fails\n")[2].partition("\n## ")[0]
    documented = re.findall(r"^\| `.+\|$", section, re.M)
    assert documented == [row_of(kind, policy) for kind, policy in POLICY.items()]


def test_every_kind_has_one_row_and_one_answer() -> None:
    assert POLICY.keys() == set(FailureKind)
    assert not RETRYABLE & FATAL_FOR_BATCH
    assert CONGESTION <= RETRYABLE
    assert all(policy.advice.endswith(".") for policy in POLICY.values())


def test_the_names_of_the_seam_are_those_of_the_table() -> None:
    assert base.FailureKind is FailureKind
    assert base.RETRYABLE is RETRYABLE
    assert base.FATAL_FOR_BATCH is FATAL_FOR_BATCH


@pytest.mark.parametrize("kind", list(FailureKind))
def test_the_retry_policy_asks_the_table(kind: FailureKind) -> None:
    assert (backoff_s(Failure(kind, "x"), 1, "s") is not None) == POLICY[kind].retry


def test_what_a_person_must_put_right_never_resumes_by_itself() -> None:
    waits_for_a_person = {
        FailureKind.AUTHENTICATION, FailureKind.PERMISSION, FailureKind.NOT_FOUND,
        FailureKind.QUOTA, FailureKind.REDIRECT,
    }  # fmt: skip
    assert waits_for_a_person == FATAL_FOR_BATCH
    assert not any(POLICY[kind].resumes for kind in FATAL_FOR_BATCH)
    outages = {FailureKind.SERVER_ERROR, FailureKind.OVERLOADED, FailureKind.CONNECTION}
    assert all(POLICY[kind].resumes for kind in outages)


def test_no_status_means_two_things_and_every_status_means_one() -> None:
    listed = [status for policy in POLICY.values() for status in policy.statuses]
    assert len(listed) == len(set(listed))
    kinds = {status: kind_of_status(status) for status in range(100, 1000) if status != 200}
    assert kinds[418] is FailureKind.BAD_REQUEST
    assert kinds[507] is FailureKind.SERVER_ERROR
    assert kinds[101] is kinds[204] is FailureKind.GARBAGE


def test_only_a_refusal_at_the_door_is_free() -> None:
    free = {status for status in range(100, 1000) if is_free(status)}
    assert {302, 400, 401, 429, 500, 503, 529} <= free
    assert not free & {101, 200, 204, 299, 502, 504, 520, 522, 523, 524, 600, 999}
