"""Both protocols over real HTTP, against a server that misbehaves in every way it knows."""

import asyncio
import gc
import gzip
import socket
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import orjson
import pytest
from pydantic import SecretStr

from core.providers.anthropic_protocol import AnthropicProtocol
from core.providers.base import (
    RETRYABLE,
    Failure,
    FailureKind,
    Message,
    ModelRequest,
    Outcome,
    Reply,
)
from core.providers.openai_protocol import OpenAIProtocol
from core.providers.transport import HttpProvider, TransportLimits
from tests.loopback import ERRORS, FAULTS, Fault, Loopback

T = TypeVar("T")
KEY = "sk-canary-5up3r-s3cret"
SCHEMA = {
    "type": "object",
    "properties": {
        "question": {"type": "string", "minLength": 20},
        "answer": {"type": "string", "minLength": 40},
        "level": {"enum": ["easy", "hard"]},
    },
    "required": ["question", "answer", "level"],
}
PROTOCOLS = pytest.mark.parametrize("protocol", ["openai", "anthropic"])


def request_of(text: str = "hello", **changes: Any) -> ModelRequest:
    settings: dict[str, Any] = {"max_output_tokens": 400, "schema": SCHEMA, **changes}
    messages = (Message("system", "Answer in JSON."), Message("user", text))
    return ModelRequest("claude-haiku-4-5", messages, **settings)


def open_on(
    loopback: Loopback,
    protocol: str,
    *,
    deadline_s: float = 5.0,
    max_bytes: int = 2**20,
    key: str | None = KEY,
) -> HttpProvider:
    limits = TransportLimits(64, deadline_s, max_bytes)
    secret = None if key is None else SecretStr(key)
    if protocol == "openai":
        wire = OpenAIProtocol(loopback.url)
        return HttpProvider("test", wire, loopback.url, secret, limits)
    return HttpProvider("test", AnthropicProtocol(), loopback.anthropic_url, secret, limits)


def run(provider: HttpProvider, work: Callable[[HttpProvider], Awaitable[T]]) -> T:
    async def whole() -> T:
        try:
            return await work(provider)
        finally:
            await provider.close()

    return asyncio.run(whole())


def send_once(provider: HttpProvider, request: ModelRequest | None = None) -> Outcome:
    asked = request or request_of()

    async def work(open_provider: HttpProvider) -> Outcome:
        return await open_provider.send(asked, open_provider.prepare(asked))

    return run(provider, work)


def failure_of(outcome: Outcome) -> Failure:
    assert outcome.reply is None
    assert outcome.failure is not None
    return outcome.failure


def reply_of(outcome: Outcome) -> Reply:
    assert outcome.failure is None
    assert outcome.reply is not None
    return outcome.reply


@PROTOCOLS
def test_an_answer_comes_back_with_its_usage_and_fits_the_schema(
    loopback: Loopback, protocol: str
) -> None:
    provider = open_on(loopback, protocol)
    outcome = send_once(provider)
    reply = reply_of(outcome)
    assert set(orjson.loads(reply.text)) == {"question", "answer", "level"}
    assert outcome.http_status == 200
    assert reply.finish_reason == "stop"
    assert reply.model == "claude-haiku-4-5"
    entry = loopback.log[0]
    assert reply.usage is not None
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (
        entry.input_tokens,
        entry.output_tokens,
    )
    assert reply.usage.input_tokens <= provider.prepare(request_of()).input_tokens_bound


