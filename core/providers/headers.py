"""Reading what providers announce in response headers. Unusable values read as absent."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

from core.providers.base import RateLimits

# A provider that asks for more is not waited for; the batch pauses long before.
MAX_RETRY_AFTER_S = 3600.0
# No date, number or duration is longer; reading junk may take time quadratic in its length.
MAX_TEXT_CHARS = 64
DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|us|µs|ns|[dhms])")
SECONDS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6,
           "ns": 1e-9}  # fmt: skip


def retry_after_s(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds that the provider asks to wait, from 0 to MAX_RETRY_AFTER_S; None for junk.

    Source: RFC 9110, section 10.2.3 (seconds or an HTTP date); `retry-after-ms` as OpenAI sends it.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return _bounded(milliseconds / 1000)
    text = headers.get("retry-after")
    if text is None or len(text) > MAX_TEXT_CHARS:
        return None
    seconds = _number(text)
    if seconds is not None:
        return _bounded(seconds)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return _seconds_until(moment, now)


def openai_limits(headers: Mapping[str, str]) -> RateLimits | None:
    """Limits from `x-ratelimit-*`. Source: OpenAI rate limit guide, read 2026-11."""
    if (
        "x-ratelimit-limit-requests" not in headers
        and "x-ratelimit-remaining-requests" not in headers
        and "x-ratelimit-remaining-tokens" not in headers
    ):
        return None
    return RateLimits(
        _count(headers.get("x-ratelimit-limit-requests")),
        _count(headers.get("x-ratelimit-remaining-requests")),
        duration_s(headers.get("x-ratelimit-reset-requests")),
        _count(headers.get("x-ratelimit-limit-tokens")),
        _count(headers.get("x-ratelimit-remaining-tokens")),
        duration_s(headers.get("x-ratelimit-reset-tokens")),
    )


def anthropic_limits(headers: Mapping[str, str], now: datetime | None = None) -> RateLimits | None:
    """Limits from `anthropic-ratelimit-*`, of all tokens or else of input tokens.

    Source: Anthropic rate limits page, read 2026-11.
    """
    prefix = "anthropic-ratelimit-"
    if f"{prefix}requests-limit" not in headers and f"{prefix}tokens-limit" not in headers:
        return None
    tokens = "tokens" if f"{prefix}tokens-limit" in headers else "input-tokens"
    return RateLimits(
        _count(headers.get(f"{prefix}requests-limit")),
        _count(headers.get(f"{prefix}requests-remaining")),
        _until(headers.get(f"{prefix}requests-reset"), now),
        _count(headers.get(f"{prefix}{tokens}-limit")),
        _count(headers.get(f"{prefix}{tokens}-remaining")),
        _until(headers.get(f"{prefix}{tokens}-reset"), now),
    )


def duration_s(text: str | None) -> float | None:
    """Seconds of a duration such as `6m0s`, `20ms` or `1.5`; None for anything else."""
    return _duration_s(text) if text and len(text) <= MAX_TEXT_CHARS else None


# Every answer announces the same few texts, and reading one costs two microseconds.
@lru_cache(maxsize=256)
def _duration_s(text: str) -> float | None:
    number = _number(text)
    if number is not None:
        return _bounded(number)
    parts = DURATION_PART.findall(text)
    if "".join(value + unit for value, unit in parts) != text.strip():
        return None
    return _bounded(sum(float(value) * SECONDS[unit] for value, unit in parts))


def _until(text: str | None, now: datetime | None) -> float | None:
    if not text or len(text) > MAX_TEXT_CHARS:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return _seconds_until(moment, now)


def _seconds_until(moment: datetime, now: datetime | None) -> float:
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    seconds = (moment - (now or datetime.now(UTC))).total_seconds()
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_S)


def _number(text: str | None) -> float | None:
    if text is None or len(text) > MAX_TEXT_CHARS:
        return None
    try:
        return float(text)
    except ValueError:
        return None


def _bounded(seconds: float) -> float | None:
    if not math.isfinite(seconds) or seconds < 0:
        return None
    return min(seconds, MAX_RETRY_AFTER_S)


def _count(text: str | None) -> int | None:
    number = _number(text)
    return int(number) if number is not None and 0 <= number < 1e15 else None
