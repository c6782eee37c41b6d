"""What every request must pass, pages and API alike: a pure ASGI middleware.

Host names we answer to (a rebound DNS name is refused), same-origin for whatever changes state,
JSON only for API bodies, size limits, security headers. It knows nothing of users and roles.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.errors import error_body
from core.settings import Settings

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
ANY_ADDRESS = frozenset({"", "0.0.0.0", "::"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
UPLOAD_PATHS = frozenset({"/v1/sources", "/v1/sources/preview"})
UPLOAD_TYPE = "application/octet-stream"
# A form of another site may send this type too: it is the check of Origin that refuses it.
FORM_TYPE = "multipart/form-data"
MAX_JSON_BYTES = 4 * 2**20
MAX_UPLOAD_BYTES = 2**30
GUARDED = "seedbed.guarded"

HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
# Streamlit frames its own components, so pages may be framed by themselves; nothing frames the API.
PAGE_HEADERS = HEADERS | {"X-Frame-Options": "SAMEORIGIN"}
API_HEADERS = HEADERS | {
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is turned away."""

    status: int
    code: str
    message: str
    remedy: str


BAD_HOST = Refusal(
    403,
    "host_not_allowed",
    "Seedbed does not answer to this Host.",
    "Open it as localhost, or start it with --host set to the name you use.",
)
BAD_ORIGIN = Refusal(
    403,
    "origin_not_allowed",
    "A page of another origin may not change anything here.",
    "Send the request from Seedbed's own pages or from a program that sends no Origin.",
)
NOT_JSON = Refusal(
    415,
    "json_only",
    "The body must be JSON.",
    "Send Content-Type: application/json.",
)
NOT_BYTES = Refusal(
    415,
    "bytes_only",
    "An upload is the file's bytes.",
    f"Send Content-Type: {UPLOAD_TYPE} and the file name as ?name=, or one file as {FORM_TYPE}.",
)
NUL_IN_URL = Refusal(400, "bad_url", "The URL contains a NUL character.", "Remove %00.")
BAD_LENGTH = Refusal(400, "bad_length", "Content-Length is not a number.", "Send the true length.")


def allowed_hosts(settings: Settings, more: Iterable[str] = ()) -> frozenset[str]:
    """The names a server with these settings answers to: loopback, its own address, and `more`."""
    named = {settings.host.lower(), *(name.lower() for name in more)}
    return LOOPBACK_HOSTS | (named - ANY_ADDRESS)


def host_name(netloc: str) -> str:
    """`localhost` of `LOCALHOST.:8501`, `::1` of `[::1]:80`; "" where it is not a host."""
    match = re.fullmatch(r"(?:\[([0-9a-f:.]+)\]|([^\[\]:@/\\?#\s]+))(?::\d{1,5})?", netloc.lower())
    return (match[1] or match[2]).removesuffix(".") if match else ""


def is_same_origin(origin: str, host: str) -> bool:
    """Whether an Origin header names the very host and port that the request was sent to."""
    parts = urlsplit(origin)
    default = {"http": ":80", "https": ":443"}.get(parts.scheme)
    if default is None or not parts.netloc:
        return False
    return parts.netloc.lower().removesuffix(default) == host.lower().removesuffix(default)


