"""The dear checks of a batch: language, personal data, toxicity, groundedness.

Runs in a compute worker, in blocks that are each one short transaction: what is left to do is what
has an older `examined`, so it may be killed at any line and run again. A new version of a check
raises EXAMINATION_VERSION, and everything is looked at anew.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.orm import Session

from core.db.ids import utc_now
from core.db.tables import Batch, Chunk, Finding, Sample, WordList
from core.db.workspace import Workspace
from core.quality.check import CheckResult, Subject, Surroundings
from core.quality.expected_languages import Expectation, codes_in, codes_named, habit_of, likely
from core.quality.registry import CHECKS
from core.quality.rescoring import rescore
from core.quality.thresholds.settings import batch_and_version, check_settings
from core.quality.toxic_words import ToxicWords, own_list
from core.templates.definition import CheckSettings
from core.text.language import LanguageReader

EXAMINATION_VERSION: Final = 1
BLOCK: Final = 1_000  # samples that are examined and committed together
PROBED: Final = 300  # samples that show what language a batch keeps to
IDS_PER_STATEMENT: Final = 500  # databases bound the number of values in one statement


class _Row(NamedTuple):
    sample_id: str
    plan_index: int
    input: str
    response: str
    variables: dict[str, Any]
    chunk_id: str | None


def examine(
    workspace: Workspace,
    batch_id: str,
    *,
    is_stopping: Callable[[], bool] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    again: bool = False,
) -> int:
    """Run the dear checks on every generated sample that they have not seen; returns how many.

    Stores findings and each sample's language, and scores again what changed; reviewed samples keep
    verdict and score. `on_progress` gets the samples done and all there are. `again` looks at all
    of them once more, after the project's word lists changed. Raises NotFound.
    """
    if again:
        _forget(workspace, batch_id)
    examination = _prepare(workspace, batch_id)
    total, left = _counts(workspace, batch_id)
    done = 0
    while left and not (is_stopping is not None and is_stopping()):
        rows = _next_block(workspace, batch_id)
        if not rows:
            break
        examination.examine(rows)
        done += len(rows)
        if on_progress is not None:
            on_progress(min(total, total - left + done), total)
    return done


class Examination:
    """The dear checks, ready for the blocks of one batch."""

    def __init__(
        self,
        workspace: Workspace,
        batch: Batch,
        limits: CheckSettings,
        toxic_words: ToxicWords,
        probe: Sequence[_Row],
        needs_source: bool,
    ) -> None:
        self._workspace, self._batch, self._limits = workspace, batch, limits
        self._needs_source = needs_source  # the template demands a source
        self._toxic_words = toxic_words
        self._checks = [check for check in CHECKS.values() if check.stage == "dear"]
        named = codes_named(limits.languages, {}).union(
            *(codes_named(limits.languages, row.variables) for row in probe),
            *(codes_in(row.variables) for row in probe),
        )
        self._reader = LanguageReader(sorted(named))
        inputs = self._reader.read([row.input for row in probe])
        responses = self._reader.read([row.response for row in probe])
        self._expected = Expectation(limits, habit_of(inputs, responses))

    def examine(self, rows: Sequence[_Row]) -> None:
        """Examine these samples and commit what was found."""
        chunks = self._chunks(rows)
        inputs = self._reader.read([row.input for row in rows])
        responses = self._reader.read([row.response for row in rows])
        of_chunks = dict(zip(chunks, self._reader.read(list(chunks.values())), strict=True))
        found: dict[str, list[CheckResult]] = {}
        for row, of_input, of_response in zip(rows, inputs, responses, strict=True):
            around = Surroundings(
                toxic_words=self._toxic_words,
                variables=_planned(row.variables),
                chunk=chunks.get(row.chunk_id or "", ""),
                languages=of_response,
                chunk_languages=of_chunks.get(row.chunk_id or "", {}),
                expected=self._expected.of(row.variables, of_input),
            )
            found[row.sample_id] = self._results(row, around)
        languages = {
            row.sample_id: likely(of_response) or likely(of_input)
            for row, of_input, of_response in zip(rows, inputs, responses, strict=True)
        }
        with self._workspace.write() as session:
            self._store(session, found, languages)

    def _results(self, row: _Row, around: Surroundings) -> list[CheckResult]:
        subject = Subject(None, row.input, row.response, "", (), surroundings=around)
        results = []
        for check in self._checks:
            assert check.measure is not None
            value, evidence = check.measure(subject)
            if value != check.clean:
                rating = check.rate(value, self._limits)
                results.append(CheckResult(check.name, value, rating, evidence))
        return results

    def _chunks(self, rows: Sequence[_Row]) -> dict[str, str]:
        """The source texts that these samples must keep to, by chunk id.

        An import is its source and needs none; of a template that does not demand a source, a chunk
        is only what gave the idea.
        """
        ids = sorted({row.chunk_id for row in rows if row.chunk_id})
        if self._batch.kind == "import" or not self._needs_source or not ids:
            return {}
        found = {}
        with self._workspace.read() as session:
            for part in _parts(ids):
                statement = select(Chunk.chunk_id, Chunk.heading, Chunk.text)
                for key, heading, text in session.execute(
                    statement.where(Chunk.chunk_id.in_(part))
                ):
                    found[key] = f"{heading}\n{text}".strip()
        return found

    def _store(
        self, session: Session, found: dict[str, list[CheckResult]], languages: dict[str, str]
    ) -> None:
        names = [check.name for check in self._checks]
        known: set[str] = set()
        for part in _parts(sorted(found)):
            stale = (Finding.sample_id.in_(part), Finding.check.in_(names))
            known |= set(session.scalars(select(Finding.sample_id).where(*stale)))
            if known:
                session.execute(
                    delete(Finding).where(*stale).execution_options(synchronize_session=False)
                )
        rows = [_finding(self._batch, key, r) for key, results in found.items() for r in results]
        if rows:
            session.execute(insert(Finding), rows)
        table = Sample.__table__
        session.connection().execute(
            update(table)  # type: ignore[arg-type]
            .where(table.c.sample_id == bindparam("key"))
            .values(language=bindparam("found"), examined=EXAMINATION_VERSION),
            [{"key": key, "found": code} for key, code in languages.items()],
        )
        changed = known | {key for key, results in found.items() if results}
        if changed:
            rescore(session, self._batch.batch_id, self._limits, only=changed)


def own_toxic_words(session: Session, project_id: str) -> ToxicWords:
    """The brought lists, with the project's own over them."""
    contents = session.scalars(
        select(WordList.content).where(
            WordList.project_id == project_id,
            WordList.kind == "toxicity",
            WordList.retired_at.is_(None),
        )
    )
    return ToxicWords(own_list(content) for content in contents)


