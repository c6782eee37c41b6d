"""What an HTTP error means, for every protocol: kind, charge, and words for a person."""

from collections.abc import Mapping
from typing import Any

import orjson

from core.providers.base import MAX_RAW_CHARS, Failure, FailureKind
from core.providers.failures import POLICY, is_free, kind_of_status
from core.providers.headers import retry_after_s

MAX_MESSAGE_CHARS = 500
ADVICE = {kind: policy.advice for kind, policy in POLICY.items()}
# Read into objects, a long answer of nothing but tiny values takes thirty times its bytes. Text has
# a comma or bracket in some fifty characters; such an answer has one in two.
LONG_JSON_BYTES = 2**20
MIN_BYTES_PER_VALUE = 12


def http_failure(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    refine: Mapping[str, FailureKind],
) -> Failure:
    """The failure that an error status means.

    `refine` maps words found in the error's type, code or message to a kind that says more.
    """
    text = body[:MAX_RAW_CHARS].decode("utf-8", "replace")
    if 300 <= status < 400:
        kind = FailureKind.REDIRECT
        return Failure(kind, ADVICE[kind], status, charge="free", raw_text=text)
    error = error_of(body)
    kind = _refined(status, error, refine)
    words = _message(error) or f"HTTP {status}"
    return Failure(
        kind,
        f"{ADVICE[kind]} It said: {words}"[:MAX_MESSAGE_CHARS],
        status,
        retry_after_s(headers),
        "free" if is_free(status) else "unknown",
        text,
    )


def unreadable(status: int, body: bytes, what: str) -> Failure:
    """A success status whose body is not an answer: cut short, or not the protocol."""
    stripped = body.strip()
    is_cut = not stripped or (stripped[:1] == b"{" and stripped[-1:] != b"}")
    return Failure(
        FailureKind.TRUNCATED if is_cut else FailureKind.GARBAGE,
        "The answer ends too early." if is_cut else f"The answer is not {what}.",
        status,
        raw_text=body[:MAX_RAW_CHARS].decode("utf-8", "replace"),
    )


def parse_object(body: bytes) -> dict[str, Any] | None:
    """The JSON object in the body; None when it is anything else, or too costly to read."""
    if len(body) > LONG_JSON_BYTES and _is_crowded(body):
        return None
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def _is_crowded(body: bytes) -> bool:
    return sum(map(body.count, (b",", b"[", b"{"))) > len(body) // MIN_BYTES_PER_VALUE


def error_of(body: bytes) -> dict[str, Any]:
    """The `error` object of an answer, in the shapes that providers and local servers use."""
    value = parse_object(body) or {}
    error = value.get("error", value)
    if isinstance(error, str):
        return {"message": error}
    return error if isinstance(error, dict) else {}


def embedded_failure(status: int, error: Any, body: bytes) -> Failure:
    """A failure that a gateway reports inside a success status; it may have been billed."""
    code = error.get("code") if isinstance(error, dict) else None
    kind = FailureKind.SERVER_ERROR
    if isinstance(code, int) and 400 <= code < 600:
        kind = kind_of_status(code)
    words = _message(error if isinstance(error, dict) else {"message": str(error)})
    return Failure(
        kind,
        f"{ADVICE[kind]} It said: {words or 'nothing'}"[:MAX_MESSAGE_CHARS],
        status,
        raw_text=body[:MAX_RAW_CHARS].decode("utf-8", "replace"),
    )


def _refined(
    status: int, error: Mapping[str, Any], refine: Mapping[str, FailureKind]
) -> FailureKind:
    details = error.get("details")
    code = details.get("error_code") if isinstance(details, dict) else None
    words = " ".join(str(error.get(k) or "") for k in ("type", "code", "message"))
    words = f"{words} {code or ''}".lower()
    for needle, kind in refine.items():
        if needle in words:
            return kind
    return kind_of_status(status)


def _message(error: Mapping[str, Any]) -> str:
    for key in ("message", "detail", "type"):
        if isinstance(error.get(key), str) and error[key]:
            return str(error[key])
    return ""
