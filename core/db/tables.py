"""Every table, one class each. Records are read detached: keep ids, not objects, across calls.

Money columns are `Decimal` US dollars in Python and integer nano-dollars in the database. Texts and
attempts never change once written; verdicts, scores and states do.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import BigInteger, ForeignKey, Index, MetaData, String, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

from core.db.ids import utc_now
from core.db.types import Json, NanoUsd, UtcDateTime

DEFAULT_PROJECT_ID = "prj_default"
LOCAL_ADMIN_ID = "usr_local"


class Base(DeclarativeBase):
    """Names every constraint, so that a migration can drop it on any database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime,
        Decimal: NanoUsd,
        dict[str, Any]: Json,
        list[Any]: Json,
        int: BigInteger,
    }


class Owned:
    """The three columns that every table carries from the first migration."""

    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    created_by: Mapped[str] = mapped_column(String(64), default=LOCAL_ADMIN_ID)

    @declared_attr
    @classmethod
    def project_id(cls) -> Mapped[str]:
        return mapped_column(String(64), default=DEFAULT_PROJECT_ID, index=True)


class Generated(Owned):
    """Owned rows that generation writes by the thousand: no index of `project_id` alone."""

    project_id: Mapped[str] = mapped_column(String(64), default=DEFAULT_PROJECT_ID)


class User(Owned, Base):
    """A person. Without sign-in there is one: the local admin."""

    __tablename__ = "users"
    user_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(20))  # admin, researcher, annotator, viewer
    issuer: Mapped[str | None] = mapped_column(String(300))  # OIDC issuer; None for the local admin
    subject: Mapped[str | None] = mapped_column(String(300))  # OIDC subject


class Project(Owned, Base):
    """Groups templates, batches, datasets and budgets. Its own `project_id` is its key."""

    __tablename__ = "projects"
    project_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)


class Connection(Owned, Base):
    """A way to reach a model: protocol, base URL, and the name of the variable with its key."""

    __tablename__ = "connections"
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    protocol: Mapped[str] = mapped_column(String(20))  # openai, anthropic, offline
    base_url: Mapped[str | None] = mapped_column(String(500))  # None for offline
    key_variable: Mapped[str | None] = mapped_column(String(100))  # None: no key is sent
    default_model: Mapped[str] = mapped_column(String(200))
    # The user's own limits, shared by all batches on this connection; None leaves it to the
    # provider's announcements.
    requests_per_minute: Mapped[int | None]
    tokens_per_minute: Mapped[int | None]  # input and output together
    max_concurrency: Mapped[int | None]  # calls in flight


class PriceOverride(Owned, Base):
    """A price that a person entered. Prices are added, never overwritten: the newest counts."""

    __tablename__ = "price_overrides"
    price_override_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    connection: Mapped[str] = mapped_column(String(100), index=True)
    model: Mapped[str] = mapped_column(String(200))
    input_usd_per_mtok: Mapped[Decimal] = mapped_column("input_nano_usd_per_mtok", NanoUsd)
    output_usd_per_mtok: Mapped[Decimal] = mapped_column("output_nano_usd_per_mtok", NanoUsd)
    source: Mapped[str] = mapped_column(String(500), default="")  # where the figure comes from


class ReservationFactor(Owned, Base):
    """By how much a model billed more than was reserved; later reservations grow by it."""

    __tablename__ = "reservation_factors"
    connection: Mapped[str] = mapped_column(String(100), primary_key=True)
    model: Mapped[str] = mapped_column(String(200), primary_key=True)
    factor: Mapped[float]  # at least 1
    excess_calls: Mapped[int] = mapped_column(default=0)  # calls billed beyond their reservation
    excess_usd: Mapped[Decimal] = mapped_column("excess_nano_usd", NanoUsd, default=Decimal(0))


class Template(Owned, Base):
    """A named generation recipe; its content lives in versions."""

    __tablename__ = "templates"
    template_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))  # slug, unique in the project
    title: Mapped[str] = mapped_column(String(200))
    domain: Mapped[str] = mapped_column(String(100))
    description: Mapped[str] = mapped_column(default="")
    # template: people edit it. expansion, import, judge: made by the program, left out of lists.
    kind: Mapped[str] = mapped_column(String(20), default="template")
    forked_from: Mapped[str | None] = mapped_column(String(64))  # template_version_id
    __table_args__ = (UniqueConstraint("project_id", "name"),)


