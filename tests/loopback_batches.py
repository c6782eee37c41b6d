"""The loopback provider's batch APIs: OpenAI's Files and Batches, Anthropic's Message Batches.

Written by hand from the providers' references as of 2026-11. Work is done when its time has come
and somebody looks; each request of it is then one entry of the loopback server's own log, billed at
half price where it was answered. In a test: `desk = BatchDesk(loopback)`.
"""

import hashlib
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
from loopback import ERRORS, Entry, Fault, Question
from loopback import _answer_text as answer_text
from loopback import _anthropic_reply as anthropic_reply
from loopback import _error_body as error_body
from loopback import _openai_reply as openai_reply
from loopback import _usage as usage_of

DAY_S = 86_400
# A row of a batch: a key of ERRORS, one of these, "blank", or a kind of answer of live calls.
NOT_RUN = ("expired", "cancelled")
RowRule = Callable[[int, dict[str, Any]], str | None]
ENDED_BEFORE = ("completed", "expired", "cancelled", "failed")


@dataclass
class Row:
    """One request of a batch, and how it ended."""

    custom_id: str
    raw: bytes
    outcome: str | None = None  # "" answered; None: not run yet
    status: int = 0
    reply: bytes = b""


@dataclass
class Work:
    """One batch at the provider."""

    work_id: str
    protocol: str
    rows: list[Row]
    created_s: float
    metadata: dict[str, str] = field(default_factory=dict)
    input_file_id: str = ""
    status: str = "in_progress"  # completed, expired, cancelled, failed
    is_cancelling: bool = False
    errors: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        return self.status in ENDED_BEFORE


