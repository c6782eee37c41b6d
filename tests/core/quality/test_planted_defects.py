"""A small run of the planted-defect benchmark: the whole pipeline finds what was planted.

The corpus is invented, so that the test needs no files; `tests/benchmarks/planted_defects.py`
measures the same on real text. Floors are what was measured there, less what chance may take away.
"""

import sys
from pathlib import Path

import numpy as np
import pytest

from core.db.workspace import Workspace
from core.jobs.running.queue import prepare_queue

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from planting.base import UNSEEN, Record
from planting.corpus import invented, passages
from planting.measuring import measure, planters, wilson

FLOORS = {
    "schema": 1.0, "empty": 1.0, "length": 1.0, "echo": 0.9, "repetition": 0.8, "refusal": 0.85,
    "placeholder": 0.85, "language": 0.85, "pii": 0.9, "toxicity": 0.85,
}  # fmt: skip


@pytest.fixture
def ready(workspace: Workspace) -> Workspace:
    prepare_queue(workspace)
    return workspace


def test_every_sample_check_finds_its_defects_and_leaves_clean_text_alone(
    ready: Workspace, tmp_path: Path
) -> None:
    rng = np.random.default_rng(7)
    plants = {name: plant for name, plant in planters().items() if name in FLOORS}
    assert set(plants) == set(FLOORS)
    records = invented(240, rng)
    tallies = measure(ready, records, plants, rate=0.06, rng=rng, folder=tmp_path)
    for name, floor in FLOORS.items():
        tally = tallies[name].without(UNSEEN)
        assert tally.found + tally.missed >= 10
        assert tally.recall >= floor, (name, tally.misses)
        assert tally.precision >= 0.95, (name, tally.alarms)


def test_claims_that_a_passage_does_not_make_are_found(ready: Workspace, tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    plants = {"groundedness": planters()["groundedness"]}
    tallies = measure(
        ready, passages(invented(200, rng), rng), plants, rate=0.2, rng=rng, folder=tmp_path
    )
    assert tallies["groundedness"].recall >= 0.85
    assert tallies["groundedness"].precision >= 0.95


def test_a_planted_check_that_does_not_look_is_told_by_the_figures(
    ready: Workspace, tmp_path: Path
) -> None:
    rng = np.random.default_rng(9)

    def harmless(records: list[Record], row: int, rng: np.random.Generator) -> object:
        from planting.base import Planted

        return Planted(records[row], "nothing planted")

    tallies = measure(
        ready, invented(60, rng), {"toxicity": harmless}, rate=0.2, rng=rng, folder=tmp_path
    )
    assert tallies["toxicity"].recall == 0


def test_the_interval_of_a_share_is_wilsons() -> None:
    # Worked by hand from the score interval: 8 of 10 lies between 0.4902 and 0.9433.
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(10, 10)[1] == pytest.approx(1.0)