class TemplateDraft(Owned, Base):
    """One person's unsaved text of a template, stored as they type."""

    __tablename__ = "template_drafts"
    draft_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    template_id: Mapped[str] = mapped_column(ForeignKey("templates.template_id"))
    base_version_id: Mapped[str] = mapped_column(String(64))  # the version that was opened
    text: Mapped[str]  # YAML, valid or not
    updated_at: Mapped[datetime] = mapped_column(default=utc_now)
    __table_args__ = (UniqueConstraint("template_id", "created_by"),)


class TemplateVersion(Owned, Base):
    """An immutable state of a template."""

    __tablename__ = "template_versions"
    template_version_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    template_id: Mapped[str] = mapped_column(ForeignKey("templates.template_id"), index=True)
    number: Mapped[int]  # 1, 2, 3 … within the template; 0, -1 … were previewed, never saved
    content_hash: Mapped[str] = mapped_column(String(64))  # SHA-256 of the canonical definition
    definition: Mapped[dict[str, Any]]  # TemplateDefinition as JSON
    name: Mapped[str] = mapped_column(String(200), default="")  # what people call it, or ""
    note: Mapped[str] = mapped_column(default="")  # why this version was saved
    __table_args__ = (UniqueConstraint("template_id", "number"),)


class Source(Owned, Base):
    """An imported document or table."""

    __tablename__ = "sources"
    source_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(300))
    # text, markdown, html, docx, pdf; tables: csv, json, jsonl, parquet
    kind: Mapped[str] = mapped_column(String(20))
    content_hash: Mapped[str] = mapped_column(String(64))  # SHA-256 of the original bytes
    size_bytes: Mapped[int]
    chunk_count: Mapped[int]
    columns: Mapped[list[Any]] = mapped_column(default=list)  # field names of a table, else []
    page_count: Mapped[int | None]  # of a PDF
    terms_at: Mapped[datetime | None]  # when terms and entities were extracted
    is_evaluation: Mapped[bool] = mapped_column(default=False)  # no sample may hold its records
    __table_args__ = (UniqueConstraint("project_id", "content_hash"),)


class Chunk(Owned, Base):
    """A piece of a source: a passage of text, or one row of a table."""

    __tablename__ = "chunks"
    chunk_id: Mapped[str] = mapped_column(String(80), primary_key=True)  # source id + ordinal
    source_id: Mapped[str] = mapped_column(ForeignKey("sources.source_id"))
    ordinal: Mapped[int]  # from 0, in document order
    start_char: Mapped[int]  # offset into the decoded text, inclusive
    end_char: Mapped[int]  # exclusive
    text: Mapped[str]
    text_hash: Mapped[str] = mapped_column(String(64))
    heading: Mapped[str] = mapped_column(default="")  # nearest heading above, "" where none
    page: Mapped[int | None]  # of a PDF, from 1: where the chunk begins
    fields: Mapped[dict[str, Any]] = mapped_column(default=dict)  # columns of a row, else {}
    __table_args__ = (
        UniqueConstraint("source_id", "ordinal"),
        Index("ix_chunks_text_hash", "text_hash", "source_id"),
    )


class Term(Owned, Base):
    """A key term or entity of one source."""

    __tablename__ = "terms"
    term_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    source_id: Mapped[str] = mapped_column(ForeignKey("sources.source_id"), index=True)
    kind: Mapped[str] = mapped_column(String(30))  # term, person, organization, place, date …
    text: Mapped[str] = mapped_column(String(300))
    score: Mapped[float]  # how much it stands out; comparable within one source
    mention_count: Mapped[int]
    chunk_count: Mapped[int]  # chunks that mention it
    method: Mapped[str] = mapped_column(String(20))  # statistics, model
    __table_args__ = (UniqueConstraint("source_id", "kind", "text"),)


