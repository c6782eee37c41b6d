"""Extracting a source's terms: the row that says how far it is, and its job, are one commit."""

import time
from collections.abc import Callable, Iterator

from sqlalchemy.orm import Session

from core.db.ids import utc_now
from core.db.tables import LOCAL_ADMIN_ID, Source, TermExtraction
from core.db.workspace import Workspace
from core.errors import Conflict, InvalidInput, NotFound, SeedbedError
from core.generation.term_answers import answers_of
from core.jobs.running.queue import COMPUTE, enqueue, live_jobs
from core.sources.terms.extracted import read_passages, store_extraction
from core.sources.terms.extraction import Extraction, Passage, extract
from core.sources.terms.model_extraction import extraction_of, named_in

JOB = "extract_terms"
PRIORITY = 5  # before insight: somebody looks at the page
MAX_CHUNKS = 100_000
REPORT_EVERY_S = 0.5
PASSES = 2


def request_extraction(
    workspace: Workspace, source_id: str, *, created_by: str = LOCAL_ADMIN_ID
) -> TermExtraction:
    """Have a compute worker extract a source's terms, or wait for the one that does.

    Raises NotFound, InvalidInput for a source with more than MAX_CHUNKS chunks.
    """
    running = _running(workspace, source_id)
    if running is not None:
        return running
    with workspace.write() as session:
        row = queued_row(session, source_id, created_by)
        enqueue(workspace, session, COMPUTE, JOB, source_id, PRIORITY)
    return row


def refuse_while_running(workspace: Workspace, source_id: str) -> None:
    """Raises Conflict while a job extracts the source's terms."""
    if _running(workspace, source_id) is not None:
        raise Conflict("The source's terms are being extracted.", remedy="Wait until it is done.")


def _running(workspace: Workspace, source_id: str) -> TermExtraction | None:
    if not live_jobs(workspace, JOB, source_id):
        return None
    with workspace.read() as session:
        row = session.get(TermExtraction, source_id)
    return row if row is not None and row.state in ("queued", "running") else None


def queued_row(session: Session, source_id: str, created_by: str) -> TermExtraction:
    """The source's extraction, set back to its beginning. Raises NotFound, InvalidInput."""
    source = session.get(Source, source_id, with_for_update=True)
    if source is None:
        raise NotFound("source", source_id)
    if source.chunk_count > MAX_CHUNKS:
        raise InvalidInput(
            f"The source has {source.chunk_count:,} chunks, and terms are extracted of at most "
            f"{MAX_CHUNKS:,}.",
            remedy="Import a part of it as a source of its own.",
        )
    row = session.get(TermExtraction, source_id)
    if row is None:
        row = TermExtraction(source_id=source_id, state="queued")
        session.add(row)
    row.state, row.message, row.method, row.batch_id = "queued", "", "statistics", None
    row.done, row.total = 0, PASSES * source.chunk_count
    row.created_at, row.created_by, row.project_id = utc_now(), created_by, source.project_id
    return row


def extract_here(
    workspace: Workspace,
    source_id: str,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    *,
    created_by: str = LOCAL_ADMIN_ID,
) -> TermExtraction:
    """Extract a source's terms in this process, without a worker.

    Raises NotFound, InvalidInput, and what goes wrong on the way.
    """
    with workspace.write() as session:
        total = queued_row(session, source_id, created_by).total
    found = extract(lambda: read_passages(workspace, source_id), lambda done: progress(done, total))
    store_extraction(workspace, source_id, found)
    return set_extraction(workspace, source_id, state="ready", done=total, language=found.language)


def run_extraction(workspace: Workspace, source_id: str) -> str:
    """Extract a source's terms as its row says, and store them. Returns the state it is left in.

    What was extracted before stays until the new terms replace it.
    """
    row = set_extraction(workspace, source_id, state="running", done=0)
    try:
        found = _found(workspace, row)
        store_extraction(workspace, source_id, found, method=row.method)
    except SeedbedError as error:
        set_extraction(workspace, source_id, state="failed", message=str(error))
        return "failed"
    except Exception as error:
        set_extraction(
            workspace, source_id, state="failed", message=f"Unexpected {type(error).__name__}."
        )
        raise
    set_extraction(workspace, source_id, state="ready", message="", language=found.language)
    return "ready"


def _found(workspace: Workspace, row: TermExtraction) -> Extraction:
    def passages() -> Iterator[Passage]:
        return read_passages(workspace, row.source_id)

    report = _reporter(workspace, row.source_id)
    if row.method == "model" and row.batch_id is not None:
        named = named_in(answers_of(workspace, row.batch_id))
        return extraction_of(passages, named, report)
    return extract(passages, report)


def _reporter(workspace: Workspace, source_id: str) -> Callable[[int], None]:
    told_at = time.monotonic()

    def report(done: int) -> None:
        nonlocal told_at
        if time.monotonic() - told_at >= REPORT_EVERY_S:
            told_at = time.monotonic()
            set_extraction(workspace, source_id, done=done)

    return report


def set_extraction(workspace: Workspace, source_id: str, **values: object) -> TermExtraction:
    """Set columns of a source's extraction. Raises Conflict where it is gone."""
    with workspace.write() as session:
        row = session.get(TermExtraction, source_id)
        if row is None:
            raise Conflict("The source's extraction was withdrawn.", remedy="Start it again.")
        for name, value in values.items():
            setattr(row, name, value)
    return row
