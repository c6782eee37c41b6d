"""OpenAI Chat Completions, also as vLLM, Ollama and other compatible servers speak it.

Pure: builds bytes, reads bytes. Source: OpenAI API reference, Chat Completions, read 2026-11.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

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
from core.providers.classify import embedded_failure, http_failure, parse_object, unreadable
from core.providers.headers import openai_limits
from core.providers.structured import FragmentCache, constrained_schema, schema_name
from core.providers.usage import checked_usage

OPENAI_HOST = "api.openai.com"
# Chat templates wrap each message in a few special tokens.
TOKENS_PER_MESSAGE = 16
TOKENS_PER_REQUEST = 64
# These models refuse sampling settings and think before they write; thought counts as output, so
# it is asked to stay short or an ordinary max_output_tokens leaves no room for the answer.
REASONING_MODEL = re.compile(r"o[1-9]|gpt-(?:[5-9]|\d\d)")
PLAIN_OR_FIXED = re.compile(r"-chat|-pro|-search|o1-mini|o1-preview")
REFINE = {
    "insufficient_quota": FailureKind.QUOTA,
    "billing_hard_limit": FailureKind.QUOTA,
    "billing_not_active": FailureKind.QUOTA,
    "content_filter": FailureKind.CONTENT_FILTER,
    "content_policy_violation": FailureKind.CONTENT_FILTER,
    "invalid_prompt": FailureKind.CONTENT_FILTER,
    "model_not_found": FailureKind.NOT_FOUND,
    "invalid_api_key": FailureKind.AUTHENTICATION,
}
FINISH: dict[str, FinishReason] = {"length": "length", "content_filter": "content_filter"}


class OpenAIProtocol:
    """Chat Completions for one base URL, which ends in `/v1` or the server's own prefix."""

    name = "openai"
    path = "/chat/completions"

    def __init__(self, base_url: str) -> None:
        self._is_openai = urlsplit(base_url).hostname == OPENAI_HOST
        self._fragments = FragmentCache()

    def headers(self, key: str | None) -> dict[str, str]:
        """The headers that carry the key; none without one."""
        return {} if key is None else {"Authorization": f"Bearer {key}"}

    def prepare(self, request: ModelRequest) -> Prepared:
        """The bytes to send; every token of text takes at least one of them."""
        body: dict[str, Any] = {
            "model": request.model,
            "messages": [{"role": m.role, "content": m.content} for m in request.messages],
        }
        limit = "max_completion_tokens" if self._is_openai else "max_tokens"
        body[limit] = request.max_output_tokens
        is_reasoning = self._is_openai and REASONING_MODEL.match(request.model) is not None
        if self._is_openai:
            # Otherwise a project's own default tier may cost more than the price reserved.
            body["service_tier"] = "default"
        if is_reasoning and not PLAIN_OR_FIXED.search(request.model):
            body["reasoning_effort"] = "low"
        if not is_reasoning or "-chat" in request.model:
            if request.temperature is not None:
                body["temperature"] = request.temperature
            if request.top_p is not None:
                body["top_p"] = request.top_p
        if request.seed is not None:
            body["seed"] = request.seed
        if request.schema is not None:
            body["response_format"] = self._response_format(request)
        data = orjson.dumps(body)
        overhead = TOKENS_PER_REQUEST + TOKENS_PER_MESSAGE * len(request.messages)
        return Prepared(data, len(data) + overhead)

    def _response_format(self, request: ModelRequest) -> orjson.Fragment:
        schema = request.schema
        assert schema is not None
        made = self._fragments.get(schema, schema_name(request))
        if made is not None:
            return made
        # Compatible servers enforce limits such as maxLength themselves, so they get them.
        strict = constrained_schema(schema) if self._is_openai else None
        wire = {
            "type": "json_schema",
            "json_schema": {
                "name": schema_name(request),
                "schema": schema if strict is None else strict,
                "strict": constrained_schema(schema) is not None,
            },
        }
        return self._fragments.put(schema, schema_name(request), wire)

    def limits(self, headers: Mapping[str, str]) -> RateLimits | None:
        """What the response's headers say about rate limits."""
        return openai_limits(headers)

    def read(self, status: int, headers: Mapping[str, str], body: bytes) -> Reply | Failure:
        """The answer, or what its status and body mean."""
        if status != 200:
            return http_failure(status, headers, body, REFINE)
        value = parse_object(body)
        if value is None:
            return unreadable(status, body, "JSON")
        choices = value.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        message = choice.get("message") if isinstance(choice, dict) else None
        if not isinstance(choice, dict) or not isinstance(message, dict):
            if value.get("error"):
                return embedded_failure(status, value["error"], body)
            return unreadable(status, body, "a chat completion")
        refusal = message.get("refusal")
        refusal = refusal if isinstance(refusal, str) else ""
        text = _text(message.get("content"))
        finish = FINISH.get(str(choice.get("finish_reason")), "stop")
        return Reply(
            text,
            _usage(value.get("usage")),
            "refusal" if refusal else finish,
            str(value.get("model") or ""),
            refusal,
            text,
        )


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(str(p.get("text") or "") for p in content if isinstance(p, dict))
    return ""


def _usage(value: Any) -> Usage | None:
    if not isinstance(value, dict):
        return None
    given, produced = value.get("prompt_tokens"), value.get("completion_tokens")
    total = value.get("total_tokens")
    if type(given) is int and type(produced) is int and type(total) is int:
        # Some servers count reasoning in the total alone; it is billed as output.
        produced = max(produced, total - given) if produced >= 0 else produced
    read = value.get("prompt_tokens_details")
    made = value.get("completion_tokens_details")
    read = read if isinstance(read, dict) else {}
    made = made if isinstance(made, dict) else {}
    return checked_usage(
        given,
        produced,
        cached_tokens=read.get("cached_tokens"),
        reasoning_tokens=made.get("reasoning_tokens"),
        cache_write_tokens=read.get("cache_write_tokens"),
    )