class TermExtraction(Owned, Base):
    """How far the extraction of a source's terms is; the terms before it are kept until its end."""

    __tablename__ = "term_extractions"
    source_id: Mapped[str] = mapped_column(ForeignKey("sources.source_id"), primary_key=True)
    state: Mapped[str] = mapped_column(String(20))  # queued, running, ready, failed
    message: Mapped[str] = mapped_column(default="")  # why it failed
    method: Mapped[str] = mapped_column(String(20), default="statistics")  # statistics, model
    batch_id: Mapped[str | None] = mapped_column(String(64))  # whose answers a model's terms are
    language: Mapped[str] = mapped_column(String(20), default="")  # of the text; "" is unknown
    done: Mapped[int] = mapped_column(default=0)  # chunks read, each once a pass
    total: Mapped[int] = mapped_column(default=0)


class TermMention(Generated, Base):
    """That a chunk mentions a term."""

    __tablename__ = "term_mentions"
    term_id: Mapped[str] = mapped_column(ForeignKey("terms.term_id"), primary_key=True)
    chunk_id: Mapped[str] = mapped_column(
        ForeignKey("chunks.chunk_id"), primary_key=True, index=True
    )
    count: Mapped[int] = mapped_column(default=1)
    start_char: Mapped[int]  # of the first mention, within the chunk's text


class Relation(Owned, Base):
    """Two terms of one source that belong together."""

    __tablename__ = "relations"
    relation_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    source_id: Mapped[str] = mapped_column(ForeignKey("sources.source_id"), index=True)
    subject_id: Mapped[str] = mapped_column(ForeignKey("terms.term_id"))
    predicate: Mapped[str] = mapped_column(String(100))  # the words between, or "appears with"
    object_id: Mapped[str] = mapped_column(ForeignKey("terms.term_id"))
    weight: Mapped[float]  # how firmly; comparable within one source
    count: Mapped[int]  # sentences that show it
    chunk_id: Mapped[str] = mapped_column(String(80))  # one that shows it
    method: Mapped[str] = mapped_column(String(20))  # statistics, model
    __table_args__ = (UniqueConstraint("subject_id", "predicate", "object_id"),)


class KnowledgeEntry(Owned, Base):
    """One row of a domain's knowledge. Append-only: an edit retires the row and adds another."""

    __tablename__ = "knowledge_entries"
    entry_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    domain: Mapped[str] = mapped_column(String(100))
    table_name: Mapped[str] = mapped_column(String(50))  # terms, rules, scenarios, expert_answers
    ordinal: Mapped[int]  # order within the table, as people arranged it
    fields: Mapped[dict[str, Any]]  # the columns of its table
    source_id: Mapped[str | None] = mapped_column(String(64))  # where it was taken from
    replaces: Mapped[str | None] = mapped_column(String(64))  # the entry that it is an edit of
    retired_at: Mapped[datetime | None]
    __table_args__ = (Index("ix_knowledge_domain", "project_id", "domain", "table_name"),)


class Candidate(Owned, Base):
    """A value, prompt or instruction that an expansion proposed and a person decides on."""

    __tablename__ = "candidates"
    candidate_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    batch_id: Mapped[str] = mapped_column(ForeignKey("batches.batch_id"), index=True)
    sample_id: Mapped[str] = mapped_column(String(80))  # the answer that proposed it
    operation: Mapped[str] = mapped_column(String(30))  # grow_values, rewrite_prompt, evolve
    text: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)  # direction, parent, changes
    nearest_text: Mapped[str] = mapped_column(default="")  # the most similar known value
    similarity: Mapped[float | None]  # cosine to it, -1 to 1; None before it was measured
    state: Mapped[str] = mapped_column(String(20))  # proposed, duplicate, accepted, rejected


class Comparison(Owned, Base):
    """An A/B launch: two batches over the same plan."""

    __tablename__ = "comparisons"
    comparison_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    a_batch_id: Mapped[str] = mapped_column(ForeignKey("batches.batch_id"))
    b_batch_id: Mapped[str] = mapped_column(ForeignKey("batches.batch_id"))


