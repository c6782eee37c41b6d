"""The statements of the journal, prepared once, and the rows that they take."""

from datetime import datetime
from typing import Any

from sqlalchemy import text

from core.attempts.calls import Call, Charging, Settlement
from core.db.bulk import BulkInsert, BulkUpdate
from core.db.tables import Attempt, Finding, Sample

OWNER = ("created_at", "created_by", "project_id")

# Adds to the counts and proves in the same breath that the batch is still ours.
OWN = text(
    "UPDATE batches SET generated = generated + :generated, failed = failed + :failed, "
    "in_flight = :in_flight, rate_per_s = :rate, rate_low_per_s = :rate_low, "
    "rate_high_per_s = :rate_high, concurrency_limit = :limit, concurrency_reason = :reason "
    "WHERE batch_id = :batch_id AND fence = :fence AND state = 'running' RETURNING wanted"
)
OPEN = BulkInsert(
    Attempt.__table__,
    (
        "attempt_id", "batch_id", "plan_index", "purpose", "step", "number", "state", "connection",
        "model", "request_key", "retry_cause", "provider_batch_id", "worker_id",
        "reserved_nano_usd", "price_source", "failure_message", "is_estimated", *OWNER,
    ),
)  # fmt: skip
SETTLE = BulkUpdate(
    Attempt.__table__,
    "attempt_id",
    (
        "state", "finished_at", "latency_ms", "http_status", "failure_kind", "failure_message",
        "input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens", "cost_nano_usd",
        "is_estimated", "response_text",
    ),
)  # fmt: skip
SAMPLES = BulkInsert(
    Sample.__table__,
    (
        "sample_id", "batch_id", "plan_index", "state", "verdict", "is_reviewed", "revision",
        "quality_score", "domain", "variables", "output", "input", "response", "raw_text",
        "text_hash", "chunk_id", "parent_id", "attempt_id", "failure", *OWNER,
    ),
)  # fmt: skip
FINDINGS = BulkInsert(
    Finding.__table__, ("sample_id", "check_name", "value", "score", "evidence", *OWNER)
)


def opened_row(call: Call, charging: Charging, now: datetime) -> dict[str, Any]:
    """The row of an attempt that is about to be made."""
    return {
        "attempt_id": call.attempt_id,
        "batch_id": charging.batch_id,
        "plan_index": call.plan_index,
        "purpose": call.purpose,
        "step": call.step,
        "number": call.number,
        "state": "open",
        "connection": call.target.connection,
        "model": call.target.model,
        "request_key": call.request_key,
        "retry_cause": call.retry_cause,
        "provider_batch_id": call.provider_batch_id,
        "worker_id": charging.worker_id,
        "reserved_nano_usd": call.worst_case_usd,
        "price_source": call.target.price_source,
        "failure_message": "",
        "is_estimated": False,
        "created_at": now,
        "created_by": charging.scope.user_id,
        "project_id": charging.scope.project_id,
    }


def settled_row(settlement: Settlement, now: datetime) -> dict[str, Any]:
    """What an attempt's row learns when its call has ended."""
    usage = settlement.usage
    return {
        "attempt_id": settlement.call.attempt_id,
        "state": settlement.state,
        "finished_at": now,
        "latency_ms": settlement.latency_ms,
        "http_status": settlement.http_status,
        "failure_kind": settlement.failure_kind,
        "failure_message": settlement.failure_message,
        "input_tokens": usage.input_tokens if usage else None,
        "cached_tokens": usage.cached_tokens if usage else None,
        "output_tokens": usage.output_tokens if usage else None,
        "reasoning_tokens": usage.reasoning_tokens if usage else None,
        "cost_nano_usd": settlement.cost_usd,
        "is_estimated": settlement.is_estimated,
        "response_text": settlement.response_text,
    }
