"""Identifiers and the clock that records carry."""

import secrets
import time
from datetime import UTC, datetime


def new_id(prefix: str) -> str:
    """A fresh id such as `bat_019abc…`: sorts by creation time, 48 bits of ms and 56 random."""
    return f"{prefix}_{time.time_ns() // 1_000_000:012x}{secrets.token_hex(7)}"


def sample_id_of(batch_id: str, plan_index: int) -> str:
    """The id of a batch's i-th sample: the same in every process, before the row exists."""
    return f"smp_{batch_id.removeprefix('bat_')}_{plan_index}"


def utc_now() -> datetime:
    """The present instant, timezone-aware."""
    return datetime.now(UTC)
