"""Whatever a provider sends, reading it gives an answer or a failure, with a charge that is sane.

Seeded, so that a failure can be repeated; FUZZ_CASES in the environment sets another count.
"""

import math
import os
import random  # noqa: TID251 - seeded, and much faster than numpy for single draws
from collections.abc import Callable
from dataclasses import astuple
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from core.providers.anthropic_protocol import AnthropicProtocol
from core.providers.base import MAX_RAW_CHARS, Failure, FailureKind, RateLimits, Reply
from core.providers.classify import MAX_MESSAGE_CHARS
from core.providers.failures import is_free
from core.providers.headers import (
    MAX_RETRY_AFTER_S,
    anthropic_limits,
    duration_s,
    openai_limits,
    retry_after_s,
)
from core.providers.openai_protocol import OpenAIProtocol
from core.providers.transport import WireProtocol
from core.providers.usage import MAX_PLAUSIBLE_TOKENS

CASES = int(os.environ.get("FUZZ_CASES", "20000"))
SEED = int(os.environ.get("FUZZ_SEED", "7"))
OPENAI = OpenAIProtocol("http://127.0.0.1:8000/v1")
ANTHROPIC = AnthropicProtocol()
OPENAI_ANSWER: dict[str, Any] = {
    "id": "chatcmpl-1", "object": "chat.completion", "model": "gpt-4o-mini",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {
        "role": "assistant", "content": '{"question": "Why?", "answer": "Because."}',
        "refusal": None}}],
    "usage": {"prompt_tokens": 20, "completion_tokens": 12, "total_tokens": 32,
              "prompt_tokens_details": {"cached_tokens": 4},
              "completion_tokens_details": {"reasoning_tokens": 2}},
}  # fmt: skip
OPENAI_ERROR = {
    "error": {"message": "Slow down.", "type": "rate_limit_error", "code": "rate_limit_exceeded"}
}
ANTHROPIC_ANSWER: dict[str, Any] = {
    "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-haiku-4-5",
    "content": [{"type": "text", "text": "Hello."},
                {"type": "tool_use", "id": "toolu_1", "name": "output", "input": {"a": 1}}],
    "stop_reason": "end_turn", "stop_sequence": None, "stop_details": {"category": "x"},
    "usage": {"input_tokens": 20, "cache_read_input_tokens": 3, "cache_creation_input_tokens": 1,
              "output_tokens": 12, "output_tokens_details": {"thinking_tokens": 5}},
}  # fmt: skip
ANTHROPIC_ERROR = {
    "type": "error",
    "error": {"type": "overloaded_error", "message": "Overloaded", "details": {"error_code": "x"}},
}
VALUES: list[Any] = [
    None, True, False, 0, -1, 1, 10**9, 10**18, -(10**18), 1.5, -0.0, 1e308, "", "0", "\x00",
    "\U0001f331" * 50, "x" * 5000, [], [None], [[[]]], {}, {"message": 7}, {"type": "text"},
    "content_filter", "refusal", "length", "insufficient_quota", [{"type": "text", "text": 4}],
]  # fmt: skip
STATUSES = [
    *[200] * 12, 0, 100, 101, 199, 201, 204, 301, 302, 399, 400, 401, 402, 403, 404, 408, 409, 413,
    418, 422, 425, 429, 499, 500, 501, 502, 503, 504, 520, 529, 599, 600, 999,
]  # fmt: skip
HEADER_TEXTS = [
    "", "0", "1", "-1", "1e9", "1e400", "nan", "inf", "-inf", "soon", "1_000", "٣", "9" * 8000,
    "1s", "6m0s", "20ms", "1.5.5s", "9" * 60 + "s", "Thu, 01 Jan 1970 00:00:00 GMT",
    "Fri, 31 Dec 9999 23:59:59 -2359", "Mon, 99 Foo 20x6 25:61:61 GMT", "1 Jan 0 0:0:0 +9999999999",
    "2026-11-20T12:00:10Z", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "T", "\x00",
    "2026-W01-1", "20261120", "\udc80",
]  # fmt: skip
HEADER_NAMES = [
    "retry-after", "retry-after-ms",
    *(f"x-ratelimit-{what}-{of}" for what in ("limit", "remaining", "reset")
      for of in ("requests", "tokens")),
    *(f"anthropic-ratelimit-{of}-{what}" for what in ("limit", "remaining", "reset")
      for of in ("requests", "tokens", "input-tokens")),
]  # fmt: skip


def mutated_json(draw: random.Random, value: Any) -> Any:
    """The value with one of its parts lost, doubled or replaced, somewhere inside."""
    if draw.random() < 0.15 or not isinstance(value, dict | list) or not value:
        return draw.choice(VALUES)
    if isinstance(value, list):
        at = draw.randrange(len(value))
        return [*value[:at], mutated_json(draw, value[at]), *value[at:]]
    name = draw.choice(list(value))
    rest = {key: part for key, part in value.items() if key != name}
    return rest if draw.random() < 0.2 else {**rest, name: mutated_json(draw, value[name])}


