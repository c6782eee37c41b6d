"""Column types that mean the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime
from decimal import ROUND_CEILING, Decimal
from typing import Any

import orjson
from sqlalchemy import JSON, BigInteger, DateTime, Dialect
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator

NANO_PER_USD = 1_000_000_000

# Options of create_engine: orjson is several times faster than the standard library here.
JSON_CODEC: dict[str, Any] = {
    "json_serializer": lambda value: orjson.dumps(value, default=str).decode(),
    "json_deserializer": orjson.loads,
}
Json = JSON().with_variant(JSONB(), "postgresql")


def to_nano(usd: Decimal) -> int:
    """Nano-dollars, rounded up, so that a stored cost is never below the true one."""
    return int((usd * NANO_PER_USD).to_integral_value(rounding=ROUND_CEILING))


def to_usd(nano: int) -> Decimal:
    """US dollars of an integer count of nano-dollars, exact."""
    return Decimal(int(nano)) / NANO_PER_USD


class NanoUsd(TypeDecorator[Decimal]):
    """`Decimal` US dollars in Python, integer nano-dollars in the database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        return None if value is None else to_nano(Decimal(value))

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        return None if value is None else to_usd(value)


class UtcDateTime(TypeDecorator[datetime]):
    """Timezone-aware datetimes; SQLite, which has none, keeps them as UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a stored time needs a timezone, got {value!r}")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
