"""Anthropic Messages. Pure: builds bytes, reads bytes.

Source: Anthropic API reference, Messages and structured outputs, read 2026-11. The version header
stays at 2023-06-01: the one of 2026-10-21 refuses temperature on every model.
"""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from core.providers.base import (
    Failure,
    FailureKind,
    FinishReason,
    ModelRequest,
    Prepared,
    RateLimits,
    Reply,
    Usage,
)
from core.providers.classify import http_failure, parse_object, unreadable
from core.providers.headers import anthropic_limits
from core.providers.structured import FragmentCache, constrained_schema, schema_name
from core.providers.usage import checked_usage

API_VERSION = "2023-06-01"
TOKENS_PER_MESSAGE = 16
TOKENS_PER_REQUEST = 64
# A tool or an output format adds a hidden system prompt; the largest published is under 600.
TOKENS_FOR_SCHEMA = 1024
# Models from before structured outputs are given a tool that they must call instead.
TOOL_MODEL = re.compile(r"claude-(?:v?[123](?![0-9])|instant|(?:opus|sonnet)-4(?:$|-0|-20))")
# Every newer model answers 400 to temperature and top_p, so a new name is taken for a newer one.
SAMPLING_MODEL = re.compile(
    r"claude-(?:v?[123](?![0-9])|instant|(?:opus|sonnet)-4(?:$|-[0-6](?![0-9])|-20)|haiku-4-5)"
)
REFINE = {
    "credit balance is too low": FailureKind.QUOTA,
    "billing_error": FailureKind.QUOTA,
    "spend_limit_reached": FailureKind.QUOTA,
    "organization_on_hold": FailureKind.PERMISSION,
    "output blocked by content filtering": FailureKind.CONTENT_FILTER,
    "content filtering policy": FailureKind.CONTENT_FILTER,
}
FINISH: dict[str, FinishReason] = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refusal",
}


class AnthropicProtocol:
    """Messages; the base URL is the host without `/v1`."""

    name = "anthropic"
    path = "/v1/messages"

    def __init__(self) -> None:
        self._fragments = FragmentCache()

    def headers(self, key: str | None) -> dict[str, str]:
        """The version, and the key where there is one."""
        version = {"anthropic-version": API_VERSION}
        return version if key is None else {**version, "x-api-key": key}

    def prepare(self, request: ModelRequest) -> Prepared:
        """The bytes to send; every token of text takes at least one of them."""
        system = "\n\n".join(m.content for m in request.messages if m.role == "system")
        body: dict[str, Any] = {
            "model": request.model,
            "max_tokens": request.max_output_tokens,
            "messages": [
                {"role": m.role, "content": m.content}
                for m in request.messages
                if m.role != "system"
            ],
        }
        if system:
            body["system"] = system
        self._add_sampling(body, request)
        overhead = TOKENS_PER_REQUEST + TOKENS_PER_MESSAGE * len(request.messages)
        if request.schema is not None:
            self._add_schema(body, request)
            overhead += TOKENS_FOR_SCHEMA
        data = orjson.dumps(body)
        return Prepared(data, len(data) + overhead)

    def _add_sampling(self, body: dict[str, Any], request: ModelRequest) -> None:
        if not SAMPLING_MODEL.match(request.model):
            return
        # The 4.5 models refuse both at once.
        if request.temperature is not None:
            body["temperature"] = min(request.temperature, 1.0)
        elif request.top_p is not None:
            body["top_p"] = request.top_p

    def _add_schema(self, body: dict[str, Any], request: ModelRequest) -> None:
        schema = request.schema
        assert schema is not None
        native = None
        if not TOOL_MODEL.match(request.model):
            native = self._fragments.get(schema, "format")
            if native is None and (wire := constrained_schema(schema)) is not None:
                form = {"format": {"type": "json_schema", "schema": wire}}
                native = self._fragments.put(schema, "format", form)
        if native is not None:
            body["output_config"] = native
            return
        variant = f"tool {schema_name(request)}"
        tool = self._fragments.get(schema, variant)
        if tool is None:
            description = "Give the answer in this form."
            definition = {
                "name": schema_name(request),
                "description": description,
                "input_schema": schema,
            }
            tool = self._fragments.put(schema, variant, definition)
        body["tools"] = [tool]
        body["tool_choice"] = {
            "type": "tool",
            "name": schema_name(request),
            "disable_parallel_tool_use": True,
        }

    def limits(self, headers: Mapping[str, str]) -> RateLimits | None:
        """What the response's headers say about rate limits."""
        return anthropic_limits(headers)

    def read(self, status: int, headers: Mapping[str, str], body: bytes) -> Reply | Failure:
        """The answer, or what its status and body mean."""
        if status != 200:
            return http_failure(status, headers, body, REFINE)
        value = parse_object(body)
        if value is None:
            return unreadable(status, body, "JSON")
        content = value.get("content")
        if value.get("type") != "message" or not isinstance(content, list):
            return unreadable(status, body, "a message")
        text = _text(content)
        finish = FINISH.get(str(value.get("stop_reason")), "stop")
        return Reply(
            text,
            _usage(value.get("usage")),
            finish,
            str(value.get("model") or ""),
            _refusal(value, text) if finish == "refusal" else "",
            text,
        )


def _text(content: list[Any]) -> str:
    blocks = [block for block in content if isinstance(block, dict)]
    for block in blocks:
        if block.get("type") == "tool_use":
            return orjson.dumps(block.get("input")).decode()
    return "".join(str(b.get("text") or "") for b in blocks if b.get("type") == "text")


def _refusal(value: Mapping[str, Any], text: str) -> str:
    details = value.get("stop_details")
    if isinstance(details, dict):
        words = details.get("explanation") or details.get("category")
        if isinstance(words, str):
            return words
    return text or "The model refused to answer."


def _usage(value: Any) -> Usage | None:
    if not isinstance(value, dict):
        return None
    fresh, produced = value.get("input_tokens"), value.get("output_tokens")
    read = value.get("cache_read_input_tokens") or 0
    written = value.get("cache_creation_input_tokens") or 0
    if any(type(count) is not int or count < 0 for count in (fresh, read, written)):
        return None
    details = value.get("output_tokens_details")
    thought = details.get("thinking_tokens") if isinstance(details, dict) else 0
    return checked_usage(
        int(fresh or 0) + read + written,
        produced,
        cached_tokens=read,
        reasoning_tokens=thought,
        cache_write_tokens=written,
    )
