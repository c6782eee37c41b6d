"""What sources give to a domain's knowledge: rows of a table, extracted terms and entities."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import select

from core.db.tables import DEFAULT_PROJECT_ID, LOCAL_ADMIN_ID, Chunk, Term, TermMention
from core.db.workspace import Workspace
from core.errors import InvalidInput, NotFound
from core.sources.browsing import get_source, list_chunks
from core.sources.knowledge.entries import add_entries, list_entries
from core.sources.knowledge.files import mapped_rows
from core.sources.knowledge.rows import Author
from core.sources.terms.sentences import sentences

ROWS_PER_READ = 1_000
MAX_EXAMPLE_CHARS = 400
TERMS = "terms"


def take_rows(
    workspace: Workspace,
    domain: str,
    table: str,
    source_id: str,
    mapping: Mapping[str, str],
    *,
    created_by: str = LOCAL_ADMIN_ID,
    project_id: str = DEFAULT_PROJECT_ID,
) -> int:
    """Append the rows of a table source as entries; returns how many were new.

    Raises NotFound, InvalidInput for a document, a wrong mapping or rows that do not fit.
    """
    source = get_source(workspace, source_id)
    if not source.columns:
        raise InvalidInput(
            f"{source.name!r} is a document and has no columns.",
            remedy="Extract its terms and take them over instead.",
        )
    missing = next((name for name in mapping.values() if name not in source.columns), None)
    if missing is not None:
        raise InvalidInput(
            f"{source.name!r} has no column {missing!r}.",
            remedy=f"Its columns are {', '.join(source.columns)}.",
        )
    rows = ({**dict.fromkeys(source.columns), **row} for row in _rows(workspace, source_id))
    author = Author(created_by, project_id, source_id)
    return add_entries(workspace, domain, table, mapped_rows(table, rows, mapping), author)


def _rows(workspace: Workspace, source_id: str) -> Iterator[dict[str, Any]]:
    offset = 0
    while chunks := list_chunks(workspace, source_id, limit=ROWS_PER_READ, offset=offset):
        yield from (chunk.fields for chunk in chunks)
        offset += len(chunks)


def take_terms(
    workspace: Workspace,
    domain: str,
    term_ids: Sequence[str],
    *,
    created_by: str = LOCAL_ADMIN_ID,
    project_id: str = DEFAULT_PROJECT_ID,
) -> int:
    """Append extracted terms and entities to a domain's terms, each with a sentence that shows it.

    A term that the domain has already is left alone. Returns how many were new. Raises NotFound.
    """
    found = _terms(workspace, term_ids)
    known = {
        str(entry.fields["term"]).casefold()
        for entry in list_entries(workspace, domain, TERMS, project_id=project_id)
    }
    by_source: dict[str, list[dict[str, str]]] = {}
    for term, example in found:
        if term.text.casefold() not in known:
            known.add(term.text.casefold())
            row = {"term": term.text, "definition": "", "example": example}
            by_source.setdefault(term.source_id, []).append(row)
    return sum(
        add_entries(workspace, domain, TERMS, rows, Author(created_by, project_id, source_id))
        for source_id, rows in by_source.items()
    )


def _terms(workspace: Workspace, term_ids: Sequence[str]) -> list[tuple[Term, str]]:
    found: list[tuple[Term, str]] = []
    with workspace.read() as session:
        for term_id in dict.fromkeys(term_ids):
            term = session.get(Term, term_id)
            if term is None:
                raise NotFound("term", term_id)
            place = session.execute(
                select(Chunk.text, TermMention.start_char)
                .join(TermMention, TermMention.chunk_id == Chunk.chunk_id)
                .where(TermMention.term_id == term_id)
                .order_by(Chunk.ordinal)
                .limit(1)
            ).first()
            found.append((term, "" if place is None else sentence_at(*place)))
    return found


def sentence_at(text: str, place: int) -> str:
    """The sentence of a text that covers the place, on one line."""
    for sentence in sentences(text):
        start, end = sentence[0].start, sentence[-1].end
        if start <= place < end:
            ending = text[end : end + 1]
            mark = ending if ending in (".", "!", "?") else ""
            return (" ".join(text[start:end].split()) + mark)[:MAX_EXAMPLE_CHARS]
    return ""