@PROTOCOLS
@pytest.mark.parametrize(
    ("fault", "kind", "charge"),
    [
        ("rate_limit", FailureKind.RATE_LIMIT, "free"),
        ("server_error", FailureKind.SERVER_ERROR, "free"),
        ("bad_gateway", FailureKind.SERVER_ERROR, "unknown"),
        ("unavailable", FailureKind.OVERLOADED, "free"),
        ("overloaded", FailureKind.OVERLOADED, "free"),
        ("bad_request", FailureKind.BAD_REQUEST, "free"),
        ("unauthorized", FailureKind.AUTHENTICATION, "free"),
        ("payment", FailureKind.QUOTA, "free"),
        ("forbidden", FailureKind.PERMISSION, "free"),
        ("not_found", FailureKind.NOT_FOUND, "free"),
        ("quota", FailureKind.QUOTA, "free"),
        ("redirect", FailureKind.REDIRECT, "free"),
        ("garbage", FailureKind.GARBAGE, "unknown"),
        ("html", FailureKind.GARBAGE, "unknown"),
        ("not_protocol", FailureKind.GARBAGE, "unknown"),
        ("bad_gzip", FailureKind.GARBAGE, "unknown"),
        ("many_headers", FailureKind.GARBAGE, "unknown"),
        ("truncated", FailureKind.TRUNCATED, "unknown"),
        ("empty", FailureKind.TRUNCATED, "unknown"),
        ("cut", FailureKind.TRUNCATED, "unknown"),
        ("reset", FailureKind.CONNECTION, "unknown"),
        ("huge_body", FailureKind.TOO_LARGE, "unknown"),
        ("gzip_bomb", FailureKind.TOO_LARGE, "unknown"),
        ("endless", FailureKind.TOO_LARGE, "unknown"),
        ("endless_head", FailureKind.GARBAGE, "unknown"),
        ("half_close", FailureKind.CONNECTION, "unknown"),
        ("half_close_body", FailureKind.TRUNCATED, "unknown"),
        ("not_utf8", FailureKind.GARBAGE, "unknown"),
        ("nan", FailureKind.GARBAGE, "unknown"),
        ("deep_json", FailureKind.GARBAGE, "unknown"),
        ("crowded", FailureKind.TOO_LARGE, "unknown"),
        ("event_stream", FailureKind.GARBAGE, "unknown"),
    ],
)
def test_each_fault_is_one_failure_of_its_kind_and_one_request(
    loopback: Loopback, protocol: str, fault: str, kind: FailureKind, charge: str
) -> None:
    loopback.script([fault])
    failure = failure_of(send_once(open_on(loopback, protocol)))
    assert failure.kind is kind
    assert failure.charge == charge
    assert failure.message
    assert len(loopback.log) == 1
    if charge == "free":
        assert loopback.bill_nano_usd == 0
    assert len(failure.raw_text) <= 64 * 1024


@PROTOCOLS
@pytest.mark.parametrize("fault", ["hang", "hang_body", "drip", "drip_head", "informational"])
def test_the_deadline_is_wall_clock_and_leaves_the_charge_unknown(
    loopback: Loopback, protocol: str, fault: str
) -> None:
    loopback.script([fault])
    started = time.monotonic()
    failure = failure_of(send_once(open_on(loopback, protocol, deadline_s=0.4)))
    assert failure.kind is FailureKind.TIMEOUT
    assert failure.charge == "unknown"
    assert time.monotonic() - started < 1.4
    if fault == "hang_body":
        assert failure.http_status == 200
        assert failure.raw_text


@PROTOCOLS
@pytest.mark.parametrize("fault", ["no_usage", "negative_usage", "huge_usage"])
def test_an_answer_without_believable_usage_is_kept_but_not_its_usage(
    loopback: Loopback, protocol: str, fault: str
) -> None:
    loopback.script([fault])
    reply = reply_of(send_once(open_on(loopback, protocol)))
    assert reply.usage is None
    assert reply.text


@PROTOCOLS
def test_of_two_equal_keys_the_last_is_read_and_an_absurd_first_one_is_not(
    loopback: Loopback, protocol: str
) -> None:
    loopback.script(["duplicate_keys"])
    usage = reply_of(send_once(open_on(loopback, protocol))).usage
    assert usage is not None
    assert usage.output_tokens == loopback.log[0].output_tokens


@PROTOCOLS
def test_a_model_that_names_itself_otherwise_is_recorded_as_it_says(
    loopback: Loopback, protocol: str
) -> None:
    loopback.script(["wrong_model"])
    assert reply_of(send_once(open_on(loopback, protocol))).model == "another-model"


