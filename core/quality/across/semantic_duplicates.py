"""Duplicates in meaning within a batch: the same said in other words.

The first of its kind stays clean; a later one names its twin. Copies letter for letter are left to
`core.quality.across.duplicates`. Numbers move an embedding little, so two texts with different
numbers are no twins here however alike they look.
"""

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.tables import Sample
from core.db.workspace import Workspace
from core.quality.across.batch_findings import Seen, store_seen
from core.quality.across.contradictions import plain
from core.quality.thresholds.settings import batch_and_version, check_settings
from core.text.alike.cosine_twins import cosine_twins

SEMANTIC: Final = "semantic_duplicate"
SEMANTIC_FLOOR: Final = 0.9  # twins are kept from here on, so that the threshold can move above it
MANY_ANSWERS: Final = 5  # to one input, from which what they share is taken off
SAME_REST: Final = 0.6  # cosine of what is left of two such answers
NUMBER: Final = re.compile(r"\d+(?:[.,:]\d+)*")

Vectors = NDArray[np.float32]


class _Record(NamedTuple):
    sample_id: str
    input: str
    response: str
    text_hash: str


def compute_semantic_duplicates(
    workspace: Workspace, batch_id: str, load: Callable[[Sequence[str]], Vectors]
) -> int:
    """Find samples that mean the same as an earlier one of the batch, store the findings, score
    again; returns how many samples are such duplicates.

    `load` gives one unit vector per text, (n, d) float32, in their order; the texts are input and
    response joined by a line break, as `Records.texts`. Twins below the threshold are kept down to
    SEMANTIC_FLOOR. Running it again changes nothing; reviewed samples keep verdict and score.
    Raises NotFound, and what `load` raises.
    """
    with workspace.read() as session:
        batch, version = batch_and_version(session, batch_id)
        settings = check_settings(batch, version)
        records = _records(session, batch_id)
    limit = settings.semantic_duplicate
    seen: dict[tuple[str, str], Seen] = {}
    if len(records) > 1:
        vectors = load([_text(record) for record in records])
        seen = _seen(records, vectors, min(limit, SEMANTIC_FLOOR))
    store_seen(workspace, batch_id, (SEMANTIC,), seen, settings)
    return sum(found.value >= limit for found in seen.values())


def _records(session: Session, batch_id: str) -> list[_Record]:
    statement = (
        select(Sample.sample_id, Sample.input, Sample.response, Sample.text_hash)
        .where(Sample.batch_id == batch_id, Sample.state == "generated")
        .order_by(Sample.plan_index)
    )
    return [_Record(*row) for row in session.execute(statement)]


def _text(record: _Record) -> str:
    return f"{record.input}\n{record.response}" if record.input else record.response


def _seen(
    records: Sequence[_Record], vectors: Vectors, floor: float
) -> dict[tuple[str, str], Seen]:
    """The most alike earlier record of each that has one."""
    numbers = (tuple(sorted(set(NUMBER.findall(_text(record))))) for record in records)
    twins = cosine_twins(
        vectors,
        floor,
        alike=_labels(numbers),
        apart=_labels(record.text_hash for record in records),
    )
    rest = _without_input(vectors, _labels(plain(record.input) for record in records))
    seen = {}
    for row in np.flatnonzero(twins.earlier >= 0).tolist():
        other = int(twins.earlier[row])
        if float(rest[row] @ rest[other]) < SAME_REST:
            continue
        similarity = min(1.0, float(twins.cosine[row]))
        evidence = {"twin": records[other].sample_id, "similarity": similarity}
        seen[records[row].sample_id, SEMANTIC] = Seen(similarity, evidence)
    return seen


def _without_input(vectors: Vectors, groups: NDArray[np.int64]) -> Vectors:
    """Unit rows (n, d) less what the rows of their group share, where a group has MANY_ANSWERS.

    A long input that many samples share makes their embeddings alike whatever the answers say.
    """
    rows = np.flatnonzero((np.bincount(groups) >= MANY_ANSWERS)[groups])
    if not len(rows):
        return vectors
    _, places, sizes = np.unique(groups[rows], return_inverse=True, return_counts=True)
    shared = np.zeros((len(sizes), vectors.shape[1]), dtype=np.float32)
    np.add.at(shared, places, vectors[rows])
    rest = vectors[rows] - (shared / sizes[:, None])[places]
    result = vectors.copy()
    result[rows] = rest / np.maximum(np.linalg.norm(rest, axis=1, keepdims=True), 1e-6)
    return result


def _labels(values: Iterable[Hashable]) -> NDArray[np.int64]:
    """Equal numbers for equal values."""
    known: dict[Hashable, int] = {}
    return np.array([known.setdefault(value, len(known)) for value in values], dtype=np.int64)
