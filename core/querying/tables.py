"""The tables that a query sees: their columns, what they mean, and the rows behind them.

What never changes is told apart from what does, so that texts are read from the database once.
Users, tokens, connections and keys are in no table.
"""

from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
from sqlalchemy import Select, String, cast, select

from core.db.tables import (
    Attempt,
    Batch,
    Dataset,
    DatasetVersion,
    Finding,
    Judgement,
    Review,
    Sample,
    Template,
    TemplateVersion,
)
from core.generation.batches import KEPT_KINDS

USD: Final = pa.decimal128(20, 9)
TIME: Final = pa.timestamp("us")  # UTC
TEXT, INTEGER, NUMBER, FLAG = pa.string(), pa.int64(), pa.float64(), pa.bool_()
JSON: Final = "a JSON object as text: variables->>'topic' reads a field"


@dataclass(frozen=True)
class Column:
    """One column of a table that can be queried."""

    name: str
    type: pa.DataType
    source: Any  # the mapped attribute it is read from
    meaning: str
    is_live: bool = False  # it may change after its batch has ended
    is_json: bool = False

    @property
    def expression(self) -> Any:
        """What SELECT reads: JSON stays the text that the database keeps."""
        return cast(self.source, String) if self.is_json else self.source


@dataclass(frozen=True)
class QueryTable:
    """One table that can be queried."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: str  # the column that joins frozen and live parts
    origin: Any  # the mapped class whose rows these are
    project: Any  # the mapped attribute that holds the project
    batch: Any = None  # set where an ended batch's rows are frozen
    joins: tuple[tuple[Any, Any], ...] = ()
    where: Any = None

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema of all columns."""
        return schema_of(self.columns)

    def part(self, *, live: bool) -> tuple[Column, ...]:
        """The key and the columns of the live, or of the frozen, part."""
        return tuple(c for c in self.columns if c.name == self.key or c.is_live == live)

    def statement(self, columns: tuple[Column, ...], project_id: str) -> Select[Any]:
        """A SELECT of these columns of one project."""
        query = select(*(column.expression for column in columns)).select_from(self.origin)
        for target, condition in self.joins:
            query = query.join(target, condition)
        query = query.where(self.project == project_id)
        return query if self.where is None else query.where(self.where)


def schema_of(columns: tuple[Column, ...]) -> pa.Schema:
    """The Arrow schema of these columns."""
    return pa.schema([(column.name, column.type) for column in columns])


