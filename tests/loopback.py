"""A model provider on loopback that speaks OpenAI and Anthropic, keeps its own log, and misbehaves.

Written by hand from the providers' references as of 2026-11. Its log is the independent witness:
what was asked, how often, how much at once, and what a real provider would have billed for it.

In a test: the fixture `loopback`. On its own: `python tests/loopback.py --port 0 --latency-ms 50`
prints its URL; then `GET /stats`, `GET /log`, `POST /reset`, `POST /config`.
"""

import argparse
import asyncio
import gzip
import hashlib
import socket
import struct
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson
import pytest
import uvloop

HUGE_BODY_BYTES = 2**30
BOMB_BYTES = 48 * 2**20
DRIP_S = 0.2
VOCABULARY = (
    "system model river learning value method careful example compare result strong pattern "
    "simple measure between reason change level small large common question answer table field "
    "number energy market soil light student teacher history policy signal network design travel "
    "water music theory practice cost risk benefit garden window letter silver engine harbour"
)
WORDS = VOCABULARY.split()


@dataclass(frozen=True)
class Fault:
    """One way to misbehave. `kind` is a key of FAULTS."""

    kind: str
    retry_after: str | None = None  # sent as Retry-After
    status: int | None = None  # for kind "status"
    message: str = ""  # for error replies; "{key}" becomes the key that the client sent


@dataclass(frozen=True)
class Entry:
    """One request in the log, written when its last byte was read."""

    number: int  # from 1
    key: str  # SHA-256 of the body
    protocol: str
    fault: str  # "" for an honest answer
    status: int  # 0 where none was sent
    input_tokens: int
    output_tokens: int
    bill_nano_usd: int
    at_s: float = field(default_factory=time.monotonic)  # when it arrived


FaultLike = Fault | str | None
Script = Callable[[int, dict[str, Any]], FaultLike]

# Error replies: status, OpenAI type and code, Anthropic type. None of them is billed.
ERRORS: dict[str, tuple[int, str, str, str]] = {
    "rate_limit": (429, "rate_limit_error", "rate_limit_exceeded", "rate_limit_error"),
    "server_error": (500, "server_error", "server_error", "api_error"),
    "bad_gateway": (502, "server_error", "bad_gateway", "api_error"),
    "unavailable": (503, "server_error", "overloaded", "overloaded_error"),
    "overloaded": (529, "server_error", "overloaded", "overloaded_error"),
    "bad_request": (400, "invalid_request_error", "invalid_value", "invalid_request_error"),
    "unauthorized": (401, "invalid_request_error", "invalid_api_key", "authentication_error"),
    "payment": (402, "billing", "payment_required", "billing_error"),
    "forbidden": (403, "invalid_request_error", "forbidden", "permission_error"),
    "not_found": (404, "invalid_request_error", "model_not_found", "not_found_error"),
    "quota": (429, "insufficient_quota", "insufficient_quota", "billing_error"),
}
# Everything else is counted as billed: a real provider may well have done the work.
BILLED = (
    "hang", "hang_body", "drip", "reset", "cut", "truncated", "garbage", "html", "empty",
    "wrong_schema", "not_protocol", "no_usage", "negative_usage", "huge_usage", "huge_body",
    "gzip", "gzip_bomb", "bad_gzip", "refusal", "content_filter", "length", "fenced", "thoughtful",
    "many_headers", "half_close", "half_close_body", "drip_head", "endless", "endless_head",
    "informational", "wrong_model", "not_utf8", "deep_json", "deep_answer", "nul",
    "duplicate_keys", "nan", "crowded", "event_stream", "twice", "twice_later",
)  # fmt: skip
FREE = ("redirect", "status")
SILENT = ("hang", "reset", "half_close", "drip_head", "endless_head", "informational")
FAULTS = frozenset((*ERRORS, *BILLED, *FREE))


