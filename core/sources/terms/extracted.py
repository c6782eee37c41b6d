"""Terms and relations of sources in the database: stored in one transaction, read back in pages."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.orm import Session, aliased

from core.db.bulk import BulkInsert
from core.db.ids import new_id, utc_now
from core.db.tables import Chunk, Relation, Source, Term, TermExtraction, TermMention
from core.db.workspace import Workspace
from core.errors import NotFound
from core.sources.browsing import IDS_PER_QUERY, chunk_mapping, get_source, load_chunks
from core.sources.terms.extraction import MAX_TEXT_CHARS, Extraction, Passage

CHUNKS_PER_READ = 500
MENTIONS_PER_INSERT = 10_000
MAX_PREDICATE_CHARS = 100
TERM = "term"  # the kind that is no entity
NO_TERMS: Final[Mapping[str, list[Any]]] = {"terms": [], "entities": []}
_OWNED = ("created_at", "created_by", "project_id")
_insert_mentions = BulkInsert(
    TermMention.__table__, ("term_id", "chunk_id", "count", "start_char", *_OWNED)
)


@dataclass(frozen=True)
class RelationRow:
    """A relation with its terms' texts."""

    relation_id: str
    subject_id: str
    subject: str
    predicate: str
    object_id: str
    object: str
    weight: float  # NPMI by statistics, 0 to 1; a share of the chunks' answers by a model
    count: int
    chunk_id: str
    method: str


def read_passages(workspace: Workspace, source_id: str) -> Iterator[Passage]:
    """A source's chunks in document order, some at a time; what overlaps is told by place."""
    ordinal, end = -1, 0
    while True:
        query = (
            select(Chunk.ordinal, Chunk.text, Chunk.start_char, Chunk.end_char)
            .where(Chunk.source_id == source_id, Chunk.ordinal > ordinal)
            .order_by(Chunk.ordinal)
            .limit(CHUNKS_PER_READ)
        )
        with workspace.read() as session:
            rows = session.execute(query).all()
        if not rows:
            return
        for row in rows:
            yield Passage(row.text, max(0, end - row.start_char))
            ordinal, end = row.ordinal, row.end_char


def store_extraction(
    workspace: Workspace, source_id: str, found: Extraction, *, method: str = "statistics"
) -> None:
    """Replace a source's terms and relations by these, in one transaction.

    Raises NotFound.
    """
    with workspace.write() as session:
        source = session.get(Source, source_id, with_for_update=True)
        if source is None:
            raise NotFound("source", source_id)
        _forget(session, source_id)
        owned: dict[str, Any] = {"created_at": utc_now(), "created_by": source.created_by,
                 "project_id": source.project_id}  # fmt: skip
        term_ids = _store_terms(session, source_id, found, method, owned)
        query = select(Chunk.chunk_id).where(Chunk.source_id == source_id).order_by(Chunk.ordinal)
        chunk_ids = list(session.scalars(query))
        _store_mentions(session, found, term_ids, chunk_ids, owned)
        session.add_all(
            Relation(
                relation_id=new_id("rel"),
                source_id=source_id,
                subject_id=term_ids[relation.subject],
                predicate=relation.predicate[:MAX_PREDICATE_CHARS],
                object_id=term_ids[relation.object],
                weight=relation.weight,
                count=relation.sentences,
                chunk_id=chunk_ids[relation.chunk],
                method=method,
                **owned,
            )
            for relation in found.relations
        )
        source.terms_at = owned["created_at"]


def _forget(session: Session, source_id: str) -> None:
    terms = select(Term.term_id).where(Term.source_id == source_id)
    session.execute(delete(TermMention).where(TermMention.term_id.in_(terms)))
    session.execute(delete(Relation).where(Relation.source_id == source_id))
    session.execute(delete(Term).where(Term.source_id == source_id))


def _store_terms(
    session: Session, source_id: str, found: Extraction, method: str, owned: dict[str, Any]
) -> list[str]:
    rows = [
        Term(
            term_id=new_id("trm"),
            source_id=source_id,
            kind=term.kind,
            text=term.text[:MAX_TEXT_CHARS],
            score=term.score,
            mention_count=term.mention_count,
            chunk_count=term.chunk_count,
            method=method,
            **owned,
        )
        for term in found.terms
    ]
    session.add_all(rows)
    session.flush()
    return [row.term_id for row in rows]


def _store_mentions(
    session: Session,
    found: Extraction,
    term_ids: Sequence[str],
    chunk_ids: Sequence[str],
    owned: dict[str, Any],
) -> None:
    rows = (
        {"term_id": term_ids[term], "chunk_id": chunk_ids[chunk], "count": count,
         "start_char": start, **owned}
        for term, chunk, count, start in found.mentions
    )  # fmt: skip
    while group := list(islice(rows, MENTIONS_PER_INSERT)):
        _insert_mentions.execute(session.connection(), group)


def get_extraction(workspace: Workspace, source_id: str) -> TermExtraction | None:
    """How far the extraction of a source's terms is; None where none was ever asked for.

    Raises NotFound.
    """
    with workspace.read() as session:
        found = session.get(TermExtraction, source_id)
    if found is None:
        get_source(workspace, source_id)
    return found


def get_term(workspace: Workspace, term_id: str) -> Term:
    """The term with that id. Raises NotFound."""
    with workspace.read() as session:
        found = session.get(Term, term_id)
    if found is None:
        raise NotFound("term", term_id)
    return found


