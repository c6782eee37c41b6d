"""What an outcome means for the ledger."""

from decimal import Decimal

from core.attempts.calls import Call, Settlement
from core.providers.base import Outcome
from core.providers.prices import ModelPrice
from core.text.hashing import storable

NOTHING = Decimal(0)


def settlement_of(call: Call, outcome: Outcome, price: ModelPrice | None) -> Settlement:
    """The settlement of an attempt: the true cost where the bill is known, the whole reservation
    where it is not, nothing where the provider certainly did not bill."""
    reply, failure = outcome.reply, outcome.failure
    usage = reply.usage if reply is not None else None
    settlement = Settlement(
        call=call,
        state="succeeded",
        cost_usd=None,
        is_estimated=False,
        latency_ms=outcome.latency_ms,
        http_status=outcome.http_status,
        usage=usage,
    )
    if reply is not None:
        settlement.response_text = storable(reply.text)
        if reply.finish_reason != "stop":
            settlement.failure_kind = {"length": "truncated"}.get(
                reply.finish_reason, reply.finish_reason
            )
            settlement.failure_message = storable(reply.refusal)
    elif failure is not None:
        settlement.state = "failed" if failure.charge == "free" else "unknown"
        settlement.failure_kind = str(failure.kind)
        settlement.failure_message = storable(failure.message)
        settlement.response_text = storable(failure.raw_text) or None
    if failure is not None and failure.charge == "free":
        settlement.cost_usd = NOTHING
    elif price is not None:
        settlement.cost_usd = price.cost(usage) if usage is not None else call.worst_case_usd
        settlement.is_estimated = usage is None
    return settlement
