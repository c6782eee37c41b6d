"""The insight report of a batch: computed once per set of texts, read by pages and the API.

Corrections do not enter: a sample's text never changes, so a report stays true until samples are
added. Verdicts and scores do change, and are joined to the map when it is read.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select

from core.db.ids import utc_now
from core.db.tables import Batch, InsightReport, Sample, TemplateVersion
from core.db.workspace import Workspace
from core.errors import NotFound, SeedbedError
from core.generation.missing import plan_of
from core.insight.contents import (
    CONTENTS,
    REPORT_VERSION,
    Bias,
    ClusterRow,
    Coverage,
    InsightContents,
    MetricValue,
    ProjectionNote,
)
from core.insight.groups import group_specs
from core.insight.map import MapField, load_map, map_fields
from core.insight.mapfile import map_name, remove_older_maps, write_map
from core.insight.measuring import Material, measure
from core.insight.metrics import METRICS
from core.insight.row import fail_insight, report_row
from core.insight.wordlists import WordList, word_lists
from core.templates.versions import load_definition
from core.text.embeddings import EmbeddingStore, embed_missing
from core.text.hashing import canonical_hash, text_hash

__all__ = [
    "InsightView",
    "MapField",
    "compute_insight",
    "load_insight",
    "load_map",
    "map_fields",
]

PROGRESS_EVERY_S = 0.5

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class InsightView:
    """A batch's report as pages show it. `state` is "none" before the first request."""

    batch_id: str
    state: str  # none, queued, running, ready, failed
    message: str  # why it failed, or that the samples are too few
    done: int  # samples embedded so far
    total: int
    is_stale: bool  # samples were added since it was computed
    samples: int  # samples that the report covers; the fields below stay while it is recomputed
    embedding_model: str
    metrics: dict[str, MetricValue]  # by name, in the order of METRICS; empty until ready once
    clusters: list[ClusterRow]
    projection: ProjectionNote | None
    coverage: Coverage | None
    bias: Bias
    computed_at: datetime | None


@dataclass(frozen=True)
class _Input:
    material: Material
    input_hash: str


def compute_insight(
    workspace: Workspace, batch_id: str, on_progress: Progress | None = None
) -> None:
    """Brings the batch's report up to date; does nothing where its texts are unchanged.

    Runs in a compute worker and may be killed at any line: embeddings are kept as they come, and
    the report and its map appear together at the end. A Seedbed error marks the report as failed
    and is raised again. Raises NotFound for an unknown batch.
    """
    try:
        found = _read_input(workspace, batch_id)
        if not _is_unchanged(workspace, batch_id, found.input_hash):
            _compute(workspace, batch_id, found, on_progress)
    except NotFound:
        raise
    except SeedbedError as error:
        fail_insight(workspace, batch_id, str(error))
        raise


def _compute(
    workspace: Workspace, batch_id: str, found: _Input, on_progress: Progress | None
) -> None:
    report = _Reporter(workspace, batch_id, len(found.material.texts), on_progress)
    report.advance(0, force=True)
    lists: Sequence[WordList] = word_lists() if found.material.texts else ()
    words = list(dict.fromkeys(word for word_list in lists for word in word_list.words()))
    store = EmbeddingStore(workspace.folder("embeddings"), workspace.settings.embedding_model)
    vectors = _embedded(store, found.material.texts, report)
    word_vectors = dict(zip(words, _embedded(store, words), strict=True))
    contents, frame = measure(found.material, vectors, lists, word_vectors)

    folder, name = workspace.folder("insight"), map_name(batch_id, found.input_hash)
    write_map(folder, name, frame)
    _store(workspace, batch_id, found, contents, name)
    remove_older_maps(folder, batch_id, name)
    report.finish()


def _embedded(
    store: EmbeddingStore, texts: Sequence[str], report: "_Reporter | None" = None
) -> NDArray[np.float32]:
    """Vectors of the texts, (n, d); only texts that the store lacks go through the model."""
    if not texts:
        return np.zeros((0, 1), dtype=np.float32)
    hashes = [text_hash(text) for text in texts]
    row_of: dict[str, int] = {}
    rows = [row_of.setdefault(key, len(row_of)) for key in hashes]

    def on_texts(done: int, total: int) -> None:
        if report is not None:
            report.advance(round(done / total * len(texts)))

    embed_missing(store, dict(zip(hashes, texts, strict=True)), on_texts)
    vectors: NDArray[np.float32] = store.load(list(row_of))[rows]
    return vectors