@PROTOCOLS
def test_what_a_server_says_unasked_is_never_taken_for_the_next_answer(
    loopback: Loopback, protocol: str
) -> None:
    loopback.script(["twice", "twice_later"])

    async def five(opened: HttpProvider) -> list[Outcome]:
        outcomes = []
        for number in range(5):
            asked = request_of(f"number {number}")
            outcomes.append(await opened.send(asked, opened.prepare(asked)))
            await asyncio.sleep(0.1)
        return outcomes

    outcomes = run(open_on(loopback, protocol), five)
    assert [outcome.reply is not None for outcome in outcomes] == [True, True, False, True, True]
    stale = failure_of(outcomes[2])
    assert (stale.kind, stale.charge) == (FailureKind.CONNECTION, "free")
    assert not any("nobody asked" in repr(outcome) for outcome in outcomes)
    assert len({reply_of(o).text for o in outcomes if o.reply is not None}) == 4
    assert len(loopback.log) == 4


@PROTOCOLS
def test_a_refusal_is_an_answer_with_the_words_of_the_provider(
    loopback: Loopback, protocol: str
) -> None:
    loopback.script(["refusal"])
    reply = reply_of(send_once(open_on(loopback, protocol)))
    assert reply.finish_reason == "refusal"
    assert reply.refusal == "I can't help with that."
    assert reply.usage is not None


def test_openai_says_when_its_content_filter_took_the_answer(loopback: Loopback) -> None:
    loopback.script(["content_filter"])
    reply = reply_of(send_once(open_on(loopback, "openai")))
    assert reply.finish_reason == "content_filter"


@PROTOCOLS
def test_an_answer_cut_at_the_token_limit_says_so(loopback: Loopback, protocol: str) -> None:
    loopback.script(["length"])
    reply = reply_of(send_once(open_on(loopback, protocol), request_of(schema=None)))
    assert reply.finish_reason == "length"
    assert reply.usage is not None
    assert reply.usage.output_tokens == 400


@PROTOCOLS
@pytest.mark.parametrize(
    "fault",
    ["wrong_schema", "fenced", "gzip", "wrong_model", "deep_answer", "nul", "duplicate_keys",
     "twice", "thoughtful"],
)  # fmt: skip
def test_odd_but_readable_answers_are_passed_on(
    loopback: Loopback, protocol: str, fault: str
) -> None:
    loopback.script([fault])
    assert reply_of(send_once(open_on(loopback, protocol))).text


def test_every_fault_of_the_server_is_met_in_this_file() -> None:
    tested = {
        *ERRORS, "redirect", "garbage", "html", "not_protocol", "bad_gzip", "truncated", "empty",
        "cut", "reset", "huge_body", "gzip_bomb", "hang", "hang_body", "drip", "no_usage",
        "negative_usage", "huge_usage", "refusal", "content_filter", "length", "wrong_schema",
        "fenced", "gzip", "status", "many_headers", "half_close", "half_close_body", "drip_head",
        "endless", "endless_head", "informational", "wrong_model", "not_utf8", "deep_json",
        "deep_answer", "nul", "duplicate_keys", "nan", "crowded", "event_stream", "twice",
        "twice_later", "thoughtful",
    }  # fmt: skip
    assert tested == FAULTS


@pytest.mark.parametrize(
    ("sent", "expected"),
    [("0", 0.0), ("1", 1.0), ("1000000000", 3600.0), ("soon", None), ("-5", None), (None, None),
     ("Thu, 01 Jan 2015 00:00:00 GMT", 0.0), ("nan", None)],
)  # fmt: skip
def test_retry_after_is_read_in_every_form(
    loopback: Loopback, sent: str | None, expected: float | None
) -> None:
    loopback.script([Fault("rate_limit", retry_after=sent)])
    assert failure_of(send_once(open_on(loopback, "openai"))).retry_after_s == expected


