"""PostgreSQL through psycopg 3."""

from sqlalchemy import Engine, create_engine

from core.db.types import JSON_CODEC


def postgres_engine(url: str) -> Engine:
    """An engine that notices a restarted server before it hands out a connection."""
    return create_engine(
        url,
        pool_pre_ping=True,
        pool_size=5,
        max_overflow=15,
        connect_args={"connect_timeout": 10},
        **JSON_CODEC,
    )
