"""What a batch would cost and take, before it is launched."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from core.db.tables import Attempt, Batch
from core.db.workspace import Workspace
from core.generation.asking import Asker
from core.generation.batches import LaunchRequest, check_request
from core.providers.base import Usage
from core.providers.prices import ModelPrice, cheaper_models, find_price
from core.sources.browsing import chunk_ids, load_chunks
from core.templates.plan import Plan
from core.templates.versions import get_version, load_definition

PROBES = 5  # prompts rendered where no preview was measured
CHARS_PER_TOKEN = 4.0  # of English text, OpenAI's help page "What are tokens", read 2026-11
ASSUMED_FILL = 0.5  # of max_output_tokens, where no preview was measured
ASSUMED_LATENCY_S = 4.0
ASSUMED_CONCURRENCY = 64
SPREAD = 0.25  # how far the true mean may lie from a measured one
ASSUMED_SPREAD = 0.6


@dataclass(frozen=True)
class Estimate:
    """The expected cost and duration of a batch. Money is None where no price is known."""

    n: int
    cost_usd: Decimal | None
    low_usd: Decimal | None
    high_usd: Decimal | None
    worst_case_usd: Decimal | None  # every call at its bound: the most a batch can cost
    seconds: float
    input_tokens: int  # of the whole batch
    output_tokens: int
    basis: str  # in words: measured on a preview, or assumed
    price_source: str
    cheaper: tuple[tuple[str, Decimal], ...]  # other models and what the batch would cost


@dataclass(frozen=True)
class _PerCall:
    input_tokens: float
    output_tokens: float
    latency_s: float
    spread: float
    basis: str


def estimate(workspace: Workspace, request: LaunchRequest) -> Estimate:
    """Cost and time of a request, from the newest preview or batch of the same template version and
    model, or else from a few rendered prompts.

    Raises what `check_request` raises.
    """
    connection = check_request(workspace, request)
    model = request.model or connection.default_model
    price = find_price(workspace, connection, model)
    per_call = _measured(workspace, request, model) or _assumed(workspace, request, model)
    others = cheaper_models(connection, model)
    cost = _cost(price, per_call, request.n)
    concurrency = request.concurrency or ASSUMED_CONCURRENCY
    return Estimate(
        n=request.n,
        cost_usd=cost,
        low_usd=None if cost is None else cost * Decimal(1 - per_call.spread),
        high_usd=None if cost is None else cost * Decimal(1 + per_call.spread),
        worst_case_usd=_worst_case(workspace, request, model, price),
        seconds=per_call.latency_s * -(-request.n // concurrency),
        input_tokens=round(per_call.input_tokens * request.n),
        output_tokens=round(per_call.output_tokens * request.n),
        basis=per_call.basis,
        price_source=price.source if price else "",
        cheaper=tuple(
            (name, spent)
            for name, other in others
            if (spent := _cost(other, per_call, request.n)) is not None
        ),
    )


def _cost(price: ModelPrice | None, per_call: _PerCall, n: int) -> Decimal | None:
    if price is None:
        return None
    usage = Usage(round(per_call.input_tokens), output_tokens=round(per_call.output_tokens))
    return price.cost(usage) * n


def _worst_case(
    workspace: Workspace, request: LaunchRequest, model: str, price: ModelPrice | None
) -> Decimal | None:
    if price is None:
        return None
    prompts, most_output = _prompts(workspace, request, model)
    return max(price.worst_case(prompt, most_output) for prompt in prompts) * request.n


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
        float(tokens_in), float(tokens_out), float(latency_ms) / 1000, SPREAD,
        f"measured on {calls} calls of this template version and model",
    )  # fmt: skip


def _assumed(workspace: Workspace, request: LaunchRequest, model: str) -> _PerCall:
    prompts, most_output = _prompts(workspace, request, model)
    return _PerCall(
        sum(prompts) / len(prompts) / CHARS_PER_TOKEN,
        most_output * ASSUMED_FILL,
        ASSUMED_LATENCY_S,
        ASSUMED_SPREAD,
        "assumed from the prompts' length; a preview measures it",
    )


def _prompts(workspace: Workspace, request: LaunchRequest, model: str) -> tuple[list[int], int]:
    """Sizes in bytes of a few prompts of the plan, and the output limit in tokens."""
    definition = load_definition(get_version(workspace, request.template_version_id))
    ids = chunk_ids(workspace, request.source_ids) if request.source_ids else ()
    plan = Plan(definition, n=request.n, seed=request.seed or 0, chunk_ids=ids)
    probe = Batch(model=model, seed=0, retry_round=0, parameters=dict(request.parameters))
    asker = Asker(probe, definition)
    wanted = {i: plan.chunk_id(i) for i in range(min(request.n, PROBES))}
    chunks = load_chunks(workspace, [c for c in wanted.values() if c is not None])
    tasks = [asker.task(plan, i, chunks.get(c or "")) for i, c in wanted.items()]
    sizes = [sum(len(m.content.encode()) for m in task.request.messages) for task in tasks]
    return sizes, asker.max_output_tokens