class Batch(Owned, Base):
    """One background generation."""

    __tablename__ = "batches"
    batch_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    template_version_id: Mapped[str] = mapped_column(
        ForeignKey("template_versions.template_version_id"), index=True
    )
    name: Mapped[str] = mapped_column(String(200))
    # batch, preview, expansion, augmentation, import, judgement, twins
    kind: Mapped[str] = mapped_column(String(20), default="batch")
    state: Mapped[str] = mapped_column(String(20), index=True)  # queued … cancelled
    pause_reason: Mapped[str | None] = mapped_column(String(20))  # user, budget, provider, disk
    wanted: Mapped[str] = mapped_column(String(20), default="run")  # run, pause, cancel: the user's
    message: Mapped[str] = mapped_column(default="")  # why it paused or failed, for a person
    n: Mapped[int]  # planned samples
    seed: Mapped[int]
    plan_offset: Mapped[int] = mapped_column(default=0)  # first plan index
    source_ids: Mapped[list[Any]] = mapped_column(default=list)  # chunks come from these, in order
    # What variables draw from outside the template, frozen at the launch: by variable one of
    # {"source_id": …}, {"entry_ids": […]}, {"sample_ids": […]}, {"value": …}.
    inputs: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # Where a batch is aimed: {"cells": [{variable: value}]} of the grid alone, or {"replaced":
    # {variable: value}} after the draw. {} is the whole plan.
    focus: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # Thresholds that a person moved for this batch, by name; {} leaves the template version's.
    checks: Mapped[dict[str, Any]] = mapped_column(default=dict)
    origin: Mapped[dict[str, Any]] = mapped_column(default=dict)  # why the program launched it
    connection: Mapped[str] = mapped_column(String(100))
    model: Mapped[str] = mapped_column(String(200))
    parameters: Mapped[dict[str, Any]] = mapped_column(default=dict)  # sampling settings
    mode: Mapped[str] = mapped_column(String(20), default="live")  # live, batch_api
    failover_connection: Mapped[str | None] = mapped_column(String(100))  # None: no second model
    failover_model: Mapped[str] = mapped_column(String(200), default="")
    concurrency: Mapped[int | None]  # calls in flight; None adapts by itself
    priority: Mapped[int] = mapped_column(default=10)  # 1 runs first
    retry_round: Mapped[int] = mapped_column(default=0)  # rises with "retry failed": asks anew
    fence: Mapped[int] = mapped_column(default=0)  # rises when a worker takes the batch
    worker_id: Mapped[str | None] = mapped_column(String(64))
    fingerprint: Mapped[str] = mapped_column(String(64))  # SHA-256 of what decides the result
    generated: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    in_flight: Mapped[int] = mapped_column(default=0)  # calls open at the last progress report
    rate_per_s: Mapped[float] = mapped_column(default=0.0)  # samples per second, last 10 s
    rate_low_per_s: Mapped[float] = mapped_column(default=0.0)  # 95 % interval of that rate
    rate_high_per_s: Mapped[float] = mapped_column(default=0.0)
    concurrency_limit: Mapped[int] = mapped_column(default=0)  # calls admitted at once, now
    concurrency_reason: Mapped[str] = mapped_column(String(100), default="")  # what holds it there
    # Seconds after which a worker looks again by itself: a provider that was down, a full disk, a
    # provider's batch in progress. None: a person or nothing. Counted by the worker's own clock.
    wake_after_s: Mapped[float | None]
    idempotency_key: Mapped[str | None] = mapped_column(String(100), unique=True)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class BatchLogEntry(Owned, Base):
    """One line of a batch's log, for people."""

    __tablename__ = "batch_log"
    entry_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    batch_id: Mapped[str] = mapped_column(ForeignKey("batches.batch_id"), index=True)
    level: Mapped[str] = mapped_column(String(10))  # info, warning, error
    message: Mapped[str]


