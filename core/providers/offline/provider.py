"""The offline provider: no network, no key, no cost, and no pretence of being a model.

It fills the output schema from the prompt, the variables and the source chunk. The same request has
the same answer in every process; `context["defect_rate"]` spoils a share of the answers on purpose.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import orjson

from core.providers.base import (
    Failure,
    FailureKind,
    FinishReason,
    Message,
    ModelRequest,
    Outcome,
    Prepared,
    Reply,
    Usage,
)
from core.providers.offline.defects import DEFECTS, REFUSALS, pick_defect, spoil
from core.providers.offline.derived import derived_answer
from core.providers.offline.draw import Draw, seed_of
from core.providers.offline.filling import Filler, cut_to
from core.providers.offline.judging import judged_answer
from core.providers.offline.writer import Writer

OFFLINE_MODEL = "offline-1"
BYTES_PER_TOKEN = 4
# A shorter allowance gets shorter texts, as from a model that was told of its limit.
TOKENS_PER_SENTENCE = 30
REPROACH = "Your answer does not satisfy"  # how a repair round begins


class OfflineProvider:
    """Answers at once, from phrase banks and from what the request holds."""

    protocol = "offline"

    def __init__(self, name: str = "offline") -> None:
        self.name = name

    def prepare(self, request: ModelRequest) -> Prepared:
        """What a provider would have been sent, so that token counts look like the real thing."""
        body = orjson.dumps(
            {
                "model": request.model,
                "messages": [{"role": m.role, "content": m.content} for m in request.messages],
                "max_tokens": request.max_output_tokens,
                "temperature": request.temperature,
                "top_p": request.top_p,
                "seed": request.seed,
                "schema": request.schema,
                "context": request.context,
            },
            default=_plain,
        )
        return Prepared(body, len(body))

    async def send(self, request: ModelRequest, prepared: Prepared) -> Outcome:
        """The answer, with no request sent anywhere. Bad settings come back as `bad_request`."""
        started = time.monotonic()
        # Other calls get their turn, as they would while a socket is waited for.
        await asyncio.sleep(0)
        try:
            reply = answer(request, prepared)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            message = f"The offline provider cannot fill this schema ({type(error).__name__})."
            failure = Failure(FailureKind.BAD_REQUEST, message, charge="free")
            return Outcome(None, failure, 0, None)
        return Outcome(reply, None, int((time.monotonic() - started) * 1000), None)

    async def close(self) -> None:
        """Nothing is open."""


def answer(request: ModelRequest, prepared: Prepared) -> Reply:
    """The reply to this request, by its bytes and nonce alone."""
    seed = seed_of(prepared.body, request.nonce.encode())
    defect = pick_defect(Draw(seed ^ 0x5EED), request.context.get("defect_rate", 0.0))
    if defect == "refused":
        words = Draw(seed).pick(REFUSALS)
        return _reply(request, prepared, "", "refusal", words)
    if defect == "duplicate":
        # One of a few fixed seeds: requests that share it get nearly the same text.
        seed = seed_of(str(seed % 5).encode())
    draw = Draw(seed)
    writer = Writer(
        draw,
        _said(request.messages, "system"),
        _said(request.messages, "user"),
        request.context.get("variables") or {},
        request.context.get("chunk"),
        str(request.context.get("step") or ""),
        request.context.get("output") or {},
        _asked(request.messages),
    )
    derived = derived_answer(
        str(request.context.get("template", "")), request.context.get("variables") or {},
        _said(request.messages[-1:], "user"), draw, str(request.context.get("step", "")),
    ) or judged_answer(
        request.schema, str(request.context.get("template", "")),
        request.context.get("variables") or {}, draw,
    )  # fmt: skip
    if derived is not None and request.schema is not None:
        if defect in DEFECTS:
            derived = spoil(derived, request.schema, defect, draw)
        text = orjson.dumps(derived).decode()
    elif request.schema is None:
        text = " ".join(writer.answer())
    else:
        most = max(2, request.max_output_tokens // (TOKENS_PER_SENTENCE * _texts(request.schema)))
        value = Filler(request.schema, writer, most).fill()
        if defect in DEFECTS:
            value = spoil(value, request.schema, defect, draw)
        text = orjson.dumps(value).decode()
    if defect == "truncated":
        return _reply(request, prepared, text[: len(text) * 3 // 5], "length")
    return _reply(request, prepared, text, "stop")


def _reply(
    request: ModelRequest,
    prepared: Prepared,
    text: str,
    finish: FinishReason,
    refusal: str = "",
) -> Reply:
    allowed = request.max_output_tokens * BYTES_PER_TOKEN
    if len(text) > allowed:
        text = cut_to([text], allowed, 0) if request.schema is None else text[:allowed]
        finish = "length"
    sent = sum(len(m.content) for m in request.messages) // BYTES_PER_TOKEN
    given = min(max(1, sent + 8 * len(request.messages)), prepared.input_tokens_bound)
    produced = min(-(-len(text or refusal) // BYTES_PER_TOKEN), request.max_output_tokens)
    return Reply(text, Usage(given, output_tokens=produced), finish, OFFLINE_MODEL, refusal, text)


def _texts(schema: Mapping[str, Any]) -> int:
    """How many long texts share the allowance."""
    parts = (schema.get("properties") or {}).values()
    kinds = [p.get("type") for p in parts if isinstance(p, Mapping) and "enum" not in p]
    return max(1, min(4, kinds.count("string") + 4 * kinds.count("array")))


def _said(messages: tuple[Message, ...], role: str) -> str:
    return "\n".join(m.content for m in messages if m.role == role)


def _asked(messages: tuple[Message, ...]) -> str:
    """The prompt of this sample: neither a worked example nor the reproach of a repair."""
    prompts = [m.content for m in messages if m.role == "user"]
    if len(prompts) > 1 and prompts[-1].startswith(REPROACH):
        prompts.pop()
    return prompts[-1] if prompts else ""


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else str(value)
