"""PostgreSQL through psycopg 3."""

from typing import Any

from sqlalchemy import Engine, create_engine, event

from core.db.types import JSON_CODEC

# A process that was put to sleep in the middle of a transaction would keep its locks: the server
# ends it, so that a batch can be taken over.
IDLE_S = 30
# A server that vanished without a word (a pulled cable, a failover) is noticed within 30 s;
# by default a connection would wait for hours.
KEEPALIVES = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}


def postgres_engine(url: str) -> Engine:
    """An engine that notices a restarted server before it hands out a connection."""
    engine = create_engine(
        url,
        pool_pre_ping=True,
        pool_size=5,
        max_overflow=15,
        connect_args={"connect_timeout": 10, **KEEPALIVES},
        **JSON_CODEC,
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SET idle_in_transaction_session_timeout = '{IDLE_S}s'")
        connection.commit()

    return engine
