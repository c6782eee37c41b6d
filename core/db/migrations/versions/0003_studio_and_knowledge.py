"""Drafts, named versions, steps, inputs and parents; knowledge, terms, candidates, comparisons.

Existing rows get neutral values.
"""

import sqlalchemy as sa
from alembic import op

from core.db.types import Json, UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "knowledge_entries",
        sa.Column("entry_id", sa.String(length=64), nullable=False),
        sa.Column("domain", sa.String(length=100), nullable=False),
        sa.Column("table_name", sa.String(length=50), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("fields", Json, nullable=False),
        sa.Column("source_id", sa.String(length=64), nullable=True),
        sa.Column("replaces", sa.String(length=64), nullable=True),
        sa.Column("retired_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_knowledge_entries")),
    )
    with op.batch_alter_table("knowledge_entries", schema=None) as batch_op:
        batch_op.create_index(
            "ix_knowledge_domain", ["project_id", "domain", "table_name"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_knowledge_entries_project_id"), ["project_id"], unique=False
        )

    op.create_table(
        "template_drafts",
        sa.Column("draft_id", sa.String(length=64), nullable=False),
        sa.Column("template_id", sa.String(length=64), nullable=False),
        sa.Column("base_version_id", sa.String(length=64), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("updated_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["template_id"],
            ["templates.template_id"],
            name=op.f("fk_template_drafts_template_id_templates"),
        ),
        sa.PrimaryKeyConstraint("draft_id", name=op.f("pk_template_drafts")),
        sa.UniqueConstraint(
            "template_id", "created_by", name=op.f("uq_template_drafts_template_id")
        ),
    )
    with op.batch_alter_table("template_drafts", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_template_drafts_project_id"), ["project_id"], unique=False
        )

    op.create_table(
        "terms",
        sa.Column("term_id", sa.String(length=64), nullable=False),
        sa.Column("source_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("text", sa.String(length=300), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("mention_count", sa.BigInteger(), nullable=False),
        sa.Column("chunk_count", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.source_id"], name=op.f("fk_terms_source_id_sources")
        ),
        sa.PrimaryKeyConstraint("term_id", name=op.f("pk_terms")),
        sa.UniqueConstraint("source_id", "kind", "text", name=op.f("uq_terms_source_id")),
    )
    with op.batch_alter_table("terms", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_terms_project_id"), ["project_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_terms_source_id"), ["source_id"], unique=False)

    op.create_table(
        "term_extractions",
        sa.Column("source_id", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("batch_id", sa.String(length=64), nullable=True),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["sources.source_id"],
            name=op.f("fk_term_extractions_source_id_sources"),
        ),
        sa.PrimaryKeyConstraint("source_id", name=op.f("pk_term_extractions")),
    )
    with op.batch_alter_table("term_extractions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_term_extractions_project_id"), ["project_id"], unique=False
        )

    op.create_table(
        "relations",
        sa.Column("relation_id", sa.String(length=64), nullable=False),
        sa.Column("source_id", sa.String(length=64), nullable=False),
        sa.Column("subject_id", sa.String(length=64), nullable=False),
        sa.Column("predicate", sa.String(length=100), nullable=False),
        sa.Column("object_id", sa.String(length=64), nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("chunk_id", sa.String(length=80), nullable=False),
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["object_id"], ["terms.term_id"], name=op.f("fk_relations_object_id_terms")
        ),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.source_id"], name=op.f("fk_relations_source_id_sources")
        ),
        sa.ForeignKeyConstraint(
            ["subject_id"], ["terms.term_id"], name=op.f("fk_relations_subject_id_terms")
        ),
        sa.PrimaryKeyConstraint("relation_id", name=op.f("pk_relations")),
        sa.UniqueConstraint(
            "subject_id", "predicate", "object_id", name=op.f("uq_relations_subject_id")
        ),
    )
    with op.batch_alter_table("relations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_relations_project_id"), ["project_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_relations_source_id"), ["source_id"], unique=False)

    op.create_table(
        "term_mentions",
        sa.Column("term_id", sa.String(length=64), nullable=False),
        sa.Column("chunk_id", sa.String(length=80), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("start_char", sa.BigInteger(), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["chunk_id"], ["chunks.chunk_id"], name=op.f("fk_term_mentions_chunk_id_chunks")
        ),
        sa.ForeignKeyConstraint(
            ["term_id"], ["terms.term_id"], name=op.f("fk_term_mentions_term_id_terms")
        ),
        sa.PrimaryKeyConstraint("term_id", "chunk_id", name=op.f("pk_term_mentions")),
    )
    with op.batch_alter_table("term_mentions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_term_mentions_chunk_id"), ["chunk_id"], unique=False)

    op.create_table(
        "candidates",
        sa.Column("candidate_id", sa.String(length=64), nullable=False),
        sa.Column("batch_id", sa.String(length=64), nullable=False),
        sa.Column("sample_id", sa.String(length=80), nullable=False),
        sa.Column("operation", sa.String(length=30), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("details", Json, nullable=False),
        sa.Column("nearest_text", sa.String(), nullable=False),
        sa.Column("similarity", sa.Double(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.batch_id"], name=op.f("fk_candidates_batch_id_batches")
        ),
        sa.PrimaryKeyConstraint("candidate_id", name=op.f("pk_candidates")),
    )
    with op.batch_alter_table("candidates", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_candidates_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_candidates_project_id"), ["project_id"], unique=False)

    op.create_table(
        "comparisons",
        sa.Column("comparison_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("a_batch_id", sa.String(length=64), nullable=False),
        sa.Column("b_batch_id", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["a_batch_id"], ["batches.batch_id"], name=op.f("fk_comparisons_a_batch_id_batches")
        ),
        sa.ForeignKeyConstraint(
            ["b_batch_id"], ["batches.batch_id"], name=op.f("fk_comparisons_b_batch_id_batches")
        ),
        sa.PrimaryKeyConstraint("comparison_id", name=op.f("pk_comparisons")),
    )
    with op.batch_alter_table("comparisons", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_comparisons_project_id"), ["project_id"], unique=False)

    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("step", sa.BigInteger(), nullable=False, server_default="0"))

    with op.batch_alter_table("batches", schema=None) as batch_op:
        batch_op.add_column(sa.Column("inputs", Json, nullable=False, server_default="{}"))
        batch_op.add_column(sa.Column("origin", Json, nullable=False, server_default="{}"))

    with op.batch_alter_table("chunks", schema=None) as batch_op:
        batch_op.add_column(sa.Column("page", sa.BigInteger(), nullable=True))
        batch_op.create_index("ix_chunks_text_hash", ["text_hash", "source_id"], unique=False)

    with op.batch_alter_table("samples", schema=None) as batch_op:
        batch_op.add_column(sa.Column("parent_id", sa.String(length=80), nullable=True))
        batch_op.create_index(
            "ix_samples_parent",
            ["parent_id"],
            unique=False,
            sqlite_where=sa.text("parent_id IS NOT NULL"),
            postgresql_where=sa.text("parent_id IS NOT NULL"),
        )

    with op.batch_alter_table("sources", schema=None) as batch_op:
        batch_op.add_column(sa.Column("page_count", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("terms_at", UtcDateTime(timezone=True), nullable=True))

    with op.batch_alter_table("template_versions", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("name", sa.String(length=200), nullable=False, server_default="")
        )

    with op.batch_alter_table("templates", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("kind", sa.String(length=20), nullable=False, server_default="template")
        )
        batch_op.add_column(sa.Column("forked_from", sa.String(length=64), nullable=True))
