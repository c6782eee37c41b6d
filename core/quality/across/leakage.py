"""Leakage: samples that hold most of a record which is kept for evaluation.

Evaluation sets are the sources of the project that a person marked as such. Found are records word
for word or nearly so, each text field of a table's row by itself; a record in other words is not
found here.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.tables import Chunk, Sample, Source
from core.db.workspace import Workspace
from core.quality.across.batch_findings import Seen, store_seen
from core.quality.thresholds.settings import batch_and_version, check_settings
from core.text.alike.containment import Records

LEAKAGE: Final = "leakage"
FLOOR: Final = 0.3  # shares are kept from here on, so that the threshold can move above it
MIN_FIELD_CHARS: Final = 20
CUT_CHARS: Final = 240


class _Record(NamedTuple):
    chunk_id: str
    source: str
    text: str


class _Text(NamedTuple):
    sample_id: str
    input: str
    response: str
    chunk_id: str | None


def compute_leakage(workspace: Workspace, batch_id: str) -> int:
    """Find samples that hold most of an evaluation record, store the findings, score again;
    returns how many do so at the batch's threshold.

    The value is the share of the record's five-word phrases in the sample, kept down to FLOOR; a
    sample made from an evaluation record has 1. Running it again changes nothing; reviewed samples
    keep verdict and score. Raises NotFound.
    """
    with workspace.read() as session:
        batch, version = batch_and_version(session, batch_id)
        settings = check_settings(batch, version)
        records = _records(session, batch.project_id)
        texts = _texts(session, batch_id) if records else []
    seen = _seen(records, texts) if texts else {}
    store_seen(workspace, batch_id, (LEAKAGE,), seen, settings)
    return sum(found.value >= settings.leakage for found in seen.values())


def _records(session: Session, project_id: str) -> list[_Record]:
    """Every text of the evaluation sets once: whole chunks, and the text fields of rows."""
    statement = (
        select(Chunk.chunk_id, Source.name, Chunk.text, Chunk.fields)
        .join(Source, Source.source_id == Chunk.source_id)
        .where(Source.project_id == project_id, Source.is_evaluation.is_(True))
        .order_by(Chunk.source_id, Chunk.ordinal)
    )
    found: dict[str, _Record] = {}
    for chunk_id, source, text, fields in session.execute(statement):
        for part in _parts(text, fields):
            found.setdefault(part, _Record(chunk_id, source, part))
    return list(found.values())


def _parts(text: str, fields: Mapping[str, Any]) -> list[str]:
    values = [v for v in fields.values() if isinstance(v, str) and len(v) >= MIN_FIELD_CHARS]
    return [text, *values]


def _texts(session: Session, batch_id: str) -> list[_Text]:
    statement = (
        select(Sample.sample_id, Sample.input, Sample.response, Sample.chunk_id)
        .where(Sample.batch_id == batch_id, Sample.state == "generated")
        .order_by(Sample.plan_index)
    )
    return [_Text(*row) for row in session.execute(statement)]


def _seen(records: list[_Record], texts: list[_Text]) -> dict[tuple[str, str], Seen]:
    rows, shares = _leaks(Records([record.text for record in records]), texts)
    of_chunk = {record.chunk_id: record for record in reversed(records)}
    seen = {}
    for text, row, share in zip(texts, rows.tolist(), shares.tolist(), strict=True):
        origin = of_chunk.get(text.chunk_id or "")
        if origin is not None:
            seen[text.sample_id, LEAKAGE] = Seen(1.0, _evidence(origin, "made from it"))
        elif row >= 0 and share >= FLOOR:
            seen[text.sample_id, LEAKAGE] = Seen(share, _evidence(records[row], "same words"))
    return seen


def _leaks(records: Records, texts: list[_Text]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Per text, (n,): the record it holds most of, -1 for none, and the share it holds."""
    rows, shares = records.held_by([f"{text.input}\n{text.response}" for text in texts])
    for field in ([text.input for text in texts], [text.response for text in texts]):
        same = records.same_as(field)
        rows, shares = np.where(same >= 0, same, rows), np.where(same >= 0, 1.0, shares)
    return rows, shares


def _evidence(record: _Record, how: str) -> dict[str, Any]:
    return {
        "record": record.chunk_id,
        "source": record.source,
        "how": how,
        "text": record.text[:CUT_CHARS],
    }