class Sample(Generated, Base):
    """One generated record. Texts never change; score, verdict and revision do."""

    __tablename__ = "samples"
    sample_id: Mapped[str] = mapped_column(String(80), primary_key=True)  # batch id + plan index
    batch_id: Mapped[str] = mapped_column(ForeignKey("batches.batch_id"))
    plan_index: Mapped[int]
    state: Mapped[str] = mapped_column(String(20))  # generated, failed
    verdict: Mapped[str] = mapped_column(String(20))  # accepted, needs_review, rejected
    is_reviewed: Mapped[bool] = mapped_column(default=False)  # a person decided the verdict
    revision: Mapped[int] = mapped_column(default=0)  # rises with each review
    quality_score: Mapped[float | None]  # 0 to 1; None for a failed sample
    domain: Mapped[str] = mapped_column(String(100))
    language: Mapped[str] = mapped_column(String(20), default="")  # found in the text; "" unknown
    examined: Mapped[int] = mapped_column(default=0)  # version of the dear checks that looked at it
    variables: Mapped[dict[str, Any]]  # the plan's values
    output: Mapped[dict[str, Any] | None] = mapped_column(Json)  # parsed answer; None where failed
    input: Mapped[str] = mapped_column(default="")  # by the template's mapping, after no correction
    response: Mapped[str] = mapped_column(default="")
    raw_text: Mapped[str] = mapped_column(default="")  # the answer as received; kept when it failed
    text_hash: Mapped[str] = mapped_column(String(64), default="")  # of input and response
    chunk_id: Mapped[str | None] = mapped_column(String(80))
    parent_id: Mapped[str | None] = mapped_column(String(80))  # the sample it was made from
    attempt_id: Mapped[str | None] = mapped_column(String(64))  # whose answer it is, reused or not
    failure: Mapped[str] = mapped_column(default="")  # kind and message of the last failure
    __table_args__ = (
        UniqueConstraint("batch_id", "plan_index"),
        # With the batch, so that a batch's verdicts are counted from the index alone.
        Index("ix_samples_project_verdict", "project_id", "verdict", "batch_id"),
        Index(
            "ix_samples_parent",
            "parent_id",
            sqlite_where=text("parent_id IS NOT NULL"),
            postgresql_where=text("parent_id IS NOT NULL"),
        ),
    )


class Attempt(Generated, Base):
    """One HTTP request to a provider: the ledger's entry."""

    __tablename__ = "attempts"
    attempt_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    batch_id: Mapped[str] = mapped_column(ForeignKey("batches.batch_id"))
    plan_index: Mapped[int]
    purpose: Mapped[str] = mapped_column(String(20))  # generate, repair
    step: Mapped[int] = mapped_column(default=0)  # place of the template's step, from 0
    number: Mapped[int]  # 1 for the first request of this call
    state: Mapped[str] = mapped_column(String(20))  # open, succeeded, failed, unknown
    connection: Mapped[str] = mapped_column(String(100))
    model: Mapped[str] = mapped_column(String(200))
    request_key: Mapped[str] = mapped_column(String(64), index=True)  # identity for reuse
    retry_cause: Mapped[str | None] = mapped_column(String(30))  # kind that made this a retry
    provider_batch_id: Mapped[str | None] = mapped_column(String(64))  # None: called live
    worker_id: Mapped[str] = mapped_column(String(64))
    finished_at: Mapped[datetime | None]
    latency_ms: Mapped[int | None]
    http_status: Mapped[int | None]
    failure_kind: Mapped[str | None] = mapped_column(String(30))
    failure_message: Mapped[str] = mapped_column(default="")
    input_tokens: Mapped[int | None]  # all input tokens, cached ones included
    cached_tokens: Mapped[int | None]
    output_tokens: Mapped[int | None]  # all output tokens, reasoning included
    reasoning_tokens: Mapped[int | None]
    reserved_usd: Mapped[Decimal] = mapped_column("reserved_nano_usd", NanoUsd)
    cost_usd: Mapped[Decimal | None] = mapped_column("cost_nano_usd", NanoUsd)
    is_estimated: Mapped[bool] = mapped_column(default=False)  # settled without knowing the bill
    price_source: Mapped[str] = mapped_column(String(200), default="")
    response_text: Mapped[str | None]  # the answer's text, reused by resume and retry
    __table_args__ = (
        Index("ix_attempts_batch_state", "batch_id", "state"),
        Index("ix_attempts_project_created", "project_id", "created_at"),
        Index(
            "ix_attempts_estimated",
            "batch_id",
            sqlite_where=text("is_estimated = 1"),
            postgresql_where=text("is_estimated"),
        ),
        Index(
            "ix_attempts_provider_batch",
            "provider_batch_id",
            sqlite_where=text("provider_batch_id IS NOT NULL"),
            postgresql_where=text("provider_batch_id IS NOT NULL"),
        ),
    )


