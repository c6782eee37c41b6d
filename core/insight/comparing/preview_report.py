"""A preview as people read it: each sample with its prompts, fields, tokens, cost and latency; the
sums; and what a full batch would cost by them. Reads only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.tables import Attempt, Batch, Connection, Sample, TemplateVersion
from core.db.types import to_nano, to_usd
from core.db.workspace import Workspace
from core.errors import NotFound
from core.generation.estimate import ASSUMED_CONCURRENCY
from core.insight.comparing.extrapolation import Range, time_of, total_of
from core.providers.base import Message, Usage
from core.providers.prices import cheaper_models, find_price
from core.sources.terms.extracted import chunk_mappings
from core.templates.chunk_terms import reads_terms
from core.templates.definition import TemplateDefinition
from core.templates.rendering import Renderer
from core.templates.versions import load_definition
from core.text.answers import parse_json
from core.text.field_verdicts import FieldVerdict, field_verdicts

MOST_SAMPLES = 10
MOST_CHEAPER = 2


@dataclass(frozen=True)
class StepPrompt:
    """What one call said."""

    title: str  # of the step; "" in a template without steps
    messages: tuple[Message, ...]


@dataclass(frozen=True)
class PreviewSample:
    """One sample of a preview."""

    sample: Sample
    prompts: tuple[StepPrompt, ...]  # one for each step that was asked
    fields: tuple[FieldVerdict, ...]  # one for each field of the schema
    answer: Any  # what was parsed; None where nothing could be
    calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: Decimal | None  # None where no price is known
    latency_ms: int
    is_reused: bool  # the answer was paid for before: the figures are those of then

    @property
    def is_compliant(self) -> bool:
        """Whether the whole answer fits the schema."""
        return self.answer is not None and all(f.state != "wrong" for f in self.fields)


@dataclass(frozen=True)
class PreviewSums:
    """One side of a preview in figures. Means are of finished samples, None without one."""

    finished: int
    compliant: int
    accepted: int
    calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: Decimal | None  # of the samples, reused ones at what they cost when asked
    mean_latency_ms: float | None
    mean_score: float | None


@dataclass(frozen=True)
class Preview:
    """One side: a batch of kind preview with its samples, in plan order."""

    batch: Batch
    version: TemplateVersion
    samples: tuple[PreviewSample, ...]
    sums: PreviewSums


@dataclass(frozen=True)
class FullBatch:
    """What n samples would take, by a preview's figures. None: not known."""

    n: int
    measured: int  # samples that it rests on
    cost_usd: Range | None
    seconds: Range | None  # with ASSUMED_CONCURRENCY calls in flight
    input_tokens: Range | None
    output_tokens: Range | None
    cheaper: tuple[tuple[str, Decimal], ...]  # other models by their prices and these tokens
    basis: str  # how it was reckoned, in words


def load_preview(workspace: Workspace, batch_id: str) -> Preview:
    """The preview of that batch id, as far as it has come. Raises NotFound."""
    with workspace.read() as session:
        batch = session.get(Batch, batch_id)
        if batch is None:
            raise NotFound("batch", batch_id)
        version = session.get_one(TemplateVersion, batch.template_version_id)
        samples = list(
            session.scalars(
                select(Sample)
                .where(Sample.batch_id == batch_id)
                .order_by(Sample.plan_index)
                .limit(MOST_SAMPLES)
            )
        )
        attempts = _attempts(session, batch_id, samples)
    definition = load_definition(version)
    prompts = _Prompts(workspace, definition, samples)
    found = tuple(
        _sample(sample, attempts.get(sample.plan_index, []), definition, prompts)
        for sample in samples
    )
    return Preview(batch, version, found, sums_of(found))


def _attempts(
    session: Session, batch_id: str, samples: Sequence[Sample]
) -> dict[int, list[Attempt]]:
    """The calls for each plan index; for a reused answer the call that it came from."""
    rows = session.scalars(
        select(Attempt)
        .where(Attempt.batch_id == batch_id)
        .order_by(Attempt.created_at, Attempt.attempt_id)
    )
    found: dict[int, list[Attempt]] = {}
    for attempt in rows:
        found.setdefault(attempt.plan_index, []).append(attempt)
    for sample in samples:
        known = {attempt.attempt_id for attempt in found.get(sample.plan_index, [])}
        if sample.attempt_id and sample.attempt_id not in known:
            source = session.get(Attempt, sample.attempt_id)
            if source is not None:
                found.setdefault(sample.plan_index, []).insert(0, source)
    return found


class _Prompts:
    """The messages of each sample as they were sent, step by step as far as it came."""

    def __init__(
        self, workspace: Workspace, definition: TemplateDefinition, samples: Sequence[Sample]
    ) -> None:
        self._renderer = Renderer(definition)
        self._steps = [(step.name, step.title or step.name) for step in definition.steps]
        ids = [sample.chunk_id for sample in samples if sample.chunk_id is not None]
        self._chunks = chunk_mappings(workspace, ids, with_terms=reads_terms(definition))

    def of(self, sample: Sample, answer: Any) -> tuple[StepPrompt, ...]:
        chunk = self._chunks.get(sample.chunk_id or "")
        variables = sample.variables
        if not self._steps:
            return (StepPrompt("", self._renderer.messages(variables, chunk)),)
        known = answer if isinstance(answer, Mapping) else {}
        found = []
        for place, (name, title) in enumerate(self._steps):
            messages = self._renderer.messages(variables, chunk, step=place, output=known)
            found.append(StepPrompt(title, messages))
            if name not in known:
                break  # the next step was never asked
        return tuple(found)