def mutated_bytes(draw: random.Random, body: bytes) -> bytes:
    """The bytes with a stretch of them cut out, doubled, or written over."""
    at, size = draw.randrange(len(body) + 1), draw.choice((1, 2, 8, 64))
    put = draw.choice((b"", draw.randbytes(size), body[at : at + size] * 2, b"\x00", b"\xff", b"[",
                       b"NaN", b"1e999", b'\\ud800', b'"', b"{" * 2000, b","))  # fmt: skip
    return body[:at] + put + body[at + draw.choice((0, size)) :]


def body_of(draw: random.Random, answers: list[dict[str, Any]]) -> bytes:
    kind = draw.random()
    if kind < 0.05:
        return draw.randbytes(draw.randrange(200))
    value: Any = draw.choice(answers)
    for _ in range(draw.randrange(4)):
        value = mutated_json(draw, value)
    body = orjson.dumps(value)
    return mutated_bytes(draw, body) if kind < 0.5 else body


def headers_of(draw: random.Random) -> dict[str, str]:
    return {name: draw.choice(HEADER_TEXTS) for name in HEADER_NAMES if draw.random() < 0.3}


def check_reply(reply: Reply) -> None:
    assert all(isinstance(text, str) for text in (reply.text, reply.raw_text, reply.model))
    assert reply.finish_reason in ("stop", "length", "refusal", "content_filter")
    reply.text.encode()
    if reply.usage is not None:
        assert all(0 <= count <= MAX_PLAUSIBLE_TOKENS for count in astuple(reply.usage))
        assert reply.usage.input_tokens > 0
        assert reply.usage.reasoning_tokens <= reply.usage.output_tokens


def check_failure(failure: Failure, status: int) -> None:
    assert isinstance(failure.kind, FailureKind)
    assert 0 < len(failure.message) <= MAX_MESSAGE_CHARS
    assert len(failure.raw_text) <= MAX_RAW_CHARS
    # Only the status can prove that nothing was billed, never what the body claims.
    assert (failure.charge == "free") == is_free(status)
    assert failure.http_status == status
    assert failure.retry_after_s is None or 0 <= failure.retry_after_s <= MAX_RETRY_AFTER_S


@pytest.mark.parametrize(
    ("wire", "answers"),
    [(OPENAI, [OPENAI_ANSWER] * 4 + [OPENAI_ERROR]),
     (ANTHROPIC, [ANTHROPIC_ANSWER] * 4 + [ANTHROPIC_ERROR])],
    ids=["openai", "anthropic"],
)  # fmt: skip
def test_no_answer_makes_reading_raise_or_lie(
    wire: WireProtocol, answers: list[dict[str, Any]]
) -> None:
    draw = random.Random(SEED)
    replies = 0
    for number in range(CASES):
        status, headers, body = draw.choice(STATUSES), headers_of(draw), body_of(draw, answers)
        try:
            result = wire.read(status, headers, body)
            if isinstance(result, Reply):
                assert status == 200
                check_reply(result)
                replies += 1
            else:
                check_failure(result, status)
        except Exception as error:
            raise AssertionError(f"case {number}: {status} {headers} {body[:2000]!r}") from error
    # The mutations are neither all harmless nor all fatal.
    assert CASES * 0.02 < replies < CASES * 0.9


def seconds_are_sane(value: float | None) -> bool:
    return value is None or (math.isfinite(value) and 0 <= value <= MAX_RETRY_AFTER_S)


def limits_are_sane(limits: RateLimits | None) -> bool:
    if limits is None:
        return True
    counts = (
        limits.requests_limit, limits.requests_remaining, limits.tokens_limit,
        limits.tokens_remaining,
    )  # fmt: skip
    times = (limits.requests_reset_s, limits.tokens_reset_s)
    return all(c is None or c >= 0 for c in counts) and all(map(seconds_are_sane, times))


@pytest.mark.parametrize("now", [datetime(2026, 11, 20, tzinfo=UTC), datetime.min, datetime.max])
def test_no_header_makes_reading_raise_or_wait_forever(now: datetime) -> None:
    now = now.replace(tzinfo=UTC)
    draw = random.Random(SEED)
    readers: list[Callable[[dict[str, str]], RateLimits | None]] = [
        openai_limits,
        lambda headers: anthropic_limits(headers, now),
    ]
    for _ in range(CASES // 10):
        headers = headers_of(draw)
        assert seconds_are_sane(retry_after_s(headers, now)), headers
        assert all(limits_are_sane(read(headers)) for read in readers), headers
        text = "".join(draw.choices("0123456789.hmsdµn +-eT:Zx", k=draw.randrange(20)))
        assert seconds_are_sane(duration_s(text)), text
        assert seconds_are_sane(retry_after_s({"retry-after": text}, now)), text
        limits = anthropic_limits(
            {"anthropic-ratelimit-requests-limit": text,
             "anthropic-ratelimit-requests-reset": text}, now,
        )  # fmt: skip
        assert limits_are_sane(limits), text
