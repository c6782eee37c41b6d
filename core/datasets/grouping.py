"""Which rows must stay together when a dataset is split.

Rows belong together when their texts are near-duplicates, when one was derived from the other, or
when they were made from the same source. Pure, apart from `source_keys` and `families`, which read.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select

from core.datasets.selection import SelectedRow
from core.db.tables import Chunk, Sample, Source
from core.db.workspace import Workspace
from core.sources.parsing.kinds import TABLE_KINDS

# With fewer documents than this, whole documents cannot fill three splits in proportion.
MIN_DOCUMENTS = 20
IDS_PER_QUERY = 500


@dataclass(frozen=True)
class SourceKeys:
    """What the rows were made from, and how that was read."""

    keys: list[str | None]  # one per row; None: made from no source
    unit: str  # document, passage, row, mixed, none: what stays together; goes to the card


def join_groups(ids: Sequence[str], *labellings: Iterable[Hashable | None]) -> list[str]:
    """The group of each row: its smallest member id. None joins nothing.

    Rows that share a label in any labelling are in one group, and so on transitively.
    """
    parent = list(range(len(ids)))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    for labels in labellings:
        first: dict[Hashable, int] = {}
        for row, label in enumerate(labels):
            if label is not None:
                one, other = root(row), root(first.setdefault(label, row))
                parent[max(one, other)] = min(one, other)
    smallest: dict[int, str] = {}
    for row, name in enumerate(ids):
        top = root(row)
        smallest[top] = min(name, smallest.get(top, name))
    return [smallest[root(row)] for row in range(len(ids))]


def kept_splits(
    ids: Sequence[str], groups: Sequence[str], before: Mapping[str, int]
) -> dict[str, int]:
    """The split of each group that has rows in an earlier version.

    Where groups of two splits have grown together, train wins: a model may have seen those rows.
    """
    kept: dict[str, int] = {}
    for name, group in zip(ids, groups, strict=True):
        if name in before:
            kept[group] = min(before[name], kept.get(group, before[name]))
    return kept


@dataclass(frozen=True)
class Families:
    """Where derived rows come from. One entry per row."""

    roots: list[str]  # the sample at the beginning, the row itself where it is not derived
    rows: list[SelectedRow]  # with the chunk of that beginning


def families(workspace: Workspace, rows: Sequence[SelectedRow]) -> Families:
    """The beginning of each row, through ancestors that are not selected themselves."""
    known = {row.sample_id: (row.parent_id, row.chunk_id) for row in rows}
    missing = {row.parent_id for row in rows if row.parent_id} - known.keys()
    while missing:
        found = _ancestors(workspace, sorted(missing))
        # An ancestor that is gone ends the line, so that this loop ends too.
        known |= {name: found.get(name, (None, None)) for name in missing}
        missing = {parent for parent, _ in found.values() if parent} - known.keys()
    roots = [_root(row.sample_id, known) for row in rows]
    complete = [
        row if row.chunk_id or root == row.sample_id else replace(row, chunk_id=known[root][1])
        for row, root in zip(rows, roots, strict=True)
    ]
    return Families(roots, complete)


Line = tuple[str | None, str | None]  # a sample's parent and chunk


def _ancestors(workspace: Workspace, ids: Sequence[str]) -> dict[str, Line]:
    found: dict[str, Line] = {}
    with workspace.read() as session:
        for start in range(0, len(ids), IDS_PER_QUERY):
            page = select(Sample.sample_id, Sample.parent_id, Sample.chunk_id).where(
                Sample.sample_id.in_(ids[start : start + IDS_PER_QUERY])
            )
            found.update((row[0], (row[1], row[2])) for row in session.execute(page))
    return found


def _root(sample_id: str, known: Mapping[str, Line]) -> str:
    while (parent := known[sample_id][0]) is not None:
        sample_id = parent
    return sample_id


def source_keys(workspace: Workspace, rows: Sequence[SelectedRow]) -> SourceKeys:
    """What each row was made from: its table row, or its document.

    Where the rows come from fewer than MIN_DOCUMENTS documents, its passage stands for the
    document.
    """
    wanted = sorted({row.chunk_id for row in rows if row.chunk_id})
    if not wanted:
        return SourceKeys([None] * len(rows), "none")
    documents: dict[str, str] = {}  # chunk id -> source id, for text documents
    with workspace.read() as session:
        for start in range(0, len(wanted), IDS_PER_QUERY):
            page = (
                select(Chunk.chunk_id, Chunk.source_id)
                .join(Source, Source.source_id == Chunk.source_id)
                .where(
                    Chunk.chunk_id.in_(wanted[start : start + IDS_PER_QUERY]),
                    Source.kind.not_in(TABLE_KINDS),
                )
            )
            documents.update((chunk_id, source_id) for chunk_id, source_id in session.execute(page))
    whole = len(set(documents.values())) >= MIN_DOCUMENTS
    keys = [_key(row.chunk_id, documents if whole else {}) for row in rows]
    units = Counter(
        ("document" if whole else "passage") if row.chunk_id in documents else "row"
        for row in rows
        if row.chunk_id
    )
    return SourceKeys(keys, units.most_common(1)[0][0] if len(units) == 1 else "mixed")


def _key(chunk_id: str | None, documents: Mapping[str, str]) -> str | None:
    return None if chunk_id is None else documents.get(chunk_id, chunk_id)
