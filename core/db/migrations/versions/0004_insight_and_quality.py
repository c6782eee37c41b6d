"""Reports of any scope, pairs of scopes, alerts, judges and rubrics, word lists, saved queries.

A batch's insight report keeps its content under the new key.
"""

import sqlalchemy as sa
from alembic import op

from core.db.types import Json, UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pair_reports",
        sa.Column("pair_report_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("left_scope", sa.String(length=20), nullable=False),
        sa.Column("left_id", sa.String(length=64), nullable=False),
        sa.Column("right_scope", sa.String(length=20), nullable=False),
        sa.Column("right_id", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("report", Json, nullable=False),
        sa.Column("input_hash", sa.String(length=64), nullable=False),
        sa.Column("computed_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("pair_report_id", name=op.f("pk_pair_reports")),
        sa.UniqueConstraint("kind", "left_id", "right_id", name=op.f("uq_pair_reports_kind")),
    )
    with op.batch_alter_table("pair_reports", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_pair_reports_project_id"), ["project_id"], unique=False
        )

    op.create_table(
        "rubrics",
        sa.Column("rubric_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("rubric_id", name=op.f("pk_rubrics")),
        sa.UniqueConstraint("project_id", "name", name=op.f("uq_rubrics_project_id")),
    )
    with op.batch_alter_table("rubrics", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rubrics_project_id"), ["project_id"], unique=False)

    op.create_table(
        "saved_queries",
        sa.Column("query_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("sql", sa.String(), nullable=False),
        sa.Column("chart", Json, nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("query_id", name=op.f("pk_saved_queries")),
        sa.UniqueConstraint("project_id", "name", name=op.f("uq_saved_queries_project_id")),
    )
    with op.batch_alter_table("saved_queries", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_saved_queries_project_id"), ["project_id"], unique=False
        )

    op.create_table(
        "word_lists",
        sa.Column("word_list_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("content", Json, nullable=False),
        sa.Column("retired_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("word_list_id", name=op.f("pk_word_lists")),
        sa.UniqueConstraint("project_id", "kind", "name", name=op.f("uq_word_lists_project_id")),
    )
    with op.batch_alter_table("word_lists", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_word_lists_project_id"), ["project_id"], unique=False)

    op.create_table(
        "rubric_versions",
        sa.Column("rubric_version_id", sa.String(length=64), nullable=False),
        sa.Column("rubric_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("definition", Json, nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["rubric_id"], ["rubrics.rubric_id"], name=op.f("fk_rubric_versions_rubric_id_rubrics")
        ),
        sa.PrimaryKeyConstraint("rubric_version_id", name=op.f("pk_rubric_versions")),
        sa.UniqueConstraint("rubric_id", "number", name=op.f("uq_rubric_versions_rubric_id")),
    )
    with op.batch_alter_table("rubric_versions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_rubric_versions_project_id"), ["project_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_rubric_versions_rubric_id"), ["rubric_id"], unique=False
        )

    op.create_table(
        "quality_alerts",
        sa.Column("alert_id", sa.String(length=64), nullable=False),
        sa.Column("batch_id", sa.String(length=64), nullable=False),
        sa.Column("template_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("measure", sa.String(length=100), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("baseline", sa.Double(), nullable=False),
        sa.Column("p_value", sa.Double(), nullable=True),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("dismissed_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("dismissed_by", sa.String(length=64), nullable=True),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.batch_id"], name=op.f("fk_quality_alerts_batch_id_batches")
        ),
        sa.ForeignKeyConstraint(
            ["template_id"],
            ["templates.template_id"],
            name=op.f("fk_quality_alerts_template_id_templates"),
        ),
        sa.PrimaryKeyConstraint("alert_id", name=op.f("pk_quality_alerts")),
        sa.UniqueConstraint("batch_id", "kind", "measure", name=op.f("uq_quality_alerts_batch_id")),
    )
    with op.batch_alter_table("quality_alerts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_quality_alerts_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_quality_alerts_project_id"), ["project_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_quality_alerts_template_id"), ["template_id"], unique=False
        )

    op.create_table(
        "judgements",
        sa.Column("judgement_id", sa.String(length=80), nullable=False),
        sa.Column("batch_id", sa.String(length=64), nullable=False),
        sa.Column("rubric_version_id", sa.String(length=64), nullable=False),
        sa.Column("judge", sa.String(length=320), nullable=False),
        sa.Column("sample_id", sa.String(length=80), nullable=False),
        sa.Column("other_id", sa.String(length=80), nullable=True),
        sa.Column("is_swapped", sa.Boolean(), nullable=False),
        sa.Column("preferred", sa.String(length=10), nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("scores", Json, nullable=False),
        sa.Column("reasons", Json, nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.batch_id"], name=op.f("fk_judgements_batch_id_batches")
        ),
        sa.ForeignKeyConstraint(
            ["rubric_version_id"],
            ["rubric_versions.rubric_version_id"],
            name=op.f("fk_judgements_rubric_version_id_rubric_versions"),
        ),
        sa.ForeignKeyConstraint(
            ["sample_id"], ["samples.sample_id"], name=op.f("fk_judgements_sample_id_samples")
        ),
        sa.PrimaryKeyConstraint("judgement_id", name=op.f("pk_judgements")),
    )
    with op.batch_alter_table("judgements", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_judgements_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_judgements_rubric_version_id"), ["rubric_version_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_judgements_sample_id"), ["sample_id"], unique=False)

    with op.batch_alter_table("batches", schema=None) as batch_op:
        batch_op.add_column(sa.Column("focus", Json, nullable=False, server_default="{}"))
        batch_op.add_column(sa.Column("checks", Json, nullable=False, server_default="{}"))

    with op.batch_alter_table("insight_reports", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_insight_reports_batch_id_batches"), type_="foreignkey"
        )
        batch_op.alter_column("batch_id", new_column_name="scope_id")
        batch_op.add_column(
            sa.Column("scope", sa.String(length=20), nullable=False, server_default="batch")
        )
        batch_op.add_column(
            sa.Column("stage", sa.String(length=20), nullable=False, server_default="complete")
        )
        batch_op.add_column(
            sa.Column("rate_per_s", sa.Double(), nullable=False, server_default="0")
        )

    with op.batch_alter_table("sources", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("is_evaluation", sa.Boolean(), nullable=False, server_default=sa.false())
        )

    with op.batch_alter_table("samples", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("language", sa.String(length=20), nullable=False, server_default="")
        )
        batch_op.add_column(
            sa.Column("examined", sa.BigInteger(), nullable=False, server_default="0")
        )