class Guards:
    """Wraps an ASGI app. `api_prefix` is where the API lives in it: "" when the app is the API."""

    def __init__(self, app: ASGIApp, *, hosts: frozenset[str], api_prefix: str = "/api") -> None:
        self.app = app
        self.hosts = hosts
        self.api_prefix = api_prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"} or scope.get(GUARDED):
            await self.app(scope, receive, send)
            return
        scope[GUARDED] = True
        headers = Headers(scope=scope)
        path = self._api_path(scope)
        refusal = self._refusal(scope, headers, path)
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send, refusal)
            return
        send = _with_headers(send, PAGE_HEADERS if path is None else API_HEADERS)
        if refusal is not None:
            await _refuse(send, refusal)
        elif path is None:
            await self.app(scope, receive, send)
        else:
            limit = MAX_UPLOAD_BYTES if _is_upload(scope, path) else MAX_JSON_BYTES
            await _limited(self.app, scope, receive, send, limit)

    def _api_path(self, scope: Scope) -> str | None:
        """The path inside the API; None for pages."""
        path: str = scope["path"]
        prefix = scope.get("root_path", "") + self.api_prefix
        if path != prefix and not path.startswith(prefix + "/"):
            return None
        return path.removeprefix(prefix)

    def _refusal(self, scope: Scope, headers: Headers, path: str | None) -> Refusal | None:
        host = headers.get("host", "")
        if host_name(host) not in self.hosts or len(headers.getlist("host")) != 1:
            return BAD_HOST
        if "\0" in scope["path"] or b"%00" in scope.get("query_string", b""):
            return NUL_IN_URL
        is_reading = scope["type"] == "http" and scope["method"] in SAFE_METHODS
        if not is_reading and not _is_own(headers, host):
            return BAD_ORIGIN
        if is_reading or path is None or scope["type"] == "websocket":
            return None
        return _body_refusal(headers, is_upload=_is_upload(scope, path))

    async def _websocket(
        self, scope: Scope, receive: Receive, send: Send, refusal: Refusal | None
    ) -> None:
        if refusal is None:
            await self.app(scope, receive, send)
            return
        # Closing before accepting makes the server answer the handshake with 403.
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": refusal.code})


def _is_own(headers: Headers, host: str) -> bool:
    """Whether a changing request comes from our own pages or from a program, not from another site.

    Programs send neither header; every current browser sends at least one.
    """
    origin = headers.get("origin")
    if origin is not None:
        return is_same_origin(origin, host)
    return headers.get("sec-fetch-site", "none") in {"same-origin", "none"}


def _is_upload(scope: Scope, path: str) -> bool:
    return scope["method"] == "POST" and path in UPLOAD_PATHS


def _body_refusal(headers: Headers, *, is_upload: bool) -> Refusal | None:
    length = headers.get("content-length", "0")
    if not re.fullmatch(r"[0-9]{1,18}", length):
        return BAD_LENGTH
    has_body = length.strip("0") != "" or "transfer-encoding" in headers
    if not has_body and "content-type" not in headers:
        return None
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if is_upload:
        return None if media_type in {UPLOAD_TYPE, FORM_TYPE} else NOT_BYTES
    return None if media_type == "application/json" else NOT_JSON


async def _limited(
    app: ASGIApp, scope: Scope, receive: Receive, send: Send, limit_bytes: int
) -> None:
    """Run `app`, answering 413 in its place as soon as the body grows past the limit."""
    refusal = Refusal(
        413,
        "body_too_large",
        f"The body is larger than {limit_bytes:,} bytes.",
        "Send less at once.",
    )
    if int(Headers(scope=scope).get("content-length", "0")) > limit_bytes:
        await _refuse(send, refusal)
        return
    received, is_over, has_started = 0, False, False

    async def counted() -> Message:
        nonlocal received, is_over
        message = await receive()
        received += len(message.get("body", b""))
        if received > limit_bytes:
            is_over = True
            # To the app the client has gone: it stops reading and cleans up after itself.
            return {"type": "http.disconnect"}
        return message

    async def watched(message: Message) -> None:
        nonlocal has_started
        if is_over and not has_started:
            return
        has_started = has_started or message["type"] == "http.response.start"
        await send(message)

    try:
        await app(scope, counted, watched)
    except ClientDisconnect:
        if not is_over:
            raise
    if is_over and not has_started:
        await _refuse(send, refusal)


def _with_headers(send: Send, extra: dict[str, str]) -> Send:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in extra.items():
                headers.setdefault(name, value)
        await send(message)

    return wrapped


async def _refuse(send: Send, refusal: Refusal) -> None:
    content: Any = error_body(refusal.code, refusal.message, refusal.remedy)
    body = json.dumps(content).encode()
    await send(
        {
            "type": "http.response.start",
            "status": refusal.status,
            "headers": [
                (b"content-type", b"application/json"),
                (b"content-length", str(len(body)).encode()),
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})