class CostCorrection(Owned, Base):
    """An admin's word on what an estimated attempt really cost. Append-only."""

    __tablename__ = "cost_corrections"
    correction_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    attempt_id: Mapped[str] = mapped_column(ForeignKey("attempts.attempt_id"), index=True)
    previous_usd: Mapped[Decimal] = mapped_column("previous_nano_usd", NanoUsd)
    cost_usd: Mapped[Decimal] = mapped_column("cost_nano_usd", NanoUsd)
    reason: Mapped[str] = mapped_column(default="")


class ProviderBatch(Owned, Base):
    """One piece of a batch, submitted to a provider's batch API."""

    __tablename__ = "provider_batches"
    provider_batch_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    batch_id: Mapped[str] = mapped_column(ForeignKey("batches.batch_id"), index=True)
    connection: Mapped[str] = mapped_column(String(100))
    model: Mapped[str] = mapped_column(String(200))
    # submitting, in_progress, ended (results wait), ingested, cancelled, failed
    state: Mapped[str] = mapped_column(String(20))
    remote_id: Mapped[str | None] = mapped_column(String(200))  # None until the provider named it
    requests: Mapped[int]
    succeeded: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)  # errored, expired or cancelled rows
    message: Mapped[str] = mapped_column(default="")
    submitted_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class Budget(Owned, Base):
    """A cap on spending. Always settled + reserved <= cap, while bills respect reservations."""

    __tablename__ = "budgets"
    budget_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    scope: Mapped[str] = mapped_column(String(20))  # workspace, project, template, batch, user
    scope_id: Mapped[str] = mapped_column(String(64))  # "*" for the workspace
    month: Mapped[str] = mapped_column(String(7), default="")  # 2026-11; "" for all time
    cap_usd: Mapped[Decimal] = mapped_column("cap_nano_usd", NanoUsd)
    settled_usd: Mapped[Decimal] = mapped_column("settled_nano_usd", NanoUsd, default=Decimal(0))
    reserved_usd: Mapped[Decimal] = mapped_column("reserved_nano_usd", NanoUsd, default=Decimal(0))
    alerted_percent: Mapped[int] = mapped_column(default=0)  # highest alert raised for this cap
    __table_args__ = (UniqueConstraint("scope", "scope_id", "month"),)


class BudgetAlert(Owned, Base):
    """A budget's settled spend reached a share of its cap."""

    __tablename__ = "budget_alerts"
    alert_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    budget_id: Mapped[str] = mapped_column(ForeignKey("budgets.budget_id"), index=True)
    percent: Mapped[int]  # 50, 80 or 100
    settled_usd: Mapped[Decimal] = mapped_column("settled_nano_usd", NanoUsd)
    cap_usd: Mapped[Decimal] = mapped_column("cap_nano_usd", NanoUsd)


class Finding(Generated, Base):
    """What one check saw in one sample. Scores are recomputed from these."""

    __tablename__ = "findings"
    sample_id: Mapped[str] = mapped_column(ForeignKey("samples.sample_id"), primary_key=True)
    check: Mapped[str] = mapped_column("check_name", String(50), primary_key=True)
    value: Mapped[float]  # the measured figure, in the check's own unit
    score: Mapped[float]  # 1 is faultless, 0 is unusable
    evidence: Mapped[dict[str, Any]] = mapped_column(default=dict)  # the span, the twin, the path


class Review(Owned, Base):
    """One human decision. Append-only: an undo is a row that names the one it reverses."""

    __tablename__ = "reviews"
    review_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    sample_id: Mapped[str] = mapped_column(ForeignKey("samples.sample_id"), index=True)
    decision: Mapped[str] = mapped_column(String(20))  # accept, edit, reject, skip, undo
    correction_type: Mapped[str] = mapped_column(String(50), default="")  # fact, style, format …
    reason: Mapped[str] = mapped_column(default="")
    original: Mapped[dict[str, Any]] = mapped_column(default=dict)  # {input, response, output}
    corrected: Mapped[dict[str, Any] | None] = mapped_column(Json)  # the same shape; edits only
    previous_verdict: Mapped[str] = mapped_column(String(20))
    seconds: Mapped[float] = mapped_column(default=0.0)  # time the reviewer spent
    revision: Mapped[int]  # the sample's revision after this row
    undoes: Mapped[str | None] = mapped_column(String(64))  # review_id


