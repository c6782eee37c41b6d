"""Token counts from outside, believed only where they can be true."""

from typing import Any

from core.providers.base import Usage

# Above every context window on offer; a larger count is a broken server, not a bill.
MAX_PLAUSIBLE_TOKENS = 10_000_000


def checked_usage(
    input_tokens: Any,
    output_tokens: Any,
    *,
    cached_tokens: Any = 0,
    reasoning_tokens: Any = 0,
    cache_write_tokens: Any = 0,
) -> Usage | None:
    """The usage, or None when a count is missing, negative, absurd or contradicts another."""
    given, produced = _count(input_tokens), _count(output_tokens)
    cached, reasoning = _count(cached_tokens or 0), _count(reasoning_tokens or 0)
    written = _count(cache_write_tokens or 0)
    if given is None or produced is None or cached is None or reasoning is None or written is None:
        return None
    # A server that reports zeros did not count: every prompt has tokens.
    if given == 0 or cached + written > given or reasoning > produced:
        return None
    return Usage(given, cached, produced, reasoning, written)


def _count(value: Any) -> int | None:
    if type(value) is not int or not 0 <= value <= MAX_PLAUSIBLE_TOKENS:
        return None
    return value