@dataclass
class Server:
    """State and settings, shared by all connections."""

    latency_ms: float = 0.0
    input_nano_usd: int = 2_000  # per token: 2 US dollars per million
    output_nano_usd: int = 8_000
    headers: dict[str, str] = field(default_factory=dict)  # added to every answer
    log: list[Entry] = field(default_factory=list)
    in_flight: int = 0
    max_in_flight: int = 0
    last_headers: dict[str, str] = field(default_factory=dict)
    last_body: dict[str, Any] = field(default_factory=dict)
    faults: Iterator[FaultLike] = field(default_factory=lambda: iter(()))
    rule: Script | None = None
    answers: Callable[[dict[str, Any]], Any] | None = None  # a body's answer; None is made up
    started_s: float = field(default_factory=time.monotonic)
    batches: Any = None  # a BatchDesk, where a batch API is offered too
    wires: "set[Wire]" = field(default_factory=set)  # open connections
    max_concurrent: int | None = None  # a call beyond so many at once is refused with 429
    requests_per_minute: int | None = None  # within any minute; announced on every answer
    minute_s: float = 60.0  # shorter, so that a test need not wait for a real one
    admitted: deque[float] = field(default_factory=deque)  # arrivals within the last minute

    def script(
        self,
        faults: Iterable[FaultLike] | Script | None = None,
        *,
        ratio: Mapping[str, float] | None = None,
    ) -> None:
        """Misbehave from now on.

        A list is used up one per request, then all is well. A callable is asked with the request's
        number and body. `ratio` gives each fault its share of requests, spread evenly by number.
        """
        self.faults, self.rule = iter(()), None
        if callable(faults):
            self.rule = faults
        elif faults is not None:
            self.faults = iter(list(faults))
        if ratio is not None:
            self.rule = _rule_of(dict(ratio))

    def reset(self) -> None:
        """Forget the log and the script."""
        self.log.clear()
        self.script()
        self.answers = None
        self.max_in_flight = self.in_flight
        self.admitted.clear()
        self.started_s = time.monotonic()

    def used(self) -> int:
        """How many requests were admitted within the last minute."""
        while self.admitted and time.monotonic() - self.admitted[0] >= self.minute_s:
            self.admitted.popleft()
        return len(self.admitted)

    def is_full(self) -> bool:
        """Whether one more request is too many."""
        if self.max_concurrent is not None and self.in_flight >= self.max_concurrent:
            return True
        return self.requests_per_minute is not None and self.used() >= self.requests_per_minute

    def announced(self) -> dict[str, str]:
        """What OpenAI's headers say of a limit: the reset is when all of it is back."""
        if self.requests_per_minute is None:
            return {}
        left = self.requests_per_minute - self.used()
        newest = self.admitted[-1] if self.admitted else time.monotonic() - self.minute_s
        reset_s = newest + self.minute_s - time.monotonic()
        return {
            "x-ratelimit-limit-requests": str(self.requests_per_minute),
            "x-ratelimit-remaining-requests": str(left),
            "x-ratelimit-reset-requests": f"{max(0.0, reset_s):.3f}s",
        }

    @property
    def bill_nano_usd(self) -> int:
        return sum(entry.bill_nano_usd for entry in self.log)

    def stats(self) -> dict[str, Any]:
        keys = Counter(entry.key for entry in self.log)
        return {
            "requests": len(self.log),
            "ok": sum(not entry.fault for entry in self.log),
            "distinct": len(keys),
            "repeated": sum(count - 1 for count in keys.values()),
            "bill_nano_usd": self.bill_nano_usd,
            "input_tokens": sum(entry.input_tokens for entry in self.log),
            "output_tokens": sum(entry.output_tokens for entry in self.log),
            "in_flight": self.in_flight,
            "max_in_flight": self.max_in_flight,
            "faults": dict(Counter(entry.fault for entry in self.log if entry.fault)),
            "elapsed_s": time.monotonic() - self.started_s,
            "first_at_s": self.log[0].at_s if self.log else None,
        }

    def configure(self, settings: Mapping[str, Any]) -> None:
        for name in (
            "latency_ms", "input_nano_usd", "output_nano_usd", "headers",
            "max_concurrent", "requests_per_minute", "minute_s",
        ):  # fmt: skip
            if name in settings:
                setattr(self, name, settings[name])
        if "faults" in settings or "ratio" in settings:
            listed = [Fault(**f) if isinstance(f, dict) else f for f in settings.get("faults", [])]
            self.script(listed, ratio=settings.get("ratio"))

    def next_fault(self, number: int, body: dict[str, Any]) -> Fault | None:
        found = self.rule(number, body) if self.rule is not None else next(self.faults, None)
        fault = Fault(found) if isinstance(found, str) else found
        if fault is not None and fault.kind not in FAULTS:
            raise ValueError(f"unknown fault {fault.kind!r}")
        return fault


