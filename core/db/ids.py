"""Identifiers and the clock that records carry."""

import os
import random  # noqa: TID251 - ids are not part of any result
import time
from datetime import UTC, datetime

# Ids are unique, not secret. A generator of our own, seeded by the system, costs a hundredth of a
# call to the system for each; a forked child gets another seed.
_random = random.Random(os.urandom(32))
os.register_at_fork(after_in_child=lambda: _random.seed(os.urandom(32)))


def new_id(prefix: str) -> str:
    """A fresh id such as `bat_019abc…`: sorts by creation time, 48 bits of ms and 56 random."""
    return f"{prefix}_{time.time_ns() // 1_000_000:012x}{_random.getrandbits(56):014x}"


def sample_id_of(batch_id: str, plan_index: int) -> str:
    """The id of a batch's i-th sample: the same in every process, before the row exists."""
    return f"smp_{batch_id.removeprefix('bat_')}_{plan_index}"


def utc_now() -> datetime:
    """The present instant, timezone-aware."""
    return datetime.now(UTC)