SAMPLES = QueryTable(
    "samples",
    "Generated records, one row each; previews, expansions and judgements are left out.",
    (
        Column("sample_id", TEXT, Sample.sample_id, "its id"),
        Column("batch_id", TEXT, Sample.batch_id, "the batch that made it"),
        Column("plan_index", INTEGER, Sample.plan_index, "its place in the plan, from 0"),
        Column("state", TEXT, Sample.state, "generated or failed"),
        Column("verdict", TEXT, Sample.verdict, "accepted, needs_review or rejected", True),
        Column("is_reviewed", FLAG, Sample.is_reviewed, "a person decided the verdict", True),
        Column("quality_score", NUMBER, Sample.quality_score, "0 to 1; null where failed", True),
        Column("language", TEXT, Sample.language, "found in the text; '' unknown", True),
        Column("domain", TEXT, Sample.domain, "the template's domain"),
        Column("variables", TEXT, Sample.variables, f"the plan's values, {JSON}", is_json=True),
        Column("input", TEXT, Sample.input, "what is asked, as generated"),
        Column("response", TEXT, Sample.response, "what is answered, as generated"),
        Column("output", TEXT, Sample.output, f"the parsed answer, {JSON}", is_json=True),
        Column("chunk_id", TEXT, Sample.chunk_id, "the source chunk it was made from"),
        Column("parent_id", TEXT, Sample.parent_id, "the sample it was derived from"),
        Column("attempt_id", TEXT, Sample.attempt_id, "the call whose answer it is"),
        Column("failure", TEXT, Sample.failure, "kind and message of the last failure"),
        Column("created_at", TIME, Sample.created_at, "UTC"),
    ),
    key="sample_id",
    origin=Sample,
    project=Sample.project_id,
    batch=Sample.batch_id,
    joins=((Batch, Batch.batch_id == Sample.batch_id),),
    where=Batch.kind.in_(KEPT_KINDS),
)
ATTEMPTS = QueryTable(
    "attempts",
    "Requests to providers: the ledger, one row each, failed ones too.",
    (
        Column("attempt_id", TEXT, Attempt.attempt_id, "its id"),
        Column("batch_id", TEXT, Attempt.batch_id, "the batch that asked"),
        Column("plan_index", INTEGER, Attempt.plan_index, "the sample it was for"),
        Column("purpose", TEXT, Attempt.purpose, "generate or repair"),
        Column("step", INTEGER, Attempt.step, "place of the template's step, from 0"),
        Column("number", INTEGER, Attempt.number, "1 for the first request of a call"),
        Column("state", TEXT, Attempt.state, "open, succeeded, failed or unknown", True),
        Column("connection", TEXT, Attempt.connection, "name of the connection"),
        Column("model", TEXT, Attempt.model, "as it was asked for"),
        Column("latency_ms", INTEGER, Attempt.latency_ms, "milliseconds"),
        Column("http_status", INTEGER, Attempt.http_status, "null where no answer came"),
        Column("failure_kind", TEXT, Attempt.failure_kind, "null where it succeeded"),
        Column("failure_message", TEXT, Attempt.failure_message, "for people"),
        Column("input_tokens", INTEGER, Attempt.input_tokens, "cached ones included"),
        Column("cached_tokens", INTEGER, Attempt.cached_tokens, "of the input"),
        Column("output_tokens", INTEGER, Attempt.output_tokens, "reasoning included"),
        Column("reasoning_tokens", INTEGER, Attempt.reasoning_tokens, "of the output"),
        Column("reserved_usd", USD, Attempt.reserved_usd, "worst case set aside, US dollars"),
        Column("cost_usd", USD, Attempt.cost_usd, "US dollars; null without a price", True),
        Column("is_estimated", FLAG, Attempt.is_estimated, "settled without the bill", True),
        Column("created_at", TIME, Attempt.created_at, "UTC"),
        Column("finished_at", TIME, Attempt.finished_at, "UTC"),
    ),
    key="attempt_id",
    origin=Attempt,
    project=Attempt.project_id,
    batch=Attempt.batch_id,
)
FINDINGS = QueryTable(
    "findings",
    "What each check saw in each sample; a check that saw nothing has no row.",
    (
        Column("sample_id", TEXT, Finding.sample_id, "the sample"),
        Column("check", TEXT, Finding.check, "the name of the check"),
        Column("value", NUMBER, Finding.value, "measured, in the check's own unit"),
        Column("score", NUMBER, Finding.score, "1 is faultless, 0 is unusable"),
        Column("evidence", TEXT, Finding.evidence, f"where it was seen, {JSON}", is_json=True),
    ),
    key="sample_id",
    origin=Finding,
    project=Finding.project_id,
)
REVIEWS = QueryTable(
    "reviews",
    "Decisions of people, one row each; an undo is a row of its own.",
    (
        Column("review_id", TEXT, Review.review_id, "its id"),
        Column("sample_id", TEXT, Review.sample_id, "what was decided on"),
        Column("decision", TEXT, Review.decision, "accept, edit, reject, skip or undo"),
        Column("correction_type", TEXT, Review.correction_type, "fact, style, format …"),
        Column("reason", TEXT, Review.reason, "in the reviewer's words"),
        Column("original", TEXT, Review.original, f"before, {JSON}", is_json=True),
        Column("corrected", TEXT, Review.corrected, f"after; edits only, {JSON}", is_json=True),
        Column("previous_verdict", TEXT, Review.previous_verdict, "before the decision"),
        Column("seconds", NUMBER, Review.seconds, "time spent"),
        Column("revision", INTEGER, Review.revision, "of the sample afterwards"),
        Column("undoes", TEXT, Review.undoes, "the review that it takes back"),
        Column("created_by", TEXT, Review.created_by, "who decided"),
        Column("created_at", TIME, Review.created_at, "UTC"),
    ),
    key="review_id",
    origin=Review,
    project=Review.project_id,
)
JUDGEMENTS = QueryTable(
    "judgements",
    "What judges said of samples or of pairs of samples.",
    (
        Column("judgement_id", TEXT, Judgement.judgement_id, "its id"),
        Column("batch_id", TEXT, Judgement.batch_id, "the judging batch"),
        Column("sample_id", TEXT, Judgement.sample_id, "the sample that was judged"),
        Column("other_id", TEXT, Judgement.other_id, "the second sample of a pair"),
        Column("judge", TEXT, Judgement.judge, "connection and model"),
        Column("score", NUMBER, Judgement.score, "0 to 1; null for a pair"),
        Column("preferred", TEXT, Judgement.preferred, "sample, other or tie"),
        Column("is_swapped", FLAG, Judgement.is_swapped, "the second was shown first"),
        Column("scores", TEXT, Judgement.scores, f"by criterion, {JSON}", is_json=True),
        Column("reasons", TEXT, Judgement.reasons, f"by criterion, {JSON}", is_json=True),
        Column("created_at", TIME, Judgement.created_at, "UTC"),
    ),
    key="judgement_id",
    origin=Judgement,
    project=Judgement.project_id,
)
BATCHES = QueryTable(
    "batches",
    "Background generations of every kind, with their template.",
    (
        Column("batch_id", TEXT, Batch.batch_id, "its id"),
        Column("name", TEXT, Batch.name, "as launched"),
        Column("kind", TEXT, Batch.kind, "batch, import, augmentation, preview …"),
        Column("state", TEXT, Batch.state, "queued, running, paused, completed …"),
        Column("template", TEXT, Template.name, "name of the template"),
        Column("template_version", INTEGER, TemplateVersion.number, "its number"),
        Column("template_version_id", TEXT, Batch.template_version_id, "its id"),
        Column("n", INTEGER, Batch.n, "planned samples"),
        Column("generated", INTEGER, Batch.generated, "samples so far"),
        Column("failed", INTEGER, Batch.failed, "samples that failed"),
        Column("connection", TEXT, Batch.connection, "name of the connection"),
        Column("model", TEXT, Batch.model, "as it was asked for"),
        Column("seed", INTEGER, Batch.seed, "of the plan"),
        Column("created_by", TEXT, Batch.created_by, "who launched it"),
        Column("created_at", TIME, Batch.created_at, "UTC"),
        Column("started_at", TIME, Batch.started_at, "UTC"),
        Column("finished_at", TIME, Batch.finished_at, "UTC"),
    ),
    key="batch_id",
    origin=Batch,
    project=Batch.project_id,
    joins=(
        (TemplateVersion, TemplateVersion.template_version_id == Batch.template_version_id),
        (Template, Template.template_id == TemplateVersion.template_id),
    ),
)
DATASETS = QueryTable(
    "datasets",
    "Dataset versions in any state, one row each.",
    (
        Column("dataset_version_id", TEXT, DatasetVersion.dataset_version_id, "its id"),
        Column("dataset", TEXT, Dataset.name, "name of the dataset"),
        Column("version", TEXT, DatasetVersion.version, "semantic version"),
        Column("state", TEXT, DatasetVersion.state, "building, released or failed"),
        Column("sample_count", INTEGER, DatasetVersion.sample_count, "records in it"),
        Column("split_counts", TEXT, DatasetVersion.split_counts, JSON, is_json=True),
        Column("size_bytes", INTEGER, DatasetVersion.size_bytes, "of its files"),
        Column("content_id", TEXT, DatasetVersion.content_id, "hash of schema and rows"),
        Column("changelog", TEXT, DatasetVersion.changelog, "what changed"),
        Column("created_at", TIME, DatasetVersion.created_at, "UTC"),
    ),
    key="dataset_version_id",
    origin=DatasetVersion,
    project=DatasetVersion.project_id,
    joins=((Dataset, Dataset.dataset_id == DatasetVersion.dataset_id),),
)
TABLES: Final = {
    table.name: table
    for table in (SAMPLES, FINDINGS, ATTEMPTS, REVIEWS, JUDGEMENTS, BATCHES, DATASETS)
}