class Dataset(Owned, Base):
    """A named series of dataset versions."""

    __tablename__ = "datasets"
    dataset_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    description: Mapped[str] = mapped_column(default="")
    __table_args__ = (UniqueConstraint("project_id", "name"),)


class DatasetVersion(Owned, Base):
    """An immutable release: a folder of files whose SHA-256 stand in its manifest."""

    __tablename__ = "dataset_versions"
    dataset_version_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    dataset_id: Mapped[str] = mapped_column(ForeignKey("datasets.dataset_id"), index=True)
    version: Mapped[str] = mapped_column(String(30))  # semantic version, 1.0.0
    state: Mapped[str] = mapped_column(String(20))  # building, released, failed
    message: Mapped[str] = mapped_column(default="")  # why the build failed
    query: Mapped[dict[str, Any]]  # DatasetQuery: what was selected and how it was split
    content_id: Mapped[str | None] = mapped_column(String(64))  # canonical hash of schema and rows
    manifest_sha256: Mapped[str | None] = mapped_column(String(64))
    folder: Mapped[str | None] = mapped_column(String(500))  # below the workspace's `datasets/`
    sample_count: Mapped[int] = mapped_column(default=0)
    split_counts: Mapped[dict[str, Any]] = mapped_column(default=dict)  # {train: 800, …}
    size_bytes: Mapped[int] = mapped_column(default=0)
    changelog: Mapped[str] = mapped_column(default="")
    __table_args__ = (UniqueConstraint("dataset_id", "version"),)


class InsightReport(Owned, Base):
    """Metrics of a scope, computed by a compute worker, kept until their input changes."""

    __tablename__ = "insight_reports"
    # A batch, a template version, a dataset version or a source: what `scope` says.
    scope_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    # batch, template_version, dataset_version, source
    scope: Mapped[str] = mapped_column(String(20), default="batch")
    state: Mapped[str] = mapped_column(String(20))  # queued, running, ready, failed
    # What the stored report rests on: "" nothing yet, lexical, sampled, complete.
    stage: Mapped[str] = mapped_column(String(20), default="")
    message: Mapped[str] = mapped_column(default="")
    done: Mapped[int] = mapped_column(default=0)  # texts embedded so far
    total: Mapped[int] = mapped_column(default=0)
    rate_per_s: Mapped[float] = mapped_column(default=0.0)  # texts embedded per second, lately
    report: Mapped[dict[str, Any]] = mapped_column(default=dict)  # InsightContents as JSON
    map_file: Mapped[str | None] = mapped_column(String(300))  # Parquet below `insight/`
    input_hash: Mapped[str] = mapped_column(String(64), default="")  # of the samples' texts
    computed_at: Mapped[datetime | None]


class PairReport(Owned, Base):
    """What one scope is beside another, computed by a compute worker."""

    __tablename__ = "pair_reports"
    pair_report_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))  # comparison, coverage, twins
    left_scope: Mapped[str] = mapped_column(String(20))  # as InsightReport.scope
    left_id: Mapped[str] = mapped_column(String(64))
    right_scope: Mapped[str] = mapped_column(String(20))
    right_id: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(20))  # queued, running, ready, failed
    message: Mapped[str] = mapped_column(default="")
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    report: Mapped[dict[str, Any]] = mapped_column(default=dict)
    input_hash: Mapped[str] = mapped_column(String(64), default="")  # of both sides' texts
    computed_at: Mapped[datetime | None]
    __table_args__ = (UniqueConstraint("kind", "left_id", "right_id"),)