class BatchDesk:
    """Both batch APIs of one loopback server, with the ways in which they may misbehave."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.ends_after_s = 0.0  # from its creation; infinite never ends
        self.is_listed = True  # False: new batches do not show in lists
        self.row_rule: RowRule = lambda _number, _body: None
        # One per creation, used up in order: "refuse:<status>", "reset_before", "reset_after",
        # "error_after" (taken, but answered with 500), "failed:<code>" or "expired".
        self.submissions: list[str | None] = []
        self.polls: list[int] = []  # statuses of the next looks at a batch, used up in order
        self.works: dict[str, Work] = {}
        self.files: dict[str, bytes] = {}
        self.requests: list[tuple[str, str]] = []  # method and path of every request
        server.batches = self

    @property
    def created(self) -> int:
        """Batches that were taken."""
        return len(self.works)

    def sizes(self) -> list[int]:
        """Requests of each batch, in order of creation."""
        return [len(work.rows) for work in self.works.values()]

    def script_rows(self, kinds: Iterable[str | None]) -> None:
        """Give the next rows these outcomes, one each; then all is well."""
        left = iter(list(kinds))
        self.row_rule = lambda _number, _body: next(left, None)

    # Routes

    def route(self, wire: Any, method: str, path: str, headers: dict[str, str], raw: bytes) -> bool:
        """Answer a request if it is one for a batch API."""
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        for pattern, verb, handler in ROUTES:
            match = pattern.fullmatch(parts.path)
            if match is not None and method == verb:
                self.requests.append((method, parts.path))
                self._work_off()
                handler(self, wire, headers, query, raw, *match.groups())
                return True
        return False

    def _upload(self, wire: Any, headers: dict[str, str], _query: Any, raw: bytes) -> None:
        boundary = headers["content-type"].partition("boundary=")[2].strip('"').encode()
        fields: dict[bytes, bytes] = {}
        for part in raw.split(b"--" + boundary)[1:-1]:
            head, _, body = part.partition(b"\r\n\r\n")
            name = re.search(rb'name="(\w+)"', head)
            assert name is not None
            fields[name[1]] = body.removesuffix(b"\r\n")
        assert fields[b"purpose"] == b"batch"
        file_id = f"file-{len(self.files) + 1}"
        self.files[file_id] = fields[b"file"]
        self._reply(wire, {
            "id": file_id, "object": "file", "bytes": len(fields[b"file"]), "purpose": "batch",
            "created_at": int(time.time()), "filename": "x.jsonl", "status": "processed",
        })  # fmt: skip

    def _content(self, wire: Any, _headers: Any, _query: Any, _raw: bytes, file_id: str) -> None:
        if file_id not in self.files:
            wire._write(404, b'{"error":{"message":"no such file"}}')
            return
        wire._write(200, self.files[file_id], {"content-type": "application/jsonl"})

    def _create_openai(self, wire: Any, _headers: Any, _query: Any, raw: bytes) -> None:
        body = orjson.loads(raw)
        assert (body["endpoint"], body["completion_window"]) == ("/v1/chat/completions", "24h")
        rows = []
        for line in self.files[body["input_file_id"]].splitlines():
            request = orjson.loads(line)
            assert (request["method"], request["url"]) == ("POST", "/v1/chat/completions")
            rows.append(Row(request["custom_id"], orjson.dumps(request["body"])))
        work = Work(f"batch_{self.created + 1}", "openai", rows, time.monotonic())
        work.metadata, work.input_file_id = body.get("metadata") or {}, body["input_file_id"]
        self._take(wire, work)

    def _create_anthropic(self, wire: Any, headers: Any, _query: Any, raw: bytes) -> None:
        self.server.last_headers = headers
        rows = []
        for request in orjson.loads(raw)["requests"]:
            assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", request["custom_id"])
            rows.append(Row(request["custom_id"], orjson.dumps(request["params"])))
        self._take(wire, Work(f"msgbatch_{self.created + 1}", "anthropic", rows, time.monotonic()))

    def _take(self, wire: Any, work: Work) -> None:
        assert len({row.custom_id for row in work.rows}) == len(work.rows)
        fault = self.submissions.pop(0) if self.submissions else None
        kind, _, detail = (fault or "").partition(":")
        if kind == "refuse":
            wire._write(int(detail), b'{"error":{"message":"refused as scripted"}}')
            return
        if kind == "reset_before":
            wire._do_reset(b"")
            return
        self.works[work.work_id] = work
        if kind == "failed":
            work.status = "failed"
            work.errors = [{"code": detail, "message": "as scripted", "line": None}]
        elif kind == "expired":
            for row in work.rows:
                row.outcome = "expired"
        if kind == "reset_after":
            wire._do_reset(b"")
        elif kind == "error_after":
            wire._write(500, b'{"error":{"message":"as scripted"}}')
        else:
            self._reply(wire, self._shown(work))

    def _look(self, wire: Any, headers: Any, _query: Any, _raw: bytes, work_id: str) -> None:
        status = self.polls.pop(0) if self.polls else 200
        if status != 200:
            wire._write(status, b'{"error":{"message":"as scripted"}}')
        elif work_id not in self.works:
            wire._write(404, b'{"error":{"message":"no such batch"}}')
        else:
            self._reply(wire, self._shown(self.works[work_id], headers))

    def _list(self, wire: Any, headers: Any, query: dict[str, str], _raw: bytes) -> None:
        protocol = "anthropic" if "anthropic-version" in headers else "openai"
        works = [w for w in self.works.values() if w.protocol == protocol][::-1]
        works = works if self.is_listed else []
        after = query.get("after") or query.get("after_id")
        if after is not None:
            works = works[[w.work_id for w in works].index(after) + 1 :]
        limit = int(query.get("limit", 20))
        page = [self._shown(work, headers) for work in works[:limit]]
        ends = (page[0]["id"], page[-1]["id"]) if page else (None, None)
        self._reply(wire, {
            "object": "list", "data": page, "has_more": len(works) > limit,
            "first_id": ends[0], "last_id": ends[1],
        })  # fmt: skip

    def _cancel(self, wire: Any, headers: Any, _query: Any, _raw: bytes, work_id: str) -> None:
        work = self.works[work_id]
        if work.is_over:
            wire._write(400, b'{"error":{"message":"it has ended"}}')
            return
        # Half of what was not answered yet is still answered, and billed.
        waiting = [row for row in work.rows if row.outcome is None]
        for row in waiting[len(waiting) // 2 :]:
            row.outcome = "cancelled"
        work.is_cancelling = True
        self._reply(wire, self._shown(work, headers))

    def _results(self, wire: Any, _headers: Any, _query: Any, _raw: bytes, work_id: str) -> None:
        lines = [self._anthropic_line(row) for row in reversed(self.works[work_id].rows)]
        body = b"\n".join(orjson.dumps(line) for line in lines) + b"\n"
        wire._write(200, body, {"content-type": "application/x-jsonl"})

    def _reply(self, wire: Any, value: dict[str, Any]) -> None:
        wire._write(200, orjson.dumps(value))

    # Work

    def _work_off(self) -> None:
        now = time.monotonic()
        for work in self.works.values():
            is_due = work.is_cancelling or now >= work.created_s + self.ends_after_s
            if is_due and not work.is_over:
                self._finish(work)

    def _finish(self, work: Work) -> None:
        for row in work.rows:
            self._answer(work, row)
        outcomes = {row.outcome for row in work.rows}
        work.status = "completed"
        if work.is_cancelling:
            work.status = "cancelled"
        elif "expired" in outcomes:
            work.status = "expired"
        if work.protocol == "openai":
            for kind, is_answered in (("output", True), ("error", False)):
                rows = [row for row in work.rows if (row.status == 200) is is_answered]
                lines = [orjson.dumps(self._openai_line(row)) for row in reversed(rows)]
                if lines:
                    self.files[f"file-{work.work_id}-{kind}"] = b"\n".join(lines) + b"\n"

    def _answer(self, work: Work, row: Row) -> None:
        server = self.server
        question = Question(work.protocol, orjson.loads(row.raw), row.raw, "")
        number = len(server.log) + 1
        kind = row.outcome or self.row_rule(number, question.body) or ""
        row.outcome = kind
        given = produced = 0
        if kind in ERRORS:
            row.status = ERRORS[kind][0]
            row.reply = error_body(question, Fault(kind))
        elif kind not in NOT_RUN:
            row.status = 200
            text, finish = "" if kind == "blank" else answer_text(question, kind), "stop"
            if len(text) > question.max_tokens * 4:
                text, finish = text[: question.max_tokens * 4], "length"
            given, produced = max(1, len(row.raw) // 4), (len(text) + 3) // 4
            make = openai_reply if work.protocol == "openai" else anthropic_reply
            reply = make(question, text, finish, kind)
            if kind != "no_usage":
                reply["usage"] = usage_of(question, given, produced, kind)
            row.reply = orjson.dumps(reply)
        bill = (given * server.input_nano_usd + produced * server.output_nano_usd) // 2
        key = hashlib.sha256(row.raw).hexdigest()
        server.log.append(
            Entry(number, key, work.protocol, kind, row.status, given, produced, bill)
        )

    # What is shown

    def _shown(self, work: Work, headers: dict[str, str] | None = None) -> dict[str, Any]:
        if work.protocol == "openai":
            return self._openai_batch(work)
        return self._anthropic_batch(work, (headers or {}).get("host", ""))

    def _openai_batch(self, work: Work) -> dict[str, Any]:
        now, status = int(time.time()), work.status
        if work.is_cancelling and not work.is_over:
            status = "cancelling"
        files = {kind: f"file-{work.work_id}-{kind}" for kind in ("output", "error")}
        return {
            "id": work.work_id, "object": "batch", "endpoint": "/v1/chat/completions",
            "completion_window": "24h", "input_file_id": work.input_file_id, "status": status,
            "created_at": now, "expires_at": now + DAY_S, "metadata": work.metadata,
            "completed_at": now if status == "completed" else None,
            "output_file_id": files["output"] if files["output"] in self.files else None,
            "error_file_id": files["error"] if files["error"] in self.files else None,
            "errors": {"object": "list", "data": work.errors} if work.errors else None,
            "request_counts": {"total": len(work.rows), "completed": 0, "failed": 0},
        }  # fmt: skip

    def _anthropic_batch(self, work: Work, host: str) -> dict[str, Any]:
        now = datetime.now(UTC).isoformat()
        names = {"succeeded": 0, "errored": 0, "expired": 0, "canceled": 0, "processing": 0}
        for row in work.rows:
            names[self._anthropic_kind(row) if work.is_over else "processing"] += 1
        status = "canceling" if work.is_cancelling else "in_progress"
        url = f"http://{host}/v1/messages/batches/{work.work_id}/results"
        return {
            "id": work.work_id, "type": "message_batch", "created_at": now, "expires_at": now,
            "processing_status": "ended" if work.is_over else status, "request_counts": names,
            "ended_at": now if work.is_over else None, "archived_at": None,
            "cancel_initiated_at": None, "results_url": url if work.is_over else None,
        }  # fmt: skip

    @staticmethod
    def _anthropic_kind(row: Row) -> str:
        if row.outcome in NOT_RUN:
            return "canceled" if row.outcome == "cancelled" else "expired"
        return "succeeded" if row.status == 200 else "errored"

    def _anthropic_line(self, row: Row) -> dict[str, Any]:
        kind = self._anthropic_kind(row)
        result: dict[str, Any] = {"type": kind}
        if kind == "succeeded":
            result["message"] = orjson.loads(row.reply)
        elif kind == "errored":
            result["error"] = orjson.loads(row.reply)
        return {"custom_id": row.custom_id, "result": result}

    @staticmethod
    def _openai_line(row: Row) -> dict[str, Any]:
        line: dict[str, Any] = {
            "id": f"batch_req_{row.custom_id}", "custom_id": row.custom_id,
            "response": None, "error": None,
        }  # fmt: skip
        if row.outcome in NOT_RUN:
            line["error"] = {"code": f"batch_{row.outcome}", "message": "It was not executed."}
        else:
            line["response"] = {
                "status_code": row.status, "request_id": "req_1", "body": orjson.loads(row.reply),
            }  # fmt: skip
        return line


ROUTES = [
    (re.compile(pattern), verb, handler)
    for pattern, verb, handler in (
        (r"/v1/files", "POST", BatchDesk._upload),
        (r"/v1/files/([^/]+)/content", "GET", BatchDesk._content),
        (r"/v1/batches", "POST", BatchDesk._create_openai),
        (r"/v1/messages/batches", "POST", BatchDesk._create_anthropic),
        (r"/v1/(?:messages/)?batches", "GET", BatchDesk._list),
        (r"/v1/(?:messages/)?batches/([^/]+)", "GET", BatchDesk._look),
        (r"/v1/(?:messages/)?batches/([^/]+)/cancel", "POST", BatchDesk._cancel),
        (r"/v1/messages/batches/([^/]+)/results", "GET", BatchDesk._results),
    )
]
