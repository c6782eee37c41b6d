"""What a batch would cost and take, before it is launched."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from core.db.tables import Attempt, Batch, Connection
from core.db.workspace import Workspace
from core.generation.batches import LaunchRequest, check_request
from core.generation.probing import Probe
from core.generation.reuse import Reusable, count_reusable
from core.providers.base import Usage
from core.providers.prices import ModelPrice, cheaper_models, find_price, halved

PROBES = 5  # prompts rendered where no preview was measured
CHARS_PER_TOKEN = 4.0  # of English text, OpenAI's help page "What are tokens", read 2026-11
ASSUMED_FILL = 0.5  # of max_output_tokens, where no preview was measured
ASSUMED_LATENCY_S = 4.0
ASSUMED_CONCURRENCY = 64
SPREAD = 0.25  # how far the true mean may lie from a measured one
ASSUMED_SPREAD = 0.6
# The completion window of both providers: OpenAI's guide "Batch API", Anthropic's "Batch
# processing", read 2026-11.
BATCH_API_WINDOW_S = 24 * 3600.0


@dataclass(frozen=True)
class Estimate:
    """The expected cost and duration of a batch. Money is None where no price is known."""

    n: int
    cost_usd: Decimal | None  # of what is asked anew: reused answers cost nothing
    low_usd: Decimal | None
    high_usd: Decimal | None
    worst_case_usd: Decimal | None  # one call a sample, each at its bound; repairs come on top
    seconds: float  # for a provider's batch API the longest that it may take
    input_tokens: int  # of the whole batch, reused answers left out
    output_tokens: int
    basis: str  # in words: measured on a preview, or assumed
    price_source: str
    cheaper: tuple[tuple[str, Decimal], ...]  # other models and what the batch would cost
    reuse: Reusable  # what was asked and paid for before


@dataclass(frozen=True)
class _PerCall:
    input_tokens: float
    output_tokens: float
    latency_s: float
    spread: float
    basis: str


def estimate(workspace: Workspace, request: LaunchRequest) -> Estimate:
    """Cost and time of a request, from the newest preview or batch of the same template version and
    model, or else from a few rendered prompts; answers that can be reused are left out.

    Raises what `check_request` raises, and TemplateError for a plan that cannot be met.
    """
    connection = check_request(workspace, request)
    model = request.model or connection.default_model
    price = _price(find_price(workspace, connection, model), request)
    prompts, most_output = _prompts(workspace, request, connection)
    per_call = _measured(workspace, request, model) or _assumed(prompts, most_output)
    reuse = count_reusable(workspace, request)
    asked = request.n - reuse.reusable
    cost = _cost(price, per_call, asked)
    dearest = max(price.worst_case(prompt, most_output) for prompt in prompts) if price else None
    return Estimate(
        n=request.n,
        cost_usd=cost,
        low_usd=None if cost is None else cost * Decimal(1 - per_call.spread),
        high_usd=None if cost is None else cost * Decimal(1 + per_call.spread),
        # Only a whole count may lower the most that a batch can cost.
        worst_case_usd=None
        if dearest is None
        else dearest * (asked if reuse.looked_at == request.n else request.n),
        seconds=_seconds(request, connection, per_call, asked),
        input_tokens=round(per_call.input_tokens * asked),
        output_tokens=round(per_call.output_tokens * asked),
        basis=per_call.basis,
        price_source=price.source if price else "",
        cheaper=_cheaper(connection, model, request, per_call),
        reuse=reuse,
    )


def _price(price: ModelPrice | None, request: LaunchRequest) -> ModelPrice | None:
    return halved(price) if price is not None and request.mode == "batch_api" else price


def _cost(price: ModelPrice | None, per_call: _PerCall, calls: int) -> Decimal | None:
    if price is None:
        return None
    usage = Usage(round(per_call.input_tokens), output_tokens=round(per_call.output_tokens))
    return price.cost(usage) * calls


def _cheaper(
    connection: Connection, model: str, request: LaunchRequest, per_call: _PerCall
) -> tuple[tuple[str, Decimal], ...]:
    """Another model knows none of the answers, so all are asked."""
    found = []
    for name, price in cheaper_models(connection, model):
        cost = _cost(_price(price, request), per_call, request.n)
        if cost is not None:
            found.append((name, cost))
    return tuple(found)


def _seconds(
    request: LaunchRequest, connection: Connection, per_call: _PerCall, calls: int
) -> float:
    """By latency and concurrency, or by the connection's own limits where those are slower."""
    if request.mode == "batch_api":
        return BATCH_API_WINDOW_S
    concurrency = request.concurrency or ASSUMED_CONCURRENCY
    in_flight = min(concurrency, connection.max_concurrency or concurrency)
    seconds = [per_call.latency_s * -(-calls // in_flight)]
    if connection.requests_per_minute:
        seconds.append(60 * calls / connection.requests_per_minute)
    if connection.tokens_per_minute:
        tokens = (per_call.input_tokens + per_call.output_tokens) * calls
        seconds.append(60 * tokens / connection.tokens_per_minute)
    return max(seconds)


def _measured(workspace: Workspace, request: LaunchRequest, model: str) -> _PerCall | None:
    query: Any = (
        select(
            func.count(),
            func.avg(Attempt.input_tokens),
            func.avg(Attempt.output_tokens),
            func.avg(Attempt.latency_ms),
        )
        .join(Batch, Batch.batch_id == Attempt.batch_id)
        .where(
            Batch.template_version_id == request.template_version_id,
            Batch.connection == request.connection,
            Batch.model == model,
            Attempt.state == "succeeded",
            Attempt.input_tokens.is_not(None),
        )
    )
    with workspace.read() as session:
        calls, tokens_in, tokens_out, latency_ms = session.execute(query).one()
    if not calls:
        return None
    return _PerCall(
        float(tokens_in), float(tokens_out),
        ASSUMED_LATENCY_S if latency_ms is None else float(latency_ms) / 1000, SPREAD,
        f"measured on {calls:,} calls of this template version and model",
    )  # fmt: skip


def _assumed(prompts: list[int], most_output: int) -> _PerCall:
    return _PerCall(
        sum(prompts) / len(prompts) / CHARS_PER_TOKEN,
        most_output * ASSUMED_FILL,
        ASSUMED_LATENCY_S,
        ASSUMED_SPREAD,
        "assumed from the prompts' length; a preview measures it",
    )


def _prompts(
    workspace: Workspace, request: LaunchRequest, connection: Connection
) -> tuple[list[int], int]:
    """Sizes in bytes of a few prompts of the plan, and the output limit in tokens."""
    probe = Probe(workspace, request, connection)
    first = request.plan_offset
    tasks = list(probe.tasks(range(first, first + min(request.n, PROBES))))
    sizes = [sum(len(m.content.encode()) for m in task.request.messages) for task in tasks]
    return sizes, probe.max_output_tokens
