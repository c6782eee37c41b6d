"""Limits of connections, failover, provider batches, alerts, corrections and wake-ups.

Existing rows get neutral values; three indexes that nothing reads go, since every
sample and attempt paid for them.
"""

import sqlalchemy as sa
from alembic import op

from core.db.types import NanoUsd, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reservation_factors",
        sa.Column("connection", sa.String(length=100), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("factor", sa.Double(), nullable=False),
        sa.Column("excess_calls", sa.BigInteger(), nullable=False),
        sa.Column("excess_nano_usd", NanoUsd(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("connection", "model", name=op.f("pk_reservation_factors")),
    )
    with op.batch_alter_table("reservation_factors", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_reservation_factors_project_id"), ["project_id"], unique=False
        )

    op.create_table(
        "budget_alerts",
        sa.Column("alert_id", sa.String(length=64), nullable=False),
        sa.Column("budget_id", sa.String(length=64), nullable=False),
        sa.Column("percent", sa.BigInteger(), nullable=False),
        sa.Column("settled_nano_usd", NanoUsd(), nullable=False),
        sa.Column("cap_nano_usd", NanoUsd(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["budget_id"], ["budgets.budget_id"], name=op.f("fk_budget_alerts_budget_id_budgets")
        ),
        sa.PrimaryKeyConstraint("alert_id", name=op.f("pk_budget_alerts")),
    )
    with op.batch_alter_table("budget_alerts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_budget_alerts_budget_id"), ["budget_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_budget_alerts_project_id"), ["project_id"], unique=False
        )

    op.create_table(
        "provider_batches",
        sa.Column("provider_batch_id", sa.String(length=64), nullable=False),
        sa.Column("batch_id", sa.String(length=64), nullable=False),
        sa.Column("connection", sa.String(length=100), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("remote_id", sa.String(length=200), nullable=True),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("succeeded", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.BigInteger(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("submitted_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("expires_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.batch_id"], name=op.f("fk_provider_batches_batch_id_batches")
        ),
        sa.PrimaryKeyConstraint("provider_batch_id", name=op.f("pk_provider_batches")),
    )
    with op.batch_alter_table("provider_batches", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_provider_batches_batch_id"), ["batch_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_provider_batches_project_id"), ["project_id"], unique=False
        )

    op.create_table(
        "cost_corrections",
        sa.Column("correction_id", sa.String(length=64), nullable=False),
        sa.Column("attempt_id", sa.String(length=64), nullable=False),
        sa.Column("previous_nano_usd", NanoUsd(), nullable=False),
        sa.Column("cost_nano_usd", NanoUsd(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"],
            ["attempts.attempt_id"],
            name=op.f("fk_cost_corrections_attempt_id_attempts"),
        ),
        sa.PrimaryKeyConstraint("correction_id", name=op.f("pk_cost_corrections")),
    )
    with op.batch_alter_table("cost_corrections", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_cost_corrections_attempt_id"), ["attempt_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_cost_corrections_project_id"), ["project_id"], unique=False
        )

    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("retry_cause", sa.String(length=30), nullable=True))
        batch_op.add_column(sa.Column("provider_batch_id", sa.String(length=64), nullable=True))
        batch_op.drop_index(batch_op.f("ix_attempts_project_id"))
        batch_op.create_index(
            "ix_attempts_estimated",
            ["batch_id"],
            unique=False,
            sqlite_where=sa.text("is_estimated = 1"),
            postgresql_where=sa.text("is_estimated"),
        )
        batch_op.create_index(
            "ix_attempts_provider_batch",
            ["provider_batch_id"],
            unique=False,
            sqlite_where=sa.text("provider_batch_id IS NOT NULL"),
            postgresql_where=sa.text("provider_batch_id IS NOT NULL"),
        )

    with op.batch_alter_table("batches", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("mode", sa.String(length=20), nullable=False, server_default="live")
        )
        batch_op.add_column(sa.Column("failover_connection", sa.String(length=100), nullable=True))
        batch_op.add_column(
            sa.Column("failover_model", sa.String(length=200), nullable=False, server_default="")
        )
        batch_op.add_column(
            sa.Column("rate_low_per_s", sa.Double(), nullable=False, server_default="0")
        )
        batch_op.add_column(
            sa.Column("rate_high_per_s", sa.Double(), nullable=False, server_default="0")
        )
        batch_op.add_column(
            sa.Column("concurrency_limit", sa.BigInteger(), nullable=False, server_default="0")
        )
        batch_op.add_column(
            sa.Column(
                "concurrency_reason", sa.String(length=100), nullable=False, server_default=""
            )
        )
        batch_op.add_column(sa.Column("wake_after_s", sa.Double(), nullable=True))

    with op.batch_alter_table("budgets", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("alerted_percent", sa.BigInteger(), nullable=False, server_default="0")
        )

    with op.batch_alter_table("connections", schema=None) as batch_op:
        batch_op.add_column(sa.Column("requests_per_minute", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("tokens_per_minute", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("max_concurrency", sa.BigInteger(), nullable=True))

    with op.batch_alter_table("findings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_findings_project_id"))

    with op.batch_alter_table("samples", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_samples_project_id"))
        batch_op.drop_index("ix_samples_project_verdict")
        batch_op.create_index(
            "ix_samples_project_verdict", ["project_id", "verdict", "batch_id"], unique=False
        )

    with op.batch_alter_table("workers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("beats", sa.BigInteger(), nullable=False, server_default="0"))
        batch_op.add_column(
            sa.Column("host_cpu_percent", sa.Double(), nullable=False, server_default="0")
        )
        batch_op.add_column(
            sa.Column("host_memory_percent", sa.Double(), nullable=False, server_default="0")
        )
        batch_op.add_column(
            sa.Column("disk_free_bytes", sa.BigInteger(), nullable=False, server_default="0")
        )
