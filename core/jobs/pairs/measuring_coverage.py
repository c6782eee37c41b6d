"""Coverage of a reference, measured by a compute worker.

It is measured twice, first on a small part of both sides, so that something is there soon. Vectors
are kept, so a run that was killed goes on where it stopped.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, NamedTuple

import numpy as np

from core.db.ids import utc_now
from core.db.workspace import Workspace
from core.errors import NotFound, SeedbedError
from core.insight.coverage.fills import Fill, fills_of
from core.insight.coverage.reference_report import (
    REPORT,
    VERSION,
    Part,
    ReferenceReport,
    Texts,
    reference_report,
)
from core.insight.records import Records, Scope
from core.jobs.pairs.pair_rows import find_pair, get_pair
from core.jobs.pairs.reference_coverage import JOB
from core.jobs.running.queue import COMPUTE, enqueue, live_jobs
from core.text.hashing import canonical_hash, text_hash

FIRST_USED: Final = 1_000  # texts of each side that the first figures rest on
MOST_USED: Final = 5_000
BACKGROUND: Final = 100  # priority of what goes on by itself
SEED: Final = 0

Progress = Callable[[int, int], None]


def measure_now(
    workspace: Workspace, scope_id: str, reference_id: str, on_progress: Progress | None = None
) -> str:
    """Measure a pair that was asked for, in this process and to the end. Raises NotFound."""
    with workspace.read() as session:
        row = find_pair(session, "coverage", scope_id, reference_id)
    if row is None:
        raise NotFound("coverage of the reference", reference_id)
    return measure_coverage(workspace, row.pair_report_id, on_progress)


def measure_coverage(
    workspace: Workspace, pair_report_id: str, on_progress: Progress | None = None, *,
    in_slices: bool = False,
) -> str:  # fmt: skip
    """Bring a pair's report up to date. Returns ready, waiting or failed.

    In slices, the small first part lets other jobs pass before the rest. A Seedbed error marks the
    row as failed. Raises NotFound for an unknown pair.
    """
    measuring = _Measuring(workspace, pair_report_id, on_progress)
    try:
        return measuring.run(in_slices=in_slices)
    except NotFound:
        raise
    except SeedbedError as error:
        measuring.fail(str(error))
        return "failed"
    except Exception as error:
        measuring.fail(f"Unexpected {type(error).__name__}.")
        raise


class _Measuring:
    """One pair on its way."""

    def __init__(
        self, workspace: Workspace, pair_report_id: str, on_progress: Progress | None
    ) -> None:
        self._workspace, self._id, self._on_progress = workspace, pair_report_id, on_progress
        self._fills: list[Fill] = []

    def run(self, *, in_slices: bool) -> str:
        from core.text.embedding.embeddings import EmbeddingStore

        known, known_hash = self._begin()
        self._read(known.part)
        model = self._workspace.settings.embedding_model
        identity = canonical_hash([VERSION, model, known.part, *map(list, self._sides)])
        is_current = known_hash == identity
        if is_current and known.is_whole:
            return self._finish()
        store = EmbeddingStore(self._workspace.folder("embeddings"), model)
        # What was whole before stays so: its regions are those that a batch was aimed at.
        has_first_part = is_current or known.is_whole
        for size in (MOST_USED,) if has_first_part else (FIRST_USED, MOST_USED):
            is_last = size == MOST_USED or max(map(len, self._sides)) <= size
            self._store(self._measured(store, size, known.part, is_last), identity)
            if is_last:
                break
            if in_slices:
                return self._go_on_later()
        return self._finish()

    def _begin(self) -> tuple[ReferenceReport, str]:
        """The report as it is stored, and of which texts it is; the row is running now."""
        with self._workspace.write() as session:
            row, self._left, self._reference = get_pair(session, self._id)
            row.state, row.message = "running", ""
            self._fills = [
                fill for fill in fills_of(session, self._left.id)
                if fill.reference_id == self._reference.id and fill.state == "completed"
            ]  # fmt: skip
            return REPORT.validate_python(row.report or {}), row.input_hash

    def _read(self, part: Part) -> None:
        from core.jobs.records import read_records

        scopes = [self._left, self._reference]
        scopes += [Scope("batch", fill.batch_id) for fill in self._fills]
        left, reference, *fills = (
            _texts_of(read_records(self._workspace, scope), part) for scope in scopes
        )
        self._sides = _Sides(left, reference, [text for texts in fills for text in texts])

    def _measured(self, store: Any, size: int, part: Part, is_last: bool) -> ReferenceReport:
        sides = self._sides
        rate = min(1.0, size / max(len(sides.left), 1))
        chosen = [
            _drawn(sides.left, size), _drawn(sides.reference, size),
            _drawn(sides.fills, round(rate * len(sides.fills))),
        ]  # fmt: skip
        ids = (self._left.id, self._reference.id, self._left.id)
        left, reference, fills = (
            Texts(scope_id, count, texts, found)
            for scope_id, count, texts, found in zip(
                ids, map(len, sides), chosen, self._embedded(store, chosen), strict=True
            )
        )
        report = reference_report(left, reference, fills, part=part, embedding_model=store.model)
        return replace(
            report, is_whole=is_last, fill_batch_ids=[fill.batch_id for fill in self._fills]
        )

    def _embedded(self, store: Any, groups: list[list[str]]) -> list[Any]:
        """Vectors of each group's texts; only what the store lacks goes through the model."""
        from core.text.embedding.embeddings import embed_missing

        hashes = [[text_hash(text) for text in group] for group in groups]
        wanted = {
            key: text
            for keys, group in zip(hashes, groups, strict=True)
            for key, text in zip(keys, group, strict=True)
        }
        embed_missing(store, wanted, self._tell)
        empty = np.zeros((0, max(store.dimension, 1)), dtype=np.float32)
        return [store.load(keys) if keys else empty for keys in hashes]

    def _tell(self, done: int, total: int) -> None:
        with self._workspace.write() as session:
            row, _, _ = get_pair(session, self._id)
            row.done, row.total = done, total
        if self._on_progress is not None:
            self._on_progress(done, total)

    def _store(self, report: ReferenceReport, identity: str) -> None:
        with self._workspace.write() as session:
            row, _, _ = get_pair(session, self._id)
            row.report, row.input_hash = REPORT.dump_python(report, mode="json"), identity
            row.computed_at = utc_now()

    def _finish(self) -> str:
        with self._workspace.write() as session:
            row, _, _ = get_pair(session, self._id)
            row.state, row.message = "ready", ""
        return "ready"

    def fail(self, message: str) -> None:
        with self._workspace.write() as session:
            row, _, _ = get_pair(session, self._id)
            row.state, row.message = "failed", message

    def _go_on_later(self) -> str:
        if not any(j.state == "waiting" for j in live_jobs(self._workspace, JOB, self._id)):
            with self._workspace.write() as session:
                enqueue(self._workspace, session, COMPUTE, JOB, self._id, BACKGROUND)
        return "waiting"


class _Sides(NamedTuple):
    """All texts of each population."""

    left: list[str]
    reference: list[str]
    fills: list[str]


def _texts_of(records: Records, part: Part) -> list[str]:
    """What is compared of each record; empty texts and rejected samples are left out.

    Where one side has no such part, as a document's chunks have no input, its whole text counts.
    """
    whole = records.texts()
    chosen = {"inputs": records.inputs, "responses": records.responses}.get(part, whole)
    for texts in (chosen, whole):
        found = [
            text
            for text, verdict in zip(texts, records.verdicts, strict=True)
            if text.strip() and verdict != "rejected"
        ]
        if found:
            return found
    return []


def _drawn(texts: list[str], size: int) -> list[str]:
    """At most that many of the texts, each equally likely, in their order."""
    if len(texts) <= size:
        return list(texts)
    chosen = np.random.default_rng(SEED).choice(len(texts), size, replace=False)
    return [texts[i] for i in np.sort(chosen)]
