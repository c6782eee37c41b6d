"""A judge's score in the quality of a sample: what it lowers, what it settles, what it cannot."""

import itertools
from typing import NamedTuple

import numpy as np
import pytest
from factories import make_batch, make_finding, make_samples
from sqlalchemy import select

from core.db.tables import Sample
from core.db.workspace import Workspace
from core.quality.checks.judge import CHECK, SETTLES
from core.quality.registry import CHECKS
from core.quality.rescoring import redecide
from core.quality.scoring import score
from core.quality.thresholds.deciding import decide
from core.quality.thresholds.readings import VERDICTS, load_readings
from core.templates.definition import CheckSettings


class Seen(NamedTuple):
    check: str
    value: float
    score: float = 0.0


LIMITS = CheckSettings()
SHORT = Seen("length", 2)  # scores below 1: two characters of twenty
COPY = Seen("near_duplicate", 0.9)
EMPTY = Seen("empty", 1)


def verdict(*seen: Seen, limits: CheckSettings = LIMITS) -> str:
    return score(seen, limits).verdict


def test_the_score_counts_from_the_threshold_down() -> None:
    assert CHECK.rate(0.6, LIMITS) == 1
    assert CHECK.rate(0.3, LIMITS) == pytest.approx(0.5)
    assert CHECK.rate(0.0, LIMITS) == 0
    assert CHECK.rate(0.0, CheckSettings(judge=0.0)) == 1
    values = [CHECK.rate(v, LIMITS) for v in np.linspace(0, 1, 50)]
    assert values == sorted(values)


def test_a_judge_alone_accepts_leaves_open_or_rejects() -> None:
    assert verdict(Seen("judge", 0.9)) == "accepted"
    assert verdict(Seen("judge", 0.4)) == "needs_review"
    assert verdict(Seen("judge", 0.1)) == "rejected"


def test_a_judge_settles_a_doubt_that_a_reader_can_settle() -> None:
    assert verdict(SHORT) == "needs_review"
    assert verdict(SHORT, Seen("judge", 0.9)) == "accepted"
    assert verdict(SHORT, Seen("judge", 0.2)) == "rejected"
    # The score itself stays what was measured: the verdict alone is settled.
    settled = score([SHORT, Seen("judge", 0.9)], LIMITS)
    assert settled.quality_score == score([SHORT], LIMITS).quality_score


def test_a_judge_overrules_neither_copies_nor_hard_failures() -> None:
    assert verdict(COPY) == "needs_review"
    assert verdict(COPY, Seen("judge", 1.0)) == "needs_review"
    assert verdict(EMPTY, Seen("judge", 1.0)) == "rejected"


def test_what_a_judge_settles_are_registered_checks_that_never_reject_alone() -> None:
    assert set(SETTLES) <= CHECKS.keys()
    assert all(CHECKS[name].weight < 1 for name in SETTLES)
    assert not {"pii", "toxicity", "leakage", "schema", "near_duplicate"} & set(SETTLES)


def test_thresholds_tried_on_a_page_decide_what_scoring_decides(workspace: Workspace) -> None:
    batch = make_batch(workspace)
    kinds = list(itertools.product((None, 0.1, 0.4, 0.7), (None, 0.6), (None, 0.9)))
    samples = make_samples(workspace, batch, len(kinds))
    for sample, (judge, repetition, copy) in zip(samples, kinds, strict=True):
        for name, value in (("judge", judge), ("repetition", repetition), ("near_duplicate", copy)):
            if value is not None:
                make_finding(workspace, sample, name, value)
    for limits in (LIMITS, CheckSettings(judge=0.3), CheckSettings(judge=0.9, accept_at=0.95)):
        redecide(workspace, batch.batch_id, limits)
        decided = decide(load_readings(workspace, batch.batch_id), limits)
        with workspace.read() as session:
            query = select(Sample.verdict).where(Sample.batch_id == batch.batch_id)
            stored = list(session.scalars(query.order_by(Sample.plan_index)))
        assert [VERDICTS[code] for code in decided.verdicts] == stored
        assert len(set(stored)) > 1
