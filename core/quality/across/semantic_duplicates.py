"""Duplicates in meaning within a batch: the same said in other words.

The first of its kind stays clean; a later one names its twin. Copies letter for letter are left to
`core.quality.across.duplicates`. Numbers move an embedding little, so two texts with different
numbers are no twins here however alike they look.
"""

import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
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
MAX_SHARED_INPUT: Final = 10_000  # pairs whose responses are embedded by themselves: minutes
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

    `load` gives one unit vector per text, (n, d) float32, in their order: of input and response
    joined by a line break, as `Records.texts`, and of responses alone. Twins below the threshold
    are kept down to SEMANTIC_FLOOR. Running it again changes nothing; reviewed samples keep verdict
    and score. Raises NotFound, and what `load` raises.
    """
    with workspace.read() as session:
        batch, version = batch_and_version(session, batch_id)
        settings = check_settings(batch, version)
        records = _records(session, batch_id)
    limit = settings.semantic_duplicate
    seen: dict[tuple[str, str], Seen] = {}
    if len(records) > 1:
        seen = _seen(records, load, min(limit, SEMANTIC_FLOOR))
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
    records: Sequence[_Record],
    load: Callable[[Sequence[str]], Vectors],
    floor: float,
) -> dict[tuple[str, str], Seen]:
    """The most alike earlier record of each that has one."""
    numbers = (tuple(sorted(set(NUMBER.findall(_text(record))))) for record in records)
    twins = cosine_twins(
        load([_text(record) for record in records]),
        floor,
        alike=_labels(numbers),
        apart=_labels(record.text_hash for record in records),
    )
    pairs = {row: int(twins.earlier[row]) for row in np.flatnonzero(twins.earlier >= 0).tolist()}
    cosines = {row: float(twins.cosine[row]) for row in pairs}
    cosines |= _of_responses(records, pairs, load)
    seen = {}
    for row, other in pairs.items():
        if cosines[row] >= floor:
            similarity = min(1.0, cosines[row])
            evidence = {"twin": records[other].sample_id, "similarity": similarity}
            seen[records[row].sample_id, SEMANTIC] = Seen(similarity, evidence)
    return seen


def _of_responses(
    records: Sequence[_Record], pairs: Mapping[int, int], load: Callable[[Sequence[str]], Vectors]
) -> dict[int, float]:
    """The cosine of the responses alone, by row, where a pair answers the same input.

    An input that both share makes their texts alike whatever the answers say.
    """
    same = [
        (row, other)
        for row, other in pairs.items()
        if records[row].input and plain(records[row].input) == plain(records[other].input)
    ][:MAX_SHARED_INPUT]
    if not same:
        return {}
    left = load([records[row].response for row, _ in same])
    right = load([records[other].response for _, other in same])
    found = (left * right).sum(axis=1).tolist()
    return {row: cosine for (row, _), cosine in zip(same, found, strict=True)}


def _labels(values: Iterable[Hashable]) -> NDArray[np.int64]:
    """Equal numbers for equal values."""
    known: dict[Hashable, int] = {}
    return np.array([known.setdefault(value, len(known)) for value in values], dtype=np.int64)
