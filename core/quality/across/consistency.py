"""Contradictions within a batch: one question, answers that cannot both be true.

A question is the same where its words are, numbers and names included; where samples have no input,
where all variables and the source chunk are. With three answers or more the minority is named; with
two nobody can say which is wrong, so both are.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.tables import Sample
from core.db.workspace import Workspace
from core.quality.across.batch_findings import Seen, store_seen
from core.quality.across.contradictions import Contradiction, contradiction, facts, plain
from core.quality.thresholds.settings import batch_and_version, check_settings
from core.text.alike.similarity import near_duplicate_arrays, union_groups
from core.text.hashing import canonical_json

CONSISTENCY: Final = "consistency"
FLOOR: Final = 0.3  # contradictions are kept from here on, so that the threshold can move above it
DECISIVE: Final = 0.5  # likelihood from which an answer counts as one of another opinion
SAME_QUESTION: Final = 0.8  # share of phrases; numbers and names must all be the same
MAX_ANSWERS: Final = 30  # of one question that are compared with each other
CUT_CHARS: Final = 240


class _Answer(NamedTuple):
    sample_id: str
    input: str
    response: str
    variables: dict[str, Any]
    chunk_id: str | None


def compute_consistency(workspace: Workspace, batch_id: str) -> int:
    """Find samples that contradict another answer to their question, store the findings, score
    again; returns how many do so at the batch's threshold.

    The value is the likelihood of the contradiction, kept down to FLOOR. Running it again changes
    nothing; reviewed samples keep verdict and score. Raises NotFound.
    """
    with workspace.read() as session:
        batch, version = batch_and_version(session, batch_id)
        settings = check_settings(batch, version)
        answers = _answers(session, batch_id)
    seen: dict[tuple[str, str], Seen] = {}
    for group in _questions(answers):
        for answer, other, found in _dissenters(group):
            seen[answer.sample_id, CONSISTENCY] = _seen(other, found)
    store_seen(workspace, batch_id, (CONSISTENCY,), seen, settings)
    return sum(found.value >= settings.consistency for found in seen.values())


def _answers(session: Session, batch_id: str) -> list[_Answer]:
    statement = (
        select(Sample.sample_id, Sample.input, Sample.response, Sample.variables, Sample.chunk_id)
        .where(Sample.batch_id == batch_id, Sample.state == "generated")
        .order_by(Sample.plan_index)
    )
    return [_Answer(*row) for row in session.execute(statement)]


def _questions(answers: Sequence[_Answer]) -> Iterator[list[_Answer]]:
    """Answers to one question, where there are several."""
    by_key: dict[str, list[_Answer]] = defaultdict(list)
    asked: dict[str, str] = {}  # a question as it was put first, by its words
    for answer in answers:
        if key := plain(answer.input):
            asked.setdefault(key, answer.input)
        elif answer.variables:
            key = f"\x00{canonical_json(answer.variables)}{answer.chunk_id or ''}"
        if key:
            by_key[key].append(answer)
    keys = list(asked)
    pairs = near_duplicate_arrays(list(asked.values()), threshold=SAME_QUESTION)
    known = [facts(asked[key]) for key in keys] if len(pairs.first) else []
    alike = (
        (i, j)
        for i, j in zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)
        if known[i] == known[j]
    )
    groups: dict[str, list[_Answer]] = defaultdict(list)
    for key, first in zip(keys, union_groups(len(keys), alike).tolist(), strict=True):
        groups[keys[first]] += by_key.pop(key)
    for group in (*groups.values(), *by_key.values()):
        if len(group) > 1:
            yield group


def _dissenters(
    group: Sequence[_Answer],
) -> Iterator[tuple[_Answer, _Answer, Contradiction]]:
    """Answers that contradict most of the others, with the one they contradict most."""
    some = group[:MAX_ANSWERS]
    for answer in group:
        others = [other for other in some if other is not answer]
        found = [(contradiction(answer.response, other.response), other) for other in others]
        against = sum(c is not None and c.likelihood >= DECISIVE for c, _ in found)
        best = max(
            ((c, other) for c, other in found if c is not None),
            key=lambda pair: pair[0].likelihood,
            default=None,
        )
        if best is None or best[0].likelihood < FLOOR:
            continue
        if best[0].likelihood < DECISIVE or 2 * against > len(others):
            yield answer, best[1], best[0]


def _seen(other: _Answer, found: Contradiction) -> Seen:
    evidence = {
        "twin": other.sample_id,
        "kind": found.kind,
        "claim": found.claim[:CUT_CHARS],
        "other": found.other[:CUT_CHARS],
    }
    return Seen(found.likelihood, evidence)
