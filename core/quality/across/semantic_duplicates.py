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
MAX_REREAD: Final = 10_000  # pairs of which a part is embedded by itself: minutes
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
    joined by a line break, as `Records.texts`, and of either alone. Twins below the threshold
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
    cosines |= _of_the_rest(records, pairs, load)
    seen = {}
    for row, other in pairs.items():
        if cosines[row] >= floor:
            similarity = min(1.0, cosines[row])
            evidence = {"twin": records[other].sample_id, "similarity": similarity}
            seen[records[row].sample_id, SEMANTIC] = Seen(similarity, evidence)
    return seen


def _of_the_rest(
    records: Sequence[_Record], pairs: Mapping[int, int], load: Callable[[Sequence[str]], Vectors]
) -> dict[int, float]:
    """The cosine of what differs, by row, where a pair has the same input or the same response.

    An input that both share makes their texts alike whatever the answers say; so does a label that
    is the response of many.
    """
    rows: list[int] = []
    own, other = [], []
    for row, earlier in pairs.items():
        rest = _rest(records[row], records[earlier])
        if rest is not None and len(rows) < MAX_REREAD:
            rows.append(row)
            own.append(rest[0])
            other.append(rest[1])
    if not rows:
        return {}
    found = (load(own) * load(other)).sum(axis=1).tolist()
    return dict(zip(rows, found, strict=True))


def _rest(record: _Record, other: _Record) -> tuple[str, str] | None:
    """What two records do not share: their responses or their inputs; None where both differ."""
    if not record.input:
        return None
    if plain(record.input) == plain(other.input):
        return record.response, other.response
    if plain(record.response) == plain(other.response):
        return record.input, other.input
    return None


def _labels(values: Iterable[Hashable]) -> NDArray[np.int64]:
    """Equal numbers for equal values."""
    known: dict[Hashable, int] = {}
    return np.array([known.setdefault(value, len(known)) for value in values], dtype=np.int64)