def _sample(
    sample: Sample, attempts: list[Attempt], definition: TemplateDefinition, prompts: _Prompts
) -> PreviewSample:
    answer = _answer(sample, attempts, definition)
    costs = [attempt.cost_usd for attempt in attempts if attempt.cost_usd is not None]
    return PreviewSample(
        sample=sample,
        prompts=prompts.of(sample, answer),
        fields=tuple(field_verdicts(definition.output, answer)),
        answer=answer,
        calls=len(attempts),
        input_tokens=sum(attempt.input_tokens or 0 for attempt in attempts),
        output_tokens=sum(attempt.output_tokens or 0 for attempt in attempts),
        cost_usd=sum(costs, Decimal(0)) if costs else None,
        latency_ms=sum(attempt.latency_ms or 0 for attempt in attempts),
        is_reused=any(attempt.batch_id != sample.batch_id for attempt in attempts),
    )


def _answer(sample: Sample, attempts: Sequence[Attempt], definition: TemplateDefinition) -> Any:
    """The output; of a failed sample what its answers say, step by step where there are steps."""
    if sample.output is not None:
        return sample.output
    if not definition.steps:
        return _parsed(sample.raw_text)
    names = [step.name for step in definition.steps]
    told = {
        names[attempt.step]: _parsed(attempt.response_text or "")
        for attempt in attempts
        if attempt.state == "succeeded" and attempt.step < len(names)
    }
    return {name: value for name, value in told.items() if value is not None} or None


def _parsed(raw_text: str) -> Any:
    """What a failed answer says where it is an object: its fields can still be looked at."""
    try:
        value = parse_json(raw_text)
    except ValueError:
        return None
    return value if isinstance(value, Mapping) else None


def sums_of(samples: Sequence[PreviewSample]) -> PreviewSums:
    """The figures of one side, added up."""
    costs = [sample.cost_usd for sample in samples if sample.cost_usd is not None]
    scores = [s.sample.quality_score for s in samples if s.sample.quality_score is not None]
    n = len(samples)
    return PreviewSums(
        finished=n,
        compliant=sum(sample.is_compliant for sample in samples),
        accepted=sum(sample.sample.verdict == "accepted" for sample in samples),
        calls=sum(sample.calls for sample in samples),
        input_tokens=sum(sample.input_tokens for sample in samples),
        output_tokens=sum(sample.output_tokens for sample in samples),
        cost_usd=sum(costs, Decimal(0)) if costs else None,
        mean_latency_ms=sum(sample.latency_ms for sample in samples) / n if n else None,
        mean_score=sum(scores) / len(scores) if scores else None,
    )


def full_batch(workspace: Workspace, preview: Preview, n: int) -> FullBatch:
    """What n samples like the preview's would cost and take.

    Per sample every call counts, repairs and retries included; a reused answer with what it cost
    when it was asked.
    """
    samples = preview.samples
    priced = [float(s.cost_usd) for s in samples if s.cost_usd is not None]
    with workspace.read() as session:
        connection = session.get(Connection, preview.batch.connection)
    has_price = (
        connection is not None
        and find_price(workspace, connection, preview.batch.model) is not None
    )
    return FullBatch(
        n=n,
        measured=len(samples),
        cost_usd=total_of(priced, n) if has_price and len(priced) == len(samples) else None,
        seconds=time_of([s.latency_ms / 1000 for s in samples], n, ASSUMED_CONCURRENCY),
        input_tokens=total_of([float(s.input_tokens) for s in samples], n),
        output_tokens=total_of([float(s.output_tokens) for s in samples], n),
        cheaper=_cheaper(connection, preview, n) if connection and samples else (),
        basis=_basis(len(samples)),
    )


def _basis(measured: int) -> str:
    if measured == 0:
        return "Nothing was measured yet."
    if measured == 1:
        return "From one measured sample: it gives no range. Two or more do."
    return (
        f"From the tokens, costs and latencies of {measured} samples, repairs included: their mean "
        "times the plan, with a 95 % prediction interval from their spread (Student's t). Time "
        f"takes {ASSUMED_CONCURRENCY} calls in flight."
    )


def _cheaper(connection: Connection, preview: Preview, n: int) -> tuple[tuple[str, Decimal], ...]:
    """The same tokens at the prices of cheaper models; those may well need more of them."""
    usage = Usage(
        round(preview.sums.input_tokens / len(preview.samples)),
        output_tokens=round(preview.sums.output_tokens / len(preview.samples)),
    )
    return tuple(
        (name, to_usd(to_nano(price.cost(usage) * n)))
        for name, price in cheaper_models(connection, preview.batch.model, MOST_CHEAPER)
    )