class QualityAlert(Owned, Base):
    """That a batch is worse than its template's earlier ones: a metric fell or a defect rose."""

    __tablename__ = "quality_alerts"
    alert_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    batch_id: Mapped[str] = mapped_column(ForeignKey("batches.batch_id"), index=True)
    template_id: Mapped[str] = mapped_column(ForeignKey("templates.template_id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))  # diversity, defects
    measure: Mapped[str] = mapped_column(String(100))  # name of the metric or of the check
    value: Mapped[float]  # of this batch
    baseline: Mapped[float]  # of the earlier ones
    p_value: Mapped[float | None]  # of the difference; None where the metric has no test
    message: Mapped[str]  # for people: what changed, from what to what, what to look at
    dismissed_at: Mapped[datetime | None]
    dismissed_by: Mapped[str | None] = mapped_column(String(64))
    __table_args__ = (UniqueConstraint("batch_id", "kind", "measure"),)


class Rubric(Owned, Base):
    """What a judge is asked; its content lives in versions."""

    __tablename__ = "rubrics"
    rubric_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    __table_args__ = (UniqueConstraint("project_id", "name"),)


class RubricVersion(Owned, Base):
    """An immutable state of a rubric."""

    __tablename__ = "rubric_versions"
    rubric_version_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    rubric_id: Mapped[str] = mapped_column(ForeignKey("rubrics.rubric_id"), index=True)
    number: Mapped[int]  # 1, 2, 3 … within the rubric
    content_hash: Mapped[str] = mapped_column(String(64))  # SHA-256 of the canonical definition
    definition: Mapped[dict[str, Any]]  # RubricDefinition as JSON
    note: Mapped[str] = mapped_column(default="")
    __table_args__ = (UniqueConstraint("rubric_id", "number"),)


class Judgement(Generated, Base):
    """What one judge said of one sample, or of a pair of samples."""

    __tablename__ = "judgements"
    judgement_id: Mapped[str] = mapped_column(String(80), primary_key=True)  # the answer's sample
    batch_id: Mapped[str] = mapped_column(ForeignKey("batches.batch_id"), index=True)  # the judge's
    rubric_version_id: Mapped[str] = mapped_column(
        ForeignKey("rubric_versions.rubric_version_id"), index=True
    )
    judge: Mapped[str] = mapped_column(String(320))  # connection and model that answered
    sample_id: Mapped[str] = mapped_column(ForeignKey("samples.sample_id"), index=True)
    other_id: Mapped[str | None] = mapped_column(String(80))  # the second sample of a pair
    is_swapped: Mapped[bool] = mapped_column(default=False)  # the second was shown first
    preferred: Mapped[str] = mapped_column(String(10), default="")  # sample, other, tie; "" no pair
    score: Mapped[float | None]  # 0 to 1 by the rubric's weights; None for a pair
    scores: Mapped[dict[str, Any]] = mapped_column(default=dict)  # by criterion, on its own scale
    reasons: Mapped[dict[str, Any]] = mapped_column(default=dict)  # by criterion


class WordList(Owned, Base):
    """A project's own word list, or its edit of one that Seedbed brings."""

    __tablename__ = "word_lists"
    word_list_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))  # association, toxicity, groups, sentiment
    name: Mapped[str] = mapped_column(String(100))  # slug; the name of a brought one replaces it
    content: Mapped[dict[str, Any]]  # its kind's own shape
    retired_at: Mapped[datetime | None]
    __table_args__ = (UniqueConstraint("project_id", "kind", "name"),)


class SavedQuery(Owned, Base):
    """A query of the SQL page that a person kept."""

    __tablename__ = "saved_queries"
    query_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    sql: Mapped[str]
    chart: Mapped[dict[str, Any]] = mapped_column(default=dict)  # kind, x, y, colour
    __table_args__ = (UniqueConstraint("project_id", "name"),)


class Worker(Owned, Base):
    """A process that runs jobs. A stale heartbeat means it is dead."""

    __tablename__ = "workers"
    worker_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))  # generate, compute
    host: Mapped[str] = mapped_column(String(200))
    pid: Mapped[int]
    state: Mapped[str] = mapped_column(String(20))  # running, stopped, dead
    heartbeat_at: Mapped[datetime]
    cpu_percent: Mapped[float] = mapped_column(default=0.0)  # of one core, last interval
    rss_bytes: Mapped[int] = mapped_column(default=0)
    beats: Mapped[int] = mapped_column(default=0)  # rises with each heartbeat; liveness reads this
    host_cpu_percent: Mapped[float] = mapped_column(default=0.0)  # of all cores of its machine
    host_memory_percent: Mapped[float] = mapped_column(default=0.0)
    disk_free_bytes: Mapped[int] = mapped_column(default=0)  # where the workspace lives
