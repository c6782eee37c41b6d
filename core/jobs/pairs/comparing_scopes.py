"""Comparing any two scopes: the wish, the compute worker's part, and the result as it stands."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
from sqlalchemy import select

from core.db.ids import utc_now
from core.db.tables import Finding, PairReport, Sample
from core.db.workspace import Workspace
from core.errors import InvalidInput, SeedbedError
from core.insight.comparing.scopes import COMPARISON, ScopeComparison
from core.insight.records import Records, Scope, scope_of
from core.insight.row import owner_of
from core.jobs.pairs.pair_rows import find_pair, get_pair, pair_row
from core.jobs.running.queue import COMPUTE, enqueue

JOB: Final = "compare_scopes"
KIND: Final = "comparison"
PRIORITY: Final = 5  # before insight: somebody looks at the page
MOST_COMPARED: Final = 600  # texts of each side whose meaning is compared; half a minute of 2 cores
SEED: Final = 0

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class ScopeComparisonView:
    """A comparison as pages show it. `state` is "none" before the first request."""

    pair_report_id: str
    a: Scope
    b: Scope
    state: str  # none, queued, running, ready, failed
    message: str
    done: int  # texts embedded so far
    total: int
    report: ScopeComparison  # what was compared last; empty before
    computed_at: datetime | None

    @property
    def is_waiting(self) -> bool:
        """Whether a worker still has to do something."""
        return self.state in ("queued", "running")


def request_scope_comparison(workspace: Workspace, a_id: str, b_id: str) -> ScopeComparisonView:
    """Have a compute worker compare two scopes. Raises NotFound, InvalidInput for one scope."""
    if a_id == b_id:
        raise InvalidInput("Both sides are the same.", remedy="Choose two different scopes.")
    with workspace.write() as session:
        row = pair_row(session, KIND, a_id, b_id)
        row.state, row.message, row.done, row.total = "queued", "", 0, 0
        enqueue(workspace, session, COMPUTE, JOB, row.pair_report_id, PRIORITY)
        return _view(row)


def load_scope_comparison(workspace: Workspace, a_id: str, b_id: str) -> ScopeComparisonView:
    """The comparison as it stands. Raises NotFound for an unknown scope."""
    a, b = scope_of(a_id), scope_of(b_id)
    with workspace.read() as session:
        owner_of(session, a)
        owner_of(session, b)
        row = find_pair(session, KIND, a_id, b_id)
    if row is None:
        return ScopeComparisonView("", a, b, "none", "", 0, 0, ScopeComparison(), None)
    return _view(row)


def get_scope_comparison(workspace: Workspace, pair_report_id: str) -> ScopeComparisonView:
    """The comparison of that id. Raises NotFound."""
    with workspace.read() as session:
        row, _, _ = get_pair(session, pair_report_id)
    return _view(row)


def list_scope_comparisons(
    workspace: Workspace, *, limit: int = 50, offset: int = 0
) -> list[ScopeComparisonView]:
    """Comparisons, newest first."""
    with workspace.read() as session:
        rows = session.scalars(
            select(PairReport)
            .where(PairReport.kind == KIND)
            .order_by(PairReport.created_at.desc(), PairReport.pair_report_id.desc())
            .limit(limit)
            .offset(offset)
        ).all()
    return [_view(row) for row in rows]


def _view(row: PairReport) -> ScopeComparisonView:
    return ScopeComparisonView(
        row.pair_report_id, scope_of(row.left_id), scope_of(row.right_id), row.state, row.message,
        row.done, row.total, COMPARISON.validate_python(row.report or {}), row.computed_at,
    )  # fmt: skip


def compare_scopes(
    workspace: Workspace, pair_report_id: str, on_progress: Progress | None = None
) -> str:
    """Bring a comparison up to date. Returns ready or failed.

    May be killed at any line: vectors are kept as they come, the result appears at the end. A
    Seedbed error marks the row as failed. Raises NotFound for an unknown pair.
    """
    with workspace.write() as session:
        row, a, b = get_pair(session, pair_report_id)
        row.state, row.message = "running", ""

    def tell(done: int, total: int) -> None:
        _set(workspace, pair_report_id, done=done, total=total)
        if on_progress is not None:
            on_progress(done, total)

    try:
        found = _compared(workspace, a, b, tell)
    except SeedbedError as error:
        _set(workspace, pair_report_id, state="failed", message=str(error))
        return "failed"
    except Exception as error:
        message = f"Unexpected {type(error).__name__}."
        _set(workspace, pair_report_id, state="failed", message=message)
        raise
    _set(
        workspace, pair_report_id, state="ready", computed_at=utc_now(),
        report=COMPARISON.dump_python(found, mode="json"),
    )  # fmt: skip
    return "ready"


def _set(workspace: Workspace, pair_report_id: str, **values: object) -> None:
    with workspace.write() as session:
        row, _, _ = get_pair(session, pair_report_id)
        for name, value in values.items():
            setattr(row, name, value)


def _compared(workspace: Workspace, a: Scope, b: Scope, tell: Progress) -> ScopeComparison:
    from core.insight.comparing.scopes import Drawn, compare_records
    from core.insight.comparing.size_matched import pool_of
    from core.jobs.records import read_records
    from core.quality.registry import CHECKS
    from core.text.embedding.embeddings import EmbeddingStore, embed_missing
    from core.text.hashing import text_hash

    left, right = read_records(workspace, a), read_records(workspace, b)
    defects = (defects_of(workspace, left), defects_of(workspace, right))
    model = workspace.settings.embedding_model
    size = min(MOST_COMPARED, len(left), len(right))
    rows = (_drawn(len(left), size), _drawn(len(right), size))
    whole = (left.texts(), right.texts())
    a_texts, b_texts = (
        [side[row] for row in chosen] for side, chosen in zip(whole, rows, strict=True)
    )
    store = EmbeddingStore(workspace.folder("embeddings"), model)
    texts = [*a_texts, *b_texts]
    hashes = [text_hash(text) for text in texts]
    embed_missing(store, dict(zip(hashes, texts, strict=True)), tell)
    vectors = store.load(hashes) if hashes else np.zeros((0, 1), dtype=np.float32)
    labels = {name: name.replace("_", " ").capitalize() for name in CHECKS}
    drawn = Drawn(*rows, pool_of(a_texts, b_texts, vectors))
    return compare_records(left, right, defects, drawn, model, labels)


def _drawn(n: int, size: int) -> list[int]:
    chosen = np.random.default_rng(SEED).choice(n, size, replace=False) if size < n else range(n)
    return sorted(int(i) for i in chosen)


def defects_of(workspace: Workspace, records: Records) -> dict[str, int]:
    """Samples of these records with a finding below full score, by check."""
    if records.scope.kind == "source":
        return {}
    ids = set(records.ids)
    # A sample's id names its batch; see `sample_id_of`.
    batches = sorted({f"bat_{i.removeprefix('smp_').rpartition('_')[0]}" for i in ids})
    counts: Counter[str] = Counter()
    with workspace.read() as session:
        for batch_id in batches:
            found = session.execute(
                select(Finding.sample_id, Finding.check)
                .join(Sample, Sample.sample_id == Finding.sample_id)
                .where(Sample.batch_id == batch_id, Finding.score < 1)
            )
            counts.update(check for sample_id, check in found if sample_id in ids)
    return dict(counts)