def _prepare(workspace: Workspace, batch_id: str) -> Examination:
    with workspace.read() as session:
        batch, version = batch_and_version(session, batch_id)
        limits = check_settings(batch, version)
        words = own_toxic_words(session, batch.project_id)
        statement = _statement(batch_id).order_by(Sample.text_hash, Sample.plan_index)
        probe = [_Row(*row) for row in session.execute(statement.limit(PROBED))]
    source = version.definition.get("source") or {}
    return Examination(workspace, batch, limits, words, probe, bool(source.get("required")))


def _statement(batch_id: str) -> Any:
    return select(
        Sample.sample_id, Sample.plan_index, Sample.input, Sample.response, Sample.variables,
        Sample.chunk_id,
    ).where(Sample.batch_id == batch_id, Sample.state == "generated")  # fmt: skip


def _next_block(workspace: Workspace, batch_id: str) -> list[_Row]:
    statement = (
        _statement(batch_id)
        .where(Sample.examined < EXAMINATION_VERSION)
        .order_by(Sample.plan_index)
        .limit(BLOCK)
    )
    with workspace.read() as session:
        return [_Row(*row) for row in session.execute(statement)]


def _counts(workspace: Workspace, batch_id: str) -> tuple[int, int]:
    """Generated samples, and those of them that are still to be examined."""
    of_batch = (Sample.batch_id == batch_id, Sample.state == "generated")
    is_left = Sample.examined < EXAMINATION_VERSION
    with workspace.read() as session:
        total = session.scalar(select(func.count()).select_from(Sample).where(*of_batch)) or 0
        left = session.scalar(select(func.count()).select_from(Sample).where(*of_batch, is_left))
    return total, left or 0


def _forget(workspace: Workspace, batch_id: str) -> None:
    with workspace.write() as session:
        session.execute(
            update(Sample)
            .where(Sample.batch_id == batch_id)
            .values(examined=0)
            .execution_options(synchronize_session=False)
        )


def _planned(variables: dict[str, Any]) -> dict[str, Any]:
    """The plan's own values; a parent sample's texts are an answer, whatever they hold."""
    return {name: value for name, value in variables.items() if name != "parent"}


def _parts(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[top : top + IDS_PER_STATEMENT] for top in range(0, len(ids), IDS_PER_STATEMENT))


def _finding(batch: Batch, sample_id: str, result: CheckResult) -> dict[str, Any]:
    return {
        "sample_id": sample_id,
        "check": result.check,
        "value": result.value,
        "score": result.score,
        "evidence": result.evidence,
        "project_id": batch.project_id,
        "created_by": batch.created_by,
        "created_at": utc_now(),
    }