class _Reporter:
    """Tells the database and the caller how many samples are embedded, now and then."""

    def __init__(
        self, workspace: Workspace, batch_id: str, total: int, on_progress: Progress | None
    ) -> None:
        self.total = total
        self._workspace, self._batch_id = workspace, batch_id
        self._on_progress = on_progress
        self._next_s = 0.0

    def advance(self, done: int, *, force: bool = False) -> None:
        if not force and monotonic() < self._next_s:
            return
        self._next_s = monotonic() + PROGRESS_EVERY_S
        with self._workspace.write() as session:
            row = report_row(session, self._batch_id)
            row.done, row.total = min(done, self.total), self.total
            row.state, row.message = "running", ""
        self._tell(min(done, self.total))

    def finish(self) -> None:
        """The report itself is stored; only the caller is still to be told."""
        self._tell(self.total)

    def _tell(self, done: int) -> None:
        if self._on_progress is not None:
            self._on_progress(done, self.total)


def _read_input(workspace: Workspace, batch_id: str) -> _Input:
    columns = (Sample.sample_id, Sample.input, Sample.response, Sample.variables)
    with workspace.read() as session:
        batch = session.get(Batch, batch_id)
        if batch is None:
            raise NotFound("batch", batch_id)
        version = session.get_one(TemplateVersion, batch.template_version_id)
        samples = session.execute(
            select(*columns).where(*_generated(batch_id)).order_by(Sample.plan_index)
        ).all()
    definition = load_definition(version)
    texts = [f"{sample.input}\n{sample.response}" for sample in samples]
    model = workspace.settings.embedding_model
    material = Material(
        sample_ids=[sample.sample_id for sample in samples],
        texts=texts,
        variables=[sample.variables for sample in samples],
        cells=plan_of(workspace, batch, definition).cells(),
        specs=group_specs(definition),
        embedding_model=model,
    )
    identity: list[Any] = [REPORT_VERSION, model, version.content_hash, batch.n, batch.seed]
    identity += [word_list.model_dump(mode="json") for word_list in word_lists()]
    identity += [[s.sample_id, text_hash(t)] for s, t in zip(samples, texts, strict=True)]
    return _Input(material, canonical_hash(identity))


def _generated(batch_id: str) -> tuple[Any, ...]:
    return Sample.batch_id == batch_id, Sample.state == "generated"


def _is_unchanged(workspace: Workspace, batch_id: str, input_hash: str) -> bool:
    """Whether the stored report is of these texts; if so it is ready, whatever it said before."""
    with workspace.write() as session:
        row = session.get(InsightReport, batch_id)
        if row is None or row.input_hash != input_hash or row.map_file is None:
            return False
        if not (workspace.folder("insight") / row.map_file).exists():
            return False
        row.state, row.message, row.done = "ready", row.report.get("too_few", ""), row.total
        return True


def _store(
    workspace: Workspace, batch_id: str, found: _Input, contents: InsightContents, map_file: str
) -> None:
    with workspace.write() as session:
        row = report_row(session, batch_id)
        row.state, row.message = "ready", contents.too_few
        row.done = row.total = contents.samples
        row.report = CONTENTS.dump_python(contents, mode="json")
        row.map_file, row.input_hash = map_file, found.input_hash
        row.computed_at = utc_now()


def load_insight(workspace: Workspace, batch_id: str) -> InsightView:
    """The report as it stands, with state "none" where none was asked for.

    Raises NotFound for an unknown batch.
    """
    with workspace.read() as session:
        if session.get(Batch, batch_id) is None:
            raise NotFound("batch", batch_id)
        row = session.get(InsightReport, batch_id) or InsightReport(
            scope_id=batch_id, state="none", message="", done=0, total=0, report={}
        )
        present = session.scalar(
            select(func.count()).select_from(Sample).where(*_generated(batch_id))
        )
    contents = CONTENTS.validate_python(row.report or {})
    return InsightView(
        batch_id=batch_id,
        state=row.state,
        message=row.message,
        done=row.done,
        total=row.total,
        is_stale=row.computed_at is not None and present != contents.samples,
        samples=contents.samples,
        embedding_model=contents.embedding_model,
        # PostgreSQL keeps the keys of a JSON object in an order of its own.
        metrics={name: contents.metrics[name] for name in METRICS if name in contents.metrics},
        clusters=contents.clusters,
        projection=contents.projection,
        coverage=contents.coverage,
        bias=contents.bias,
        computed_at=row.computed_at,
    )