def _rule_of(ratio: dict[str, float]) -> Script:
    def rule(number: int, _body: dict[str, Any]) -> str | None:
        # Multiplying by the golden ratio spreads any share evenly over the numbers.
        at = number * 0.6180339887498949 % 1.0
        for kind, share in ratio.items():
            if at < share:
                return kind
            at -= share
        return None

    return rule


class Filler:
    """Values that satisfy a schema; the same digest gives the same values."""

    def __init__(self, digest: bytes, schema: Mapping[str, Any]) -> None:
        self.state = int.from_bytes(digest[:8]) or 1
        self.root = schema

    def draw(self, below: int) -> int:
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % max(below, 1)

    def value(self, schema: Mapping[str, Any]) -> Any:
        if "$ref" in schema:
            target: Any = self.root
            for part in str(schema["$ref"]).removeprefix("#/").split("/"):
                target = target[part]
            return self.value(target)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][self.draw(len(schema["enum"]))]
        if "anyOf" in schema:
            return self.value(schema["anyOf"][0])
        kind = schema.get("type", "string")
        kind = kind[0] if isinstance(kind, list) else kind
        make = getattr(self, f"_{kind}", None)
        return make(schema) if make else None

    def _object(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        return {name: self.value(part) for name, part in schema.get("properties", {}).items()}

    def _array(self, schema: Mapping[str, Any]) -> list[Any]:
        low = schema.get("minItems", 1)
        count = min(low + self.draw(2), schema.get("maxItems", low + 1))
        return [self.value(schema.get("items", {"type": "string"})) for _ in range(count)]

    def _string(self, schema: Mapping[str, Any]) -> str:
        low = schema.get("minLength", 0)
        text = self.sentence()
        while len(text) < max(low, 60 + self.draw(120)):
            text += " " + self.sentence()
        return text[: schema.get("maxLength", len(text))]

    def _integer(self, schema: Mapping[str, Any]) -> int:
        low = int(schema.get("minimum", 0))
        return low + self.draw(int(schema.get("maximum", low + 9)) - low + 1)

    def _number(self, schema: Mapping[str, Any]) -> float:
        low, high = schema.get("minimum", 0.0), schema.get("maximum", 1.0)
        return float(low + (high - low) * self.draw(1001) / 1000)

    def _boolean(self, _schema: Mapping[str, Any]) -> bool:
        return self.draw(2) == 0

    def sentence(self) -> str:
        words = [WORDS[self.draw(len(WORDS))] for _ in range(6 + self.draw(6))]
        return " ".join(words).capitalize() + "."


@dataclass(frozen=True)
class Question:
    """The parts of a request that the answer depends on, whatever its protocol."""

    protocol: str
    body: dict[str, Any]
    raw: bytes
    sent_key: str

    @property
    def schema(self) -> Mapping[str, Any] | None:
        if self.protocol == "openai":
            form = self.body.get("response_format", {})
            return form.get("json_schema", {}).get("schema")
        if "output_config" in self.body:
            return self.body["output_config"]["format"]["schema"]
        return self.body["tools"][0]["input_schema"] if "tools" in self.body else None

    @property
    def max_tokens(self) -> int:
        limit = self.body.get("max_completion_tokens", self.body.get("max_tokens"))
        return 10**9 if limit is None else int(limit)


def _as_text(answer: Any) -> str:
    return answer if isinstance(answer, str) else orjson.dumps(answer).decode()


def _answer_text(question: Question, kind: str) -> str:
    schema = question.schema
    filler = Filler(hashlib.sha256(question.raw).digest(), schema or {})
    if kind == "wrong_schema":
        return '{"unexpected": true}'
    if kind == "deep_answer":
        return f'{{"question": {"[" * 900}{"]" * 900}, "answer": "deep"}}'
    if kind == "length":
        return "x" * (question.max_tokens * 4 + 40)
    if schema is None:
        return " ".join(filler.sentence() for _ in range(6))
    text = orjson.dumps(filler.value(schema)).decode()
    if kind == "nul":
        return text.replace('":"', '":"\\u0000', 1)
    return f"Here it is:\n```json\n{text}\n```" if kind == "fenced" else text


def _usage(question: Question, given: int, produced: int, kind: str) -> dict[str, Any]:
    if kind == "negative_usage":
        given, produced = -given, -produced
    elif kind == "huge_usage":
        given, produced = 10**15, 10**15
    if question.protocol == "anthropic":
        return {"input_tokens": given, "output_tokens": produced}
    return {
        "prompt_tokens": given,
        "completion_tokens": produced,
        "total_tokens": given + produced,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }


def _openai_reply(question: Question, text: str, finish: str, kind: str) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": None}
    if kind == "refusal":
        message = {"role": "assistant", "content": None, "refusal": "I can't help with that."}
    elif kind == "content_filter":
        finish = "content_filter"
        message["content"] = ""
    choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": None}
    return {
        "id": "chatcmpl-loopback",
        "object": "chat.completion",
        "created": 1_790_000_000,
        "model": question.body.get("model"),
        "choices": [choice],
    }


def _anthropic_reply(question: Question, text: str, finish: str, kind: str) -> dict[str, Any]:
    reason = {"stop": "end_turn", "length": "max_tokens"}[finish]
    block: dict[str, Any] = {"type": "text", "text": text}
    if "tools" in question.body and finish == "stop" and kind != "fenced":
        name = question.body["tools"][0]["name"]
        block = {"type": "tool_use", "id": "toolu_1", "name": name, "input": orjson.loads(text)}
        reason = "tool_use"
    reply: dict[str, Any] = {
        "id": "msg_loopback",
        "type": "message",
        "role": "assistant",
        "model": question.body.get("model"),
        "content": [block],
        "stop_reason": reason,
        "stop_sequence": None,
    }
    if kind in ("refusal", "content_filter"):
        reply["content"] = []
        reply["stop_reason"] = "refusal"
        reply["stop_details"] = {
            "type": "refusal",
            "category": "general_harms",
            "explanation": "I can't help with that.",
        }
    return reply


def _error_body(question: Question, fault: Fault) -> bytes:
    _, kind, code, anthropic_kind = ERRORS[fault.kind]
    message = fault.message.replace("{key}", question.sent_key)
    if question.protocol == "openai":
        error = {"message": message or code, "type": kind, "code": code, "param": None}
        return orjson.dumps({"error": error})
    if fault.kind == "quota":
        message = message or "Your credit balance is too low to access the Anthropic API."
    error = {"type": anthropic_kind, "message": message or anthropic_kind}
    return orjson.dumps({"type": "error", "error": error})


class Wire(asyncio.Protocol):
    """One connection: reads a request, logs it, answers it, and waits for the next."""

    transport: asyncio.Transport

    def __init__(self, server: Server, loop: asyncio.AbstractEventLoop) -> None:
        self.server = server
        self.loop = loop
        self.buffer = b""
        self.is_busy = False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.server.wires.add(self)

    def connection_lost(self, _error: Exception | None) -> None:
        self.server.wires.discard(self)
        self._finish()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head_end = self.buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        lines = self.buffer[:head_end].decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines[1:])
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        end = head_end + 4 + int(headers.get("content-length", 0))
        if len(self.buffer) < end:
            return
        raw, self.buffer = self.buffer[head_end + 4 : end], self.buffer[end:]
        method, path, _ = lines[0].split(" ", 2)
        self._route(method, path, headers, raw)

    def _route(self, method: str, path: str, headers: dict[str, str], raw: bytes) -> None:
        server = self.server
        if path.endswith("/chat/completions"):
            key = headers.get("authorization", "").removeprefix("Bearer ")
            self._accept(Question("openai", orjson.loads(raw), raw, key), headers)
        elif path.endswith("/messages"):
            key = headers.get("x-api-key", "")
            self._accept(Question("anthropic", orjson.loads(raw), raw, key), headers)
        elif server.batches is not None and server.batches.route(self, method, path, headers, raw):
            return
        elif path == "/stats":
            self._write(200, orjson.dumps(server.stats()))
        elif path == "/log":
            self._write(200, orjson.dumps([asdict(entry) for entry in server.log]))
        elif path == "/reset" and method == "POST":
            server.reset()
            self._write(200, b"{}")
        elif path == "/config" and method == "POST":
            server.configure(orjson.loads(raw))
            self._write(200, b"{}")
        elif path.endswith("/models"):
            self._write(200, b'{"object":"list","data":[{"id":"loopback-1","object":"model"}]}')
        else:
            self._write(404, b'{"error":{"message":"no such path"}}')

    def _accept(self, question: Question, headers: dict[str, str]) -> None:
        server = self.server
        number = len(server.log) + 1
        server.last_headers, server.last_body = headers, question.body
        is_refused = server.is_full()
        fault = Fault("rate_limit") if is_refused else server.next_fault(number, question.body)
        kind = "" if fault is None else fault.kind
        text, finish, given, produced = "", "stop", 0, 0
        if kind not in ERRORS and kind not in FREE:
            scripted = server.answers(question.body) if server.answers and not kind else None
            text = _answer_text(question, kind) if scripted is None else _as_text(scripted)
            given = max(1, len(question.raw) // 4)
            if len(text) > question.max_tokens * 4:
                text, finish = text[: question.max_tokens * 4], "length"
            produced = (len(text) + 3) // 4
            if kind == "thoughtful":
                produced += 3 * question.max_tokens  # hidden thought, whatever limit was sent
        bill = given * server.input_nano_usd + produced * server.output_nano_usd
        status = 200
        if fault is not None:
            status = fault.status or ERRORS.get(kind, (200,))[0]
            status = 0 if kind in SILENT else 302 if kind == "redirect" else status
        key = hashlib.sha256(question.raw).hexdigest()
        server.log.append(
            Entry(number, key, question.protocol, kind, status, given, produced, bill)
        )
        if is_refused:
            self._write(status, _error_body(question, Fault("rate_limit")))
            return
        if server.requests_per_minute is not None:
            server.admitted.append(server.log[-1].at_s)
        self.is_busy = True
        server.in_flight += 1
        server.max_in_flight = max(server.max_in_flight, server.in_flight)
        reply = self._reply(question, text, finish, given, produced, kind)
        if server.latency_ms > 0:
            self.loop.call_later(
                server.latency_ms / 1000, self._answer, question, fault, status, reply
            )
        else:
            self._answer(question, fault, status, reply)

    @staticmethod
    def _reply(
        question: Question, text: str, finish: str, given: int, produced: int, kind: str
    ) -> bytes:
        make = _openai_reply if question.protocol == "openai" else _anthropic_reply
        reply = make(question, text, finish, kind)
        if kind != "no_usage":
            reply["usage"] = _usage(question, given, produced, kind)
        return orjson.dumps(reply)

    def _answer(self, question: Question, fault: Fault | None, status: int, reply: bytes) -> None:
        if self.transport.is_closing():
            return
        if fault is None:
            self._write(200, reply)
            return
        special = getattr(self, f"_do_{fault.kind}", None)
        extra = {} if fault.retry_after is None else {"retry-after": fault.retry_after}
        if special is not None:
            special(reply)
        elif fault.kind in ERRORS:
            self._write(status, _error_body(question, fault), extra)
        elif fault.kind == "status":
            self._write(status, b'{"error":{"message":"as scripted"}}', extra)
        else:
            self._write(200, reply, extra)

    def _do_hang(self, _reply: bytes) -> None:
        """Say nothing; the connection stays open."""

    def _do_hang_body(self, reply: bytes) -> None:
        self.transport.write(self._head(200, len(reply), {}) + reply[: len(reply) // 2])

    def _do_drip(self, reply: bytes) -> None:
        self.transport.write(self._head(200, len(reply), {}))
        self._drip(reply, 0)

    def _drip(self, reply: bytes, at: int) -> None:
        if not self.transport.is_closing() and at < len(reply):
            self.transport.write(reply[at : at + 1])
            self.loop.call_later(DRIP_S, self._drip, reply, at + 1)

    def _do_reset(self, _reply: bytes) -> None:
        sock = self.transport.get_extra_info("socket")
        # Zero linger turns the close into a reset, as a crashed server's would be.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def _do_cut(self, reply: bytes) -> None:
        self.transport.write(self._head(200, len(reply), {}) + reply[: len(reply) // 2])
        self.transport.close()

    def _do_truncated(self, reply: bytes) -> None:
        self._write(200, reply[: len(reply) * 2 // 3])

    def _do_garbage(self, _reply: bytes) -> None:
        self._write(200, b"\x00\x01 not an answer \xff\xfe")

    def _do_html(self, _reply: bytes) -> None:
        page = b"<!doctype html><html><body>Please sign in to the network.</body></html>"
        self._write(200, page, {"content-type": "text/html"})

    def _do_empty(self, _reply: bytes) -> None:
        self._write(200, b"")

    def _do_not_protocol(self, _reply: bytes) -> None:
        self._write(200, b'{"hello": "world"}')

    def _do_redirect(self, _reply: bytes) -> None:
        self._write(302, b"", {"location": "http://127.0.0.1:1/elsewhere"})

    def _do_half_close(self, _reply: bytes) -> None:
        self.transport.write_eof()

    def _do_half_close_body(self, reply: bytes) -> None:
        self.transport.write(self._head(200, len(reply), {}) + reply[: len(reply) // 2])
        self.transport.write_eof()

    def _do_drip_head(self, reply: bytes) -> None:
        self._drip(self._head(200, len(reply), {}), 0)

    def _do_endless(self, _reply: bytes) -> None:
        self.transport.write(b"HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n")
        self._pour(HUGE_BODY_BYTES, b"10000\r\n" + b" " * 2**16 + b"\r\n")

    def _do_endless_head(self, _reply: bytes) -> None:
        self.transport.write(b"HTTP/1.1 200 X\r\n")
        self._pour(HUGE_BODY_BYTES, b"x-more: of the same\r\n" * 3000)

    def _do_informational(self, _reply: bytes) -> None:
        self._pour(HUGE_BODY_BYTES, b"HTTP/1.1 103 Early Hints\r\n\r\n" * 2000)

    def _do_wrong_model(self, reply: bytes) -> None:
        self._write(200, orjson.dumps({**orjson.loads(reply), "model": "another-model"}))

    def _do_not_utf8(self, reply: bytes) -> None:
        self._write(200, reply.replace(b" ", b"\xff\xfe", 1))

    def _do_deep_json(self, reply: bytes) -> None:
        self._write(200, b'{"a":' + b"[" * 50_000 + b"]" * 50_000 + b"," + reply[1:])

    def _do_duplicate_keys(self, reply: bytes) -> None:
        huge = b'"usage":{"prompt_tokens":1e99,"input_tokens":-5,"completion_tokens":null},'
        self._write(200, b"{" + huge + reply[1:])

    def _do_nan(self, reply: bytes) -> None:
        self._write(200, b'{"usage":NaN,' + reply[1:])

    def _do_crowded(self, reply: bytes) -> None:
        self._write(200, b'{"a":[' + b"[]," * 2**21 + b"0]," + reply[1:])

    def _do_event_stream(self, reply: bytes) -> None:
        event = b"data: " + reply + b"\n\n"
        self._write(200, event * 2, {"content-type": "text/event-stream"})

    def _do_twice(self, reply: bytes) -> None:
        self.transport.write(self._head(200, len(reply), {}) + reply)
        self._write(200, b'{"answer": "nobody asked"}')

    def _do_twice_later(self, reply: bytes) -> None:
        self._write(200, reply)
        self.loop.call_later(0.05, self._write, 200, b'{"answer": "nobody asked"}')

    def _do_gzip(self, reply: bytes) -> None:
        self._write(200, gzip.compress(reply), {"content-encoding": "gzip"})

    def _do_bad_gzip(self, reply: bytes) -> None:
        self._write(200, reply, {"content-encoding": "gzip"})

    def _do_gzip_bomb(self, _reply: bytes) -> None:
        bomb = gzip.compress(bytes(BOMB_BYTES), compresslevel=1)
        self._write(200, bomb, {"content-encoding": "gzip"})

    def _do_many_headers(self, reply: bytes) -> None:
        self._write(200, reply, {f"x-{number}": "y" for number in range(100_000)})

    def _do_huge_body(self, _reply: bytes) -> None:
        self.transport.write(self._head(200, HUGE_BODY_BYTES, {}))
        self._pour(HUGE_BODY_BYTES, b" " * 2**16)

    def _pour(self, left: int, piece: bytes) -> None:
        if self.transport.is_closing() or left <= 0:
            return
        wait_s = 0.0
        if self.transport.get_write_buffer_size() < 2**20:
            self.transport.write(piece)
            left -= len(piece)
        else:
            wait_s = 0.005
        self.loop.call_later(wait_s, self._pour, left, piece)

    def _head(self, status: int, length: int, extra: Mapping[str, str]) -> bytes:
        announced = self.server.announced()
        fields = {"content-type": "application/json", **announced, **self.server.headers, **extra}
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return f"HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n{lines}\r\n".encode()

    def _write(self, status: int, body: bytes, extra: Mapping[str, str] | None = None) -> None:
        self.transport.write(self._head(status, len(body), extra or {}) + body)
        self._finish()

    def _finish(self) -> None:
        if self.is_busy:
            self.is_busy = False
            self.server.in_flight -= 1


class Loopback(Server):
    """A server in a thread of this process."""

    def start(self, port: int = 0) -> None:
        self.loop = uvloop.new_event_loop()
        self.listener = self.loop.run_until_complete(
            self.loop.create_server(lambda: Wire(self, self.loop), "127.0.0.1", port, backlog=1024)
        )
        self.port = self.listener.sockets[0].getsockname()[1]
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self._hang_up)
        self.thread.join(timeout=5)
        self.loop.close()

    def _hang_up(self) -> None:
        # uvloop cannot close a loop whose connections another process still holds open.
        self.listener.close()
        for wire in list(self.wires):
            wire.transport.abort()
        self.loop.call_later(0.01, self.loop.stop)

    @property
    def url(self) -> str:
        """Base URL of the OpenAI protocol."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def anthropic_url(self) -> str:
        """Base URL of the Anthropic protocol."""
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    """A fresh provider on loopback; see `Server.script` for faults."""
    server = Loopback()
    server.start()
    yield server
    server.stop()


async def _serve(host: str, port: int, server: Server) -> None:
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(lambda: Wire(server, loop), host, port, backlog=4096)
    bound = listener.sockets[0].getsockname()[1]
    print(f"http://{host}:{bound}/v1", flush=True)
    await listener.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--ratio", default="{}", help='JSON such as {"rate_limit": 0.1}')
    parser.add_argument("--max-concurrent", type=int, help="answer 429 beyond so many at once")
    parser.add_argument("--requests-per-minute", type=int, help="answer 429 beyond so many")
    options = parser.parse_args()
    server = Server(
        latency_ms=options.latency_ms,
        max_concurrent=options.max_concurrent,
        requests_per_minute=options.requests_per_minute,
    )
    server.configure({"ratio": orjson.loads(options.ratio)})
    uvloop.run(_serve(options.host, options.port, server))


if __name__ == "__main__":
    main()