@pytest.mark.parametrize("status", [500, 502, 503, 504, 529])
def test_a_status_without_a_readable_body_is_still_classified(
    loopback: Loopback, status: int
) -> None:
    loopback.script([Fault("status", status=status)])
    failure = failure_of(send_once(open_on(loopback, "openai")))
    assert failure.http_status == status
    assert failure.kind in RETRYABLE


def test_no_connection_is_free_because_nothing_was_sent(loopback: Loopback) -> None:
    provider = HttpProvider(
        "nobody",
        OpenAIProtocol("http://127.0.0.1:1/v1"),
        "http://127.0.0.1:1/v1",
        None,
        TransportLimits(4, 2.0, 2**20),
    )
    failure = failure_of(send_once(provider))
    assert (failure.kind, failure.charge) == (FailureKind.CONNECTION, "free")
    assert "127.0.0.1:1" in failure.message


def test_a_call_that_waits_for_a_socket_until_its_deadline_is_free(loopback: Loopback) -> None:
    loopback.script(["hang"])
    limits = TransportLimits(1, 0.3, 2**20)
    provider = HttpProvider("x", OpenAIProtocol(loopback.url), loopback.url, None, limits)

    async def two(opened: HttpProvider) -> list[Outcome]:
        asked = request_of()
        sends = (opened.send(asked, opened.prepare(asked)) for _ in range(2))
        return await asyncio.gather(*sends)

    charges = [failure_of(outcome).charge for outcome in run(provider, two)]
    assert charges == ["unknown", "free"]
    assert len(loopback.log) == 1


@PROTOCOLS
def test_the_key_reaches_the_server_and_nothing_else(loopback: Loopback, protocol: str) -> None:
    loopback.script([Fault("unauthorized", message="Incorrect API key provided: {key}")])
    provider = open_on(loopback, protocol)
    outcome = send_once(provider)
    sent = loopback.last_headers
    assert KEY in (sent.get("authorization", "") + sent.get("x-api-key", ""))
    shown = f"{provider!r} {provider.__dict__!r} {outcome!r} {outcome.failure!r}"
    assert KEY not in shown
    assert "[key]" in failure_of(outcome).raw_text


@PROTOCOLS
def test_a_connection_without_a_key_sends_none(loopback: Loopback, protocol: str) -> None:
    reply_of(send_once(open_on(loopback, protocol, key=None)))
    assert "authorization" not in loopback.last_headers
    assert "x-api-key" not in loopback.last_headers


def test_rate_limit_headers_are_read_from_answers_and_errors(loopback: Loopback) -> None:
    loopback.headers = {
        "x-ratelimit-limit-requests": "500",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "6m0s",
        "x-ratelimit-limit-tokens": "200000",
        "x-ratelimit-remaining-tokens": "199000",
        "x-ratelimit-reset-tokens": "20ms",
    }
    loopback.script([None, "rate_limit"])
    for _ in range(2):
        limits = send_once(open_on(loopback, "openai")).limits
        assert limits is not None
        assert (limits.requests_limit, limits.requests_remaining) == (500, 0)
        assert limits.requests_reset_s == 360.0
        assert limits.tokens_reset_s == pytest.approx(0.02)


def test_many_calls_share_the_pool_and_none_is_lost(loopback: Loopback) -> None:
    loopback.latency_ms = 5

    async def many(opened: HttpProvider) -> list[Outcome]:
        requests = [request_of(f"number {number}") for number in range(300)]
        return await asyncio.gather(*(opened.send(r, opened.prepare(r)) for r in requests))

    outcomes = run(open_on(loopback, "openai"), many)
    texts = {reply_of(outcome).text for outcome in outcomes}
    assert len(texts) == 300
    assert loopback.max_in_flight <= 64
    assert loopback.stats()["repeated"] == 0


def test_a_failed_call_does_not_poison_the_next_one(loopback: Loopback) -> None:
    loopback.script(["hang_body", "huge_body", "cut", "reset", "drip", None])

    async def six(opened: HttpProvider) -> list[Outcome]:
        asked = request_of()
        return [await opened.send(asked, opened.prepare(asked)) for _ in range(6)]

    outcomes = run(open_on(loopback, "anthropic", deadline_s=0.3), six)
    assert [outcome.reply is not None for outcome in outcomes] == [False] * 5 + [True]
    assert len(loopback.log) == 6


