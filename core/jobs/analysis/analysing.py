"""The analysis of a scope: what a compute worker does until the report is whole.

It goes by stages, each stored as it is reached: a first look by words alone; a sample of
embeddings; all of them, in slices that let other jobs pass; then what rests on every embedding.
Any of it may be killed at any line: the report's row says which texts it is about and how far it
is, and a vector that was stored is never made again.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from core.db.tables import InsightReport
from core.db.workspace import Workspace
from core.errors import NotFound, SeedbedError
from core.insight.bias.own_wordlists import project_lists
from core.insight.bias.wordlists import WordList
from core.insight.contents import REPORT_VERSION, InsightContents
from core.insight.diversity.sampling import stratified_rows
from core.insight.mapping.mapfile import read_map
from core.insight.measuring import Material, first_look, full_look, sampled_look
from core.insight.records import scope_of
from core.insight.row import fail_insight, owner_of, report_row
from core.insight.storing import load_contents, store_contents, store_report
from core.jobs.analysis.checks import AFTER_EMBEDDING, BEFORE_EMBEDDING, Check
from core.jobs.analysis.memory import give_back
from core.jobs.analysis.outcome_refresh import refresh_outcomes
from core.jobs.analysis.progress import Progress, Reporter
from core.jobs.records import read_material
from core.text.embedding.embeddings import EmbeddingStore, embed_missing
from core.text.hashing import canonical_hash, text_hash

FIRST_EMBEDDED: Final = 1_500  # texts of the first sample: about half a minute of two cores
SHARPER: Final = 2  # the figures are made again whenever the sample has grown by this factor
FEW_MISSING: Final = 256  # embedded before anybody could read a first look
SEED: Final = 0

Outcome = Literal["ready", "waiting"]  # waiting: other jobs pass, and another slice goes on
Vectors = NDArray[np.float32]


def never() -> bool:
    """For who has the machine to himself: nobody waits."""
    return False


def nothing_more(session: Session, row: InsightReport) -> None:
    """For who asks for the report alone."""


def compute_insight(
    workspace: Workspace, scope_id: str, on_progress: Progress | None = None
) -> None:
    """Brings a scope's findings and report up to date, in this process and to the end.

    Does nothing where the texts are unchanged. A Seedbed error marks the report as failed and is
    raised again. Raises NotFound for an unknown scope.
    """
    Analysis(workspace, scope_id, on_progress=on_progress).run()


class Analysis:
    """One slice of a scope's analysis: does what is missing until it is whole or others wait."""

    def __init__(
        self,
        workspace: Workspace,
        scope_id: str,
        *,
        must_yield: Callable[[], bool] = never,
        on_progress: Progress | None = None,
        on_ready: Callable[[Session, InsightReport], None] = nothing_more,
    ) -> None:
        self.workspace = workspace
        self.scope = scope_of(scope_id)
        self.must_yield = must_yield
        self._on_progress = on_progress
        self._on_ready = on_ready
        self._has_checked = False

    def run(self) -> Outcome:
        """How far it came. Raises NotFound, and every Seedbed error after marking the failure."""
        try:
            return self._run()
        except NotFound:
            raise
        except SeedbedError as error:
            fail_insight(self.workspace, self.scope.id, str(error))
            raise

    def _run(self) -> Outcome:
        row = self._begin()
        is_complete = self._is_current(row) and row.stage == "complete"
        if not is_complete and self._needs_first_look(row):
            contents, frame = first_look(self.material)
            store_report(self.workspace, self.scope.id, self.input_hash, "lexical", contents, frame)
            self.reporter.advance(self._embedded(), force=True)
            del contents, frame
            give_back()
        if not is_complete and not self._embed_up_to(FIRST_EMBEDDED):
            return "waiting"
        if not self._check(BEFORE_EMBEDDING):
            return "waiting"
        if not is_complete:
            if not self._embed_all():
                return "waiting"
            self.reporter.advance(len(self.hashes), force=True)
            contents, frame = full_look(
                self.material, self.load_all(), self.lists, self._word_vectors()
            )
            store_report(
                self.workspace, self.scope.id, self.input_hash, "complete", contents, frame
            )
        if not self._check(AFTER_EMBEDDING):
            return "waiting"
        refresh_outcomes(self.workspace, self.scope)
        self._finish()
        return "ready"

    @property
    def batch_id(self) -> str:
        """The batch, of which checks look at every sample."""
        return self.scope.id

    @cached_property
    def material(self) -> Material:
        """The scope's texts and what belongs to them, read once a slice."""
        return read_material(self.workspace, self.scope)

    @cached_property
    def lists(self) -> Sequence[WordList]:
        """Word lists that associations are measured with; none without texts."""
        return self._known_lists() if self.material.texts else ()

    def _known_lists(self) -> Sequence[WordList]:
        with self.workspace.read() as session:
            project_id = owner_of(session, self.scope).project_id
        return project_lists(self.workspace, project_id=project_id)

    @cached_property
    def hashes(self) -> list[str]:
        """The key of each record's text in the store."""
        return [text_hash(text) for text in self.material.texts]

    @cached_property
    def store(self) -> EmbeddingStore:
        """The vectors of the workspace's model."""
        return EmbeddingStore(self.workspace.folder("embeddings"), self.material.embedding_model)

    @cached_property
    def input_hash(self) -> str:
        """What the report is about: texts, model, grid, groups and word lists."""
        material = self.material
        identity: list[Any] = [REPORT_VERSION, material.embedding_model]
        identity += [[dict(cell.values), cell.planned] for cell in material.cells]
        identity += [[spec.variable, spec.target, spec.is_assumed] for spec in material.specs]
        identity += [one.model_dump(mode="json") for one in self._known_lists()]
        identity += [list(pair) for pair in zip(material.records.ids, self.hashes, strict=True)]
        return canonical_hash(identity)

    @cached_property
    def reporter(self) -> Reporter:
        """Who tells how far the embedding is."""
        return Reporter(self.workspace, self.scope.id, len(self.hashes), self._on_progress)

    @cached_property
    def order(self) -> list[int]:
        """Every record in the order of embedding: any beginning of it stands for all.

        First a sample stratified by the regions of the map, then the others as their hashes fall.
        """
        first = stratified_rows(self._strata(), FIRST_EMBEDDED, SEED).tolist()
        taken = set(first)
        rest = (i for i in range(len(self.hashes)) if i not in taken)
        return [*first, *sorted(rest, key=self.hashes.__getitem__)]

    def _begin(self) -> InsightReport:
        """The row, now running; a new request has the checks look again."""
        with self.workspace.write() as session:
            row = report_row(session, self.scope.id)
            if row.state != "running":
                contents = load_contents(row)
                store_contents(row, replace(contents, passed={}))
            row.state, row.message = "running", ""
        self.reporter.advance(self._embedded(), force=True)
        return row

    def _is_current(self, row: InsightReport) -> bool:
        """Whether the stored report is of these texts and its map is there."""
        has_map = (
            row.map_file is not None and (self.workspace.folder("insight") / row.map_file).exists()
        )
        return has_map and row.input_hash == self.input_hash

    def _needs_first_look(self, row: InsightReport) -> bool:
        if self._is_current(row) or not self.hashes:
            return False
        missing = len(self.store.missing(self.hashes))
        return missing > FEW_MISSING or (row.computed_at is None and missing > 0)

    def _check(self, checks: Sequence[Check]) -> bool:
        """Whether each of the checks that look at a whole batch has seen these texts."""
        if self.scope.kind != "batch":
            return True
        for check in checks:
            if self._contents().passed.get(check.name) == self.input_hash:
                continue
            if self._has_checked and self.must_yield():
                return False
            self._has_checked = True  # every slice does something, however many wait
            if not check.run(self):
                return False
            self.__dict__.pop("material", None)  # verdicts and languages may have changed
            give_back()
            with self.workspace.write() as session:
                row = report_row(session, self.scope.id)
                contents = load_contents(row)
                passed = {**contents.passed, check.name: self.input_hash}
                store_contents(row, replace(contents, passed=passed))
        return True

    def _contents(self) -> InsightContents:
        with self.workspace.read() as session:
            return load_contents(report_row(session, self.scope.id))

    def _embed_all(self) -> bool:
        """Whether every text has its vector; False when others wait."""
        target = FIRST_EMBEDDED
        while target < len(self.hashes):
            target *= SHARPER
            if not self._embed_up_to(target):
                return False
        return True

    def _embed_up_to(self, target: int) -> bool:
        """Whether the first texts, in the order of embedding, have vectors and were measured."""
        part = [self.hashes[i] for i in self.order[:target]]
        if not self._embed(part):
            return False
        if len(part) < len(self.hashes):
            self._sharpen(part)
        return True

    def _sharpen(self, part: Sequence[str]) -> None:
        """Store what the sample says by now; not where it said it before."""
        with self.workspace.read() as session:
            row = report_row(session, self.scope.id)
        contents = load_contents(row)
        if row.input_hash != self.input_hash or contents.embedded >= len(part):
            return
        sharper = sampled_look(contents, self._load(part), len(self.hashes))
        store_report(self.workspace, self.scope.id, self.input_hash, "sampled", sharper)

    def _embed(self, hashes: Sequence[str]) -> bool:
        """Whether these all have vectors now; False when others wait."""
        text_of = dict(zip(self.hashes, self.material.texts, strict=True))

        def on_progress(*_: int) -> None:
            give_back()
            self.reporter.advance(self._embedded())

        embed_missing(
            self.store, {key: text_of[key] for key in hashes},
            on_progress=on_progress, is_stopping=self.must_yield,
        )  # fmt: skip
        return not self.store.missing(hashes)

    def _embedded(self) -> int:
        """Records whose text has a vector."""
        missing = set(self.store.missing(self.hashes))
        return sum(key not in missing for key in self.hashes)

    def _strata(self) -> NDArray[np.int64]:
        """The region of each record on the map as it is; one for all where there is none."""
        with self.workspace.read() as session:
            row = report_row(session, self.scope.id)
        if self._is_current(row) and row.map_file is not None:
            frame = read_map(self.workspace.folder("insight") / row.map_file)
            return frame["cluster"].to_numpy(dtype=np.int64)
        return np.zeros(len(self.hashes), dtype=np.int64)

    def _load(self, hashes: Sequence[str]) -> Vectors:
        """The vectors of these texts, (n, d); an empty one has a row of width 1."""
        return self.store.load(hashes) if hashes else np.zeros((0, 1), dtype=np.float32)

    def load_all(self) -> Vectors:
        """The vector of every record, (n, d) float32. Raises KeyError before all are embedded."""
        return self._load(self.hashes)

    def load_texts(self, texts: Sequence[str]) -> Vectors:
        """The vectors of texts, (n, d) float32; those that have none are embedded now."""
        hashes = [text_hash(text) for text in texts]
        embed_missing(self.store, dict(zip(hashes, texts, strict=True)))
        return self._load(hashes)

    def _word_vectors(self) -> dict[str, NDArray[np.float32]]:
        words = list(dict.fromkeys(w for word_list in self.lists for w in word_list.words()))
        hashes = [text_hash(word) for word in words]
        embed_missing(self.store, dict(zip(hashes, words, strict=True)))
        return dict(zip(words, self._load(hashes), strict=True))

    def _finish(self) -> None:
        with self.workspace.write() as session:
            row = report_row(session, self.scope.id)
            row.state, row.message = "ready", load_contents(row).too_few
            row.done = row.total = len(self.hashes)
            row.rate_per_s = 0.0
            self._on_ready(session, row)
        self.reporter.finish()
