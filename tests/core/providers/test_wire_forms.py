"""What is put into requests, and how headers and token counts are read."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.providers.anthropic_protocol import AnthropicProtocol
from core.providers.base import FailureKind, Message, ModelRequest, Reply, Usage
from core.providers.headers import anthropic_limits, duration_s, retry_after_s
from core.providers.openai_protocol import OpenAIProtocol
from core.providers.structured import constrained_schema
from core.providers.usage import checked_usage

OPENAI = "https://api.openai.com/v1"
LOCAL = "http://127.0.0.1:8000/v1"
CLOSED: dict[str, Any] = {
    "type": "object",
    "properties": {"answer": {"type": "string", "minLength": 20, "description": "Two lines."}},
    "required": ["answer"],
    "additionalProperties": False,
}


def body_of(protocol: Any, **changes: Any) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "model": "gpt-4o",
        "messages": (Message("system", "Be brief."), Message("user", "Hi")),
        "max_output_tokens": 300,
        **changes,
    }
    return dict(orjson.loads(protocol.prepare(ModelRequest(**settings)).body))


def test_openai_gets_its_own_limit_name_and_compatible_servers_the_old_one() -> None:
    assert body_of(OpenAIProtocol(OPENAI))["max_completion_tokens"] == 300
    local = body_of(OpenAIProtocol(LOCAL))
    assert local["max_tokens"] == 300
    assert "service_tier" not in local


def test_openai_is_asked_for_the_tier_whose_price_was_reserved() -> None:
    assert body_of(OpenAIProtocol(OPENAI))["service_tier"] == "default"


@pytest.mark.parametrize(
    ("model", "keeps"),
    [("gpt-4o", True), ("gpt-5-mini", False), ("o3", False), ("gpt-6-luna", False),
     ("gpt-5-chat-latest", True)],
)  # fmt: skip
def test_sampling_settings_go_only_to_models_that_take_them(model: str, keeps: bool) -> None:
    body = body_of(OpenAIProtocol(OPENAI), model=model, temperature=0.8, top_p=0.9, seed=7)
    assert ("temperature" in body) is keeps
    assert ("top_p" in body) is keeps
    assert body["seed"] == 7


def test_a_local_server_gets_the_settings_whatever_its_model_is_called() -> None:
    body = body_of(OpenAIProtocol(LOCAL), model="gpt-5-mini", temperature=0.8)
    assert body["temperature"] == 0.8
    assert "reasoning_effort" not in body


def test_a_closed_schema_is_sent_strict_with_its_limits_in_the_description() -> None:
    form = body_of(OpenAIProtocol(OPENAI), schema=CLOSED)["response_format"]["json_schema"]
    assert form["strict"] is True
    answer = form["schema"]["properties"]["answer"]
    assert "minLength" not in answer
    assert answer["description"] == "Two lines. (minLength: 20)"


def test_a_schema_with_optional_fields_is_sent_whole_and_not_strict() -> None:
    schema = {**CLOSED, "required": []}
    form = body_of(OpenAIProtocol(OPENAI), schema=schema)["response_format"]["json_schema"]
    assert form["strict"] is False
    assert form["schema"] == schema


def test_compatible_servers_get_the_schema_as_it_is() -> None:
    form = body_of(OpenAIProtocol(LOCAL), schema=CLOSED)["response_format"]["json_schema"]
    assert form["schema"] == CLOSED


def test_two_schemas_at_one_address_are_not_mixed_up() -> None:
    protocol = OpenAIProtocol(OPENAI)
    for name in ("one", "two", "three"):
        schema = {
            "type": "object",
            "properties": {name: {"type": "string"}},
            "required": [name],
        }
        form = body_of(protocol, schema=schema)["response_format"]["json_schema"]
        assert list(form["schema"]["properties"]) == [name]


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "items": {"type": "string"}},
        {"type": "object", "properties": {}, "required": []},
        {**CLOSED, "additionalProperties": True},
        {**CLOSED, "patternProperties": {"^x": {"type": "string"}}},
        {"type": "object", "properties": {"a": {"oneOf": [{}]}}, "required": ["a"]},
        {"type": "object", "properties": {"a": {"type": "array"}}, "required": ["a"]},
    ],
    ids=["array", "empty", "open", "patterns", "oneOf", "untyped items"],
)
def test_schemas_that_cannot_be_constrained_are_told_apart(schema: dict[str, Any]) -> None:
    assert constrained_schema(schema) is None


def test_nested_objects_are_closed_too() -> None:
    schema = {
        "type": "object",
        "properties": {"rows": {"type": "array", "maxItems": 3, "items": dict(CLOSED)}},
        "required": ["rows"],
    }
    narrow = constrained_schema(schema)
    assert narrow is not None
    assert narrow["additionalProperties"] is False
    assert narrow["properties"]["rows"]["items"]["additionalProperties"] is False
    assert "maxItems" not in narrow["properties"]["rows"]


@pytest.mark.parametrize(
    "model", ["claude-haiku-4-5", "claude-opus-5", "claude-sonnet-4-5-20250929", "claude-new-9"]
)
def test_current_claude_models_get_the_native_output_format(model: str) -> None:
    body = body_of(AnthropicProtocol(), model=model, schema=CLOSED)
    assert body["output_config"]["format"]["type"] == "json_schema"
    assert "tools" not in body


@pytest.mark.parametrize(
    ("model", "schema"),
    [("claude-3-5-haiku-latest", CLOSED), ("claude-opus-4-20250514", CLOSED),
     ("claude-haiku-4-5", {**CLOSED, "required": []})],
)  # fmt: skip
def test_old_models_and_loose_schemas_get_a_tool_that_must_be_called(
    model: str, schema: dict[str, Any]
) -> None:
    body = body_of(AnthropicProtocol(), model=model, schema=schema)
    assert body["tool_choice"]["name"] == body["tools"][0]["name"] == "output"
    assert body["tools"][0]["input_schema"] == schema


def test_claude_gets_the_system_prompt_apart_and_one_sampling_setting_at_most() -> None:
    body = body_of(AnthropicProtocol(), model="claude-haiku-4-5", temperature=1.4, top_p=0.9)
    assert body["system"] == "Be brief."
    assert [m["role"] for m in body["messages"]] == ["user"]
    assert body["temperature"] == 1.0
    assert "top_p" not in body
    newer = body_of(AnthropicProtocol(), model="claude-opus-4-7", temperature=0.8)
    assert "temperature" not in newer


@given(st.text(min_size=0, max_size=300))
def test_the_bound_is_never_below_the_bytes_of_the_prompt(text: str) -> None:
    request = ModelRequest("m", (Message("user", text),), 10)
    for protocol in (OpenAIProtocol(LOCAL), AnthropicProtocol()):
        prepared = protocol.prepare(request)
        assert prepared.input_tokens_bound >= len(prepared.body) >= len(text.encode())


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1s", 1.0), ("6m0s", 360.0), ("1h2m3s", 3600.0), ("20ms", 0.02), ("1.5", 1.5), ("", None),
     ("later", None), ("1s?", None), ("-1s", None)],
)  # fmt: skip
def test_durations_are_read_or_ignored(text: str, seconds: float | None) -> None:
    assert duration_s(text) == (None if seconds is None else pytest.approx(seconds))


def test_a_retry_date_counts_from_now() -> None:
    now = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    headers = {"retry-after": "Fri, 20 Nov 2026 12:00:30 GMT"}
    assert retry_after_s(headers, now) == 30.0
    assert retry_after_s({"retry-after-ms": "250", "retry-after": "9"}, now) == 0.25


def test_anthropic_limits_are_read_with_their_reset_times() -> None:
    now = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    headers = {
        "anthropic-ratelimit-requests-limit": "50",
        "anthropic-ratelimit-requests-remaining": "49",
        "anthropic-ratelimit-requests-reset": "2026-11-20T12:00:10Z",
        "anthropic-ratelimit-input-tokens-limit": "40000",
        "anthropic-ratelimit-input-tokens-remaining": "junk",
    }
    limits = anthropic_limits(headers, now)
    assert limits is not None
    assert (limits.requests_limit, limits.requests_reset_s) == (50, 10.0)
    assert (limits.tokens_limit, limits.tokens_remaining) == (40_000, None)


@pytest.mark.parametrize(
    "counts",
    [(-1, 5), (5, -1), (None, 5), (5, None), (0, 0), ("7", 5), (True, 5), (1.5, 5), (10**12, 5)],
)
def test_counts_that_cannot_be_true_are_not_believed(counts: tuple[Any, Any]) -> None:
    assert checked_usage(*counts) is None


def test_counts_that_contradict_each_other_are_not_believed() -> None:
    assert checked_usage(10, 5, cached_tokens=11) is None
    assert checked_usage(10, 5, reasoning_tokens=6) is None


def test_reasoning_that_is_only_in_the_total_counts_as_output() -> None:
    answer = {
        "model": "m",
        "choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}],
        "usage": {
            "prompt_tokens": 10,
            "completion_tokens": 2,
            "total_tokens": 40,
            "completion_tokens_details": {"reasoning_tokens": 28},
        },
    }
    reply = OpenAIProtocol(LOCAL).read(200, {}, orjson.dumps(answer))
    assert isinstance(reply, Reply)
    assert reply.usage == Usage(10, 0, 30, 28)


def test_anthropic_input_is_the_sum_of_fresh_and_cached_tokens() -> None:
    answer = {
        "type": "message",
        "model": "m",
        "content": [{"type": "text", "text": "hi"}],
        "stop_reason": "end_turn",
        "usage": {
            "input_tokens": 5,
            "cache_read_input_tokens": 7,
            "cache_creation_input_tokens": 3,
            "output_tokens": 2,
        },
    }
    reply = AnthropicProtocol().read(200, {}, orjson.dumps(answer))
    assert isinstance(reply, Reply)
    assert reply.usage == Usage(15, 7, 2, 0, 3)


@given(st.binary(max_size=400), st.sampled_from([200, 301, 400, 429, 500, 529]))
def test_no_body_makes_a_protocol_raise(body: bytes, status: int) -> None:
    for protocol in (OpenAIProtocol(LOCAL), AnthropicProtocol()):
        protocol.read(status, {}, body)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["choices", "message", "content", "usage", "error", "type", "code",
                             "prompt_tokens", "input_tokens", "finish_reason", "details"]),
            inner,
            max_size=4,
        ),
        max_leaves=12,
    )
)  # fmt: skip
def test_no_json_makes_a_protocol_raise(value: Any) -> None:
    for status in (200, 400):
        for protocol in (OpenAIProtocol(LOCAL), AnthropicProtocol()):
            protocol.read(status, {}, orjson.dumps(value))


def test_an_exhausted_credit_is_a_quota_and_not_a_bad_request() -> None:
    body = orjson.dumps(
        {
            "type": "error",
            "error": {
                "type": "invalid_request_error",
                "message": "Your credit balance is too low to access the Anthropic API.",
            },
        }
    )
    result = AnthropicProtocol().read(400, {}, body)
    assert not isinstance(result, Reply)
    assert result.kind is FailureKind.QUOTA
