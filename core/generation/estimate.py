"""What a batch would cost and take, before it is launched."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from core.db.tables import Connection
from core.db.workspace import Workspace
from core.generation.batches import LaunchRequest, check_request
from core.generation.choosing import chosen
from core.generation.per_call import PerCall, Prompts, assumed, basis_of, measured, prompts_of
from core.generation.probing import Probe
from core.generation.reuse import Reusable, count_reusable
from core.providers.base import Usage
from core.providers.prices import ModelPrice, cheaper_models, find_price, halved

PROBES = 5  # samples rendered where no preview was measured
ASSUMED_CONCURRENCY = 64
# The completion window of both providers: OpenAI's guide "Batch API", Anthropic's "Batch
# processing", read 2026-11.
BATCH_API_WINDOW_S = 24 * 3600.0
NOTHING = Decimal(0)


@dataclass(frozen=True)
class Estimate:
    """The expected cost and duration of a batch. Money is None where no price is known."""

    n: int
    cost_usd: Decimal | None  # of what is asked anew: reused answers cost nothing
    low_usd: Decimal | None
    high_usd: Decimal | None
    worst_case_usd: Decimal | None  # one call a step, each at its bound; repairs come on top
    seconds: float  # for a provider's batch API the longest that it may take
    input_tokens: int  # of the whole batch, reused answers left out
    output_tokens: int
    basis: str  # in words: measured on a preview, or assumed
    price_source: str
    cheaper: tuple[tuple[str, Decimal], ...]  # other models and what the batch would cost
    reuse: Reusable  # what was asked and paid for before


@dataclass(frozen=True)
class _StepCalls:
    """The calls of one step."""

    per_call: PerCall
    prompts: Prompts
    calls: int  # what is asked anew
    most: int  # what may be asked: only a whole count of known answers lowers it


def estimate(workspace: Workspace, request: LaunchRequest) -> Estimate:
    """Cost and time of a request, from earlier calls of the same template version and model, or
    else from a few rendered prompts; answers that can be reused are left out.

    Raises what `check_request` raises, and TemplateError for a plan that cannot be met.
    """
    request = chosen(workspace, request)
    connection = check_request(workspace, request)
    price = _price(find_price(workspace, connection, request.model), request)
    reuse = count_reusable(workspace, request)
    steps = _steps(workspace, request, connection, reuse)
    costs = [_cost(price, step.per_call, step.calls) for step in steps]
    spreads = [
        None if cost is None else cost * Decimal(step.per_call.spread)
        for cost, step in zip(costs, steps, strict=True)
    ]
    cost, spread = _sum(costs), _sum(spreads) or NOTHING
    return Estimate(
        n=request.n,
        cost_usd=cost,
        low_usd=None if cost is None else cost - spread,
        high_usd=None if cost is None else cost + spread,
        worst_case_usd=_worst_case(price, steps),
        seconds=_seconds(request, connection, steps),
        input_tokens=round(sum(step.per_call.input_tokens * step.calls for step in steps)),
        output_tokens=round(sum(step.per_call.output_tokens * step.calls for step in steps)),
        basis=basis_of([step.per_call for step in steps]),
        price_source=price.source if price else "",
        cheaper=_cheaper(connection, request, steps),
        reuse=reuse,
    )


def _steps(
    workspace: Workspace, request: LaunchRequest, connection: Connection, reuse: Reusable
) -> list[_StepCalls]:
    probe = Probe(workspace, request, connection)
    prompts = prompts_of(probe, request.plan_offset, min(request.n, PROBES))
    known = measured(workspace, request)
    is_whole = reuse.looked_at == reuse.planned
    found = []
    for place, of_step in enumerate(prompts):
        calls = request.n - reuse.by_step[place]
        per_call = known.get(place) or assumed(of_step)
        found.append(_StepCalls(per_call, of_step, calls, calls if is_whole else request.n))
    return found


def _price(price: ModelPrice | None, request: LaunchRequest) -> ModelPrice | None:
    return halved(price) if price is not None and request.mode == "batch_api" else price


def _cost(price: ModelPrice | None, per_call: PerCall, calls: int) -> Decimal | None:
    if price is None:
        return None
    usage = Usage(round(per_call.input_tokens), output_tokens=round(per_call.output_tokens))
    return price.cost(usage) * calls


def _sum(amounts: Sequence[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, NOTHING) if len(known) == len(amounts) else None


def _worst_case(price: ModelPrice | None, steps: Sequence[_StepCalls]) -> Decimal | None:
    if price is None:
        return None
    return sum(
        (
            step.most * max(price.worst_case(p, step.prompts.most_output)
                            for p in step.prompts.longest)
            for step in steps
        ),
        NOTHING,
    )  # fmt: skip


def _cheaper(
    connection: Connection, request: LaunchRequest, steps: Sequence[_StepCalls]
) -> tuple[tuple[str, Decimal], ...]:
    """Another model knows none of the answers, so all are asked."""
    found = []
    for name, price in cheaper_models(connection, request.model):
        other = _price(price, request)
        cost = _sum([_cost(other, step.per_call, request.n) for step in steps])
        if cost is not None:
            found.append((name, cost))
    return tuple(found)


def _seconds(request: LaunchRequest, connection: Connection, steps: Sequence[_StepCalls]) -> float:
    """By latency and concurrency, or by the connection's own limits where those are slower."""
    if request.mode == "batch_api":
        return BATCH_API_WINDOW_S * len(steps)  # a step is submitted when the one before is there
    concurrency = request.concurrency or ASSUMED_CONCURRENCY
    in_flight = min(concurrency, connection.max_concurrency or concurrency)
    seconds = [sum(step.per_call.latency_s * -(-step.calls // in_flight) for step in steps)]
    if connection.requests_per_minute:
        seconds.append(60 * sum(step.calls for step in steps) / connection.requests_per_minute)
    if connection.tokens_per_minute:
        tokens = sum(
            (step.per_call.input_tokens + step.per_call.output_tokens) * step.calls
            for step in steps
        )
        seconds.append(60 * tokens / connection.tokens_per_minute)
    return max(seconds)
