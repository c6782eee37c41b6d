"""What an HTTP error means, for every protocol: kind, charge, and words for a person."""

from collections.abc import Mapping
from typing import Any

import orjson

from core.providers.base import MAX_RAW_CHARS, Charge, Failure, FailureKind
from core.providers.headers import retry_after_s

MAX_MESSAGE_CHARS = 500
KIND_OF_STATUS = {
    400: FailureKind.BAD_REQUEST,
    401: FailureKind.AUTHENTICATION,
    402: FailureKind.QUOTA,
    403: FailureKind.PERMISSION,
    404: FailureKind.NOT_FOUND,
    408: FailureKind.TIMEOUT,
    409: FailureKind.SERVER_ERROR,
    425: FailureKind.RATE_LIMIT,
    429: FailureKind.RATE_LIMIT,
    499: FailureKind.CONNECTION,
    501: FailureKind.BAD_REQUEST,
    503: FailureKind.OVERLOADED,
    504: FailureKind.TIMEOUT,
    529: FailureKind.OVERLOADED,
}
# A gateway speaks here: the model behind it may have answered, and billed.
GATEWAY_STATUSES = frozenset({502, 504, 520, 522, 523, 524})
ADVICE = {
    FailureKind.AUTHENTICATION: "The provider refused the key.",
    FailureKind.PERMISSION: "The key may not use this model.",
    FailureKind.NOT_FOUND: "The provider does not know this model or address.",
    FailureKind.QUOTA: "The provider's quota or credit is used up.",
    FailureKind.RATE_LIMIT: "The provider asks to slow down.",
    FailureKind.OVERLOADED: "The provider is overloaded.",
    FailureKind.SERVER_ERROR: "The provider failed.",
    FailureKind.BAD_REQUEST: "The provider refused the request.",
    FailureKind.TIMEOUT: "The provider took too long.",
    FailureKind.CONTENT_FILTER: "The provider's content filter blocked the request.",
    FailureKind.CONNECTION: "The connection to the provider broke.",
}


def kind_of_status(status: int) -> FailureKind:
    """The kind of an HTTP error status."""
    if 300 <= status < 400:
        return FailureKind.REDIRECT
    fallback = FailureKind.SERVER_ERROR if status >= 500 else FailureKind.BAD_REQUEST
    return KIND_OF_STATUS.get(status, fallback)


def charge_of_status(status: int) -> Charge:
    """Free where the status proves that the provider did not answer the question."""
    return "free" if 300 <= status < 600 and status not in GATEWAY_STATUSES else "unknown"


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
        return Failure(
            FailureKind.REDIRECT,
            "The address answers with a redirect, which is not followed. Correct the base URL.",
            status,
            charge="free",
            raw_text=text,
        )
    error = error_of(body)
    kind = _refined(status, error, refine)
    words = _message(error) or f"HTTP {status}"
    message = f"{ADVICE.get(kind, 'The request failed.')} It said: {words}"
    return Failure(
        kind,
        message[:MAX_MESSAGE_CHARS],
        status,
        retry_after_s(headers),
        charge_of_status(status),
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
    """The JSON object in the body; None when it is anything else."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


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
        f"{ADVICE.get(kind, 'The request failed.')} It said: {words}"[:MAX_MESSAGE_CHARS],
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