def list_terms(
    workspace: Workspace,
    source_id: str,
    *,
    kind: str | None = None,
    search: str = "",
    limit: int | None = 50,
    offset: int = 0,
) -> list[Term]:
    """A source's terms and entities, the one that stands out most first."""
    query = (
        select(Term)
        .where(*_of_source(source_id, kind, search))
        .order_by(Term.score.desc(), Term.text, Term.term_id)
        .limit(limit)
        .offset(offset)
    )
    with workspace.read() as session:
        return list(session.scalars(query))


def count_terms(
    workspace: Workspace, source_id: str, *, kind: str | None = None, search: str = ""
) -> int:
    """How many terms `list_terms` finds with the same arguments."""
    query = select(func.count()).select_from(Term).where(*_of_source(source_id, kind, search))
    with workspace.read() as session:
        return session.scalar(query) or 0


def term_kinds(workspace: Workspace, source_id: str) -> dict[str, int]:
    """How many terms of each kind a source has, the most frequent kind first."""
    query = (
        select(Term.kind, func.count())
        .where(Term.source_id == source_id)
        .group_by(Term.kind)
        .order_by(func.count().desc(), Term.kind)
    )
    with workspace.read() as session:
        return {row[0]: row[1] for row in session.execute(query)}


def _of_source(source_id: str, kind: str | None, search: str) -> list[ColumnElement[bool]]:
    conditions = [Term.source_id == source_id]
    if kind is not None:
        conditions.append(Term.kind == kind)
    if search:
        conditions.append(Term.text.icontains(search, autoescape=True))
    return conditions


def list_relations(
    workspace: Workspace,
    source_id: str,
    *,
    term_id: str | None = None,
    limit: int | None = 50,
    offset: int = 0,
) -> list[RelationRow]:
    """A source's relations, the firmest first; with `term_id`, those of that term."""
    subject, object_ = aliased(Term), aliased(Term)
    query = (
        select(Relation, subject.text, object_.text)
        .join(subject, subject.term_id == Relation.subject_id)
        .join(object_, object_.term_id == Relation.object_id)
        .where(Relation.source_id == source_id)
        .order_by(Relation.weight.desc(), Relation.count.desc(), Relation.relation_id)
        .limit(limit)
        .offset(offset)
    )
    if term_id is not None:
        query = query.where(or_(Relation.subject_id == term_id, Relation.object_id == term_id))
    with workspace.read() as session:
        return [_relation_row(*row) for row in session.execute(query)]


def _relation_row(relation: Relation, subject: str, object_: str) -> RelationRow:
    return RelationRow(
        relation.relation_id, relation.subject_id, subject, relation.predicate, relation.object_id,
        object_, relation.weight, relation.count, relation.chunk_id, relation.method,
    )  # fmt: skip


def count_relations(workspace: Workspace, source_id: str) -> int:
    """How many relations a source has."""
    query = select(func.count()).select_from(Relation).where(Relation.source_id == source_id)
    with workspace.read() as session:
        return session.scalar(query) or 0


def mentioning_chunks(
    workspace: Workspace, term_id: str, *, limit: int = 50, offset: int = 0
) -> list[tuple[Chunk, int, int]]:
    """The chunks that mention a term in document order: chunk, mentions, place of the first."""
    query = (
        select(Chunk, TermMention.count, TermMention.start_char)
        .join(TermMention, TermMention.chunk_id == Chunk.chunk_id)
        .where(TermMention.term_id == term_id)
        .order_by(Chunk.ordinal)
        .limit(limit)
        .offset(offset)
    )
    with workspace.read() as session:
        return [(row[0], row[1], row[2]) for row in session.execute(query)]


def terms_of_chunks(
    workspace: Workspace, chunk_ids: Iterable[str]
) -> dict[str, dict[str, list[Any]]]:
    """By chunk id {"terms": [text …], "entities": [{"kind", "text"} …]}, best first.

    Chunks without any are left out. One query for IDS_PER_QUERY chunks.
    """
    wanted = iter(dict.fromkeys(chunk_ids))
    found: dict[str, dict[str, list[Any]]] = {}
    with workspace.read() as session:
        while group := list(islice(wanted, IDS_PER_QUERY)):
            query = (
                select(TermMention.chunk_id, Term.kind, Term.text)
                .join(Term, Term.term_id == TermMention.term_id)
                .where(TermMention.chunk_id.in_(group))
                .order_by(Term.score.desc(), Term.text, Term.kind)
            )
            for chunk_id, kind, text in session.execute(query):
                entry = found.setdefault(chunk_id, {"terms": [], "entities": []})
                if kind == TERM:
                    entry["terms"].append(text)
                else:
                    entry["entities"].append({"kind": kind, "text": text})
    return found


def chunk_mappings(
    workspace: Workspace, chunk_ids: Iterable[str], *, with_terms: bool = False
) -> dict[str, dict[str, Any]]:
    """Chunks as templates see them, by id: {"text", "heading", "fields"}, and with `with_terms`
    {"terms", "entities"}."""
    ids = list(chunk_ids)
    terms = terms_of_chunks(workspace, ids) if with_terms else {}
    return {
        chunk_id: {
            **chunk_mapping(chunk),
            **(terms.get(chunk_id, NO_TERMS) if with_terms else {}),
        }
        for chunk_id, chunk in load_chunks(workspace, ids).items()
    }