def test_a_cancelled_call_ends_at_once(loopback: Loopback) -> None:
    loopback.script(["hang"])

    async def cancelled(opened: HttpProvider) -> bool:
        asked = request_of()
        task = asyncio.ensure_future(opened.send(asked, opened.prepare(asked)))
        await asyncio.sleep(0.1)
        task.cancel()
        await asyncio.wait([task], timeout=1)
        return task.cancelled()

    assert run(open_on(loopback, "openai"), cancelled)
    gc.collect()


def test_a_large_prompt_is_sent_whole(loopback: Loopback) -> None:
    text = "word " * 400_000
    reply_of(send_once(open_on(loopback, "openai"), request_of(text)))
    assert loopback.last_body["messages"][1]["content"] == text


def test_an_error_inside_a_success_status_counts_as_the_error_it_names() -> None:
    body = b'{"error": {"code": 429, "message": "upstream is busy"}}'
    result = OpenAIProtocol("https://example.org/v1").read(200, {}, body)
    assert isinstance(result, Failure)
    assert (result.kind, result.charge) == (FailureKind.RATE_LIMIT, "unknown")


def test_proxies_named_in_the_environment_are_not_used(
    loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    reply_of(send_once(open_on(loopback, "openai")))
    assert len(loopback.log) == 1


def test_a_redirect_is_not_followed_even_to_the_same_server(loopback: Loopback) -> None:
    loopback.headers = {"location": loopback.url + "/chat/completions"}
    for status in (301, 302, 303, 307, 308):
        loopback.reset()
        loopback.script([Fault("status", status=status)])
        failure = failure_of(send_once(open_on(loopback, "openai")))
        assert (failure.kind, failure.http_status) == (FailureKind.REDIRECT, status)
        assert len(loopback.log) == 1


def send_to(port: int, scheme: str = "http") -> Failure:
    url = f"{scheme}://127.0.0.1:{port}/v1"
    limits = TransportLimits(4, 2.0, 2**20)
    return failure_of(send_once(HttpProvider("x", OpenAIProtocol(url), url, None, limits)))


def test_a_failed_tls_handshake_is_free_because_no_request_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        plain = b"HTTP/1.1 400 Bad Request\r\n\r\n"
        answering = threading.Thread(target=_answer_once, args=(listener, plain))
        answering.start()
        failure = send_to(listener.getsockname()[1], "https")
        answering.join()
    assert (failure.kind, failure.charge) == (FailureKind.CONNECTION, "free")


def test_a_server_that_hangs_up_before_it_listens_may_still_have_billed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        hanging_up = threading.Thread(target=lambda: listener.accept()[0].close())
        hanging_up.start()
        failure = send_to(listener.getsockname()[1])
        hanging_up.join()
    assert (failure.kind, failure.charge) == (FailureKind.CONNECTION, "unknown")


def test_compressed_answers_are_kept_up_to_where_they_make_no_sense() -> None:
    whole = gzip.compress(b'{"choices": []}')
    cases = (
        ("gzip", whole + b"more", "goes on"),
        ("gzip", whole[:-4], "cut off"),
        ("gzip", b"plain", "as it claims"),
        ("br", b"plain", "unknown encoding 'br'"),
    )
    for encoding, body, words in cases:
        head = f"HTTP/1.1 200 X\r\ncontent-encoding: {encoding}\r\n"
        head += f"content-length: {len(body)}\r\n\r\n"
        with socket.create_server(("127.0.0.1", 0)) as listener:
            answering = threading.Thread(target=_answer_once, args=(listener, head.encode() + body))
            answering.start()
            failure = send_to(listener.getsockname()[1])
            answering.join()
        assert words in failure.message
        assert failure.raw_text in ("plain", '{"choices": []}')


def _answer_once(listener: socket.socket, answer: bytes) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(65536)
        connection.sendall(answer)
        connection.recv(1)
