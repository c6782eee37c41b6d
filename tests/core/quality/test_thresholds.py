"""Thresholds that move: the same verdicts as scoring one by one, curves, and what is kept."""

import time

import numpy as np
import pytest
from factories import failed_row, make_batch, make_finding, make_samples, make_template
from numpy.typing import NDArray
from sqlalchemy import func, select

from core.db.tables import Batch, Sample, Template, TemplateVersion
from core.db.workspace import Workspace
from core.errors import Conflict, InvalidInput, NotFound
from core.quality.check import CheckResult
from core.quality.registry import CHECKS
from core.quality.scoring import score
from core.quality.thresholds.applying import (
    apply_thresholds,
    movable,
    preview_thresholds,
    reset_thresholds,
    save_thresholds,
)
from core.quality.thresholds.deciding import (
    alone,
    counts,
    curve,
    decide,
    lowest_found,
    moves,
    thresholds,
)
from core.quality.thresholds.readings import VERDICTS, CheckReadings, Readings, load_readings
from core.quality.thresholds.settings import check_settings, moved
from core.templates.definition import CheckSettings
from core.templates.versions import load_definition


@pytest.fixture
def batch(any_workspace: Workspace) -> Batch:
    """Six samples and a failed one: two near duplicates (0.8 and 0.9), one short, one reviewed."""
    batch = make_batch(any_workspace)
    samples = make_samples(any_workspace, batch, 6)
    with any_workspace.write() as session:
        session.add(failed_row(batch, 6))
        reviewed = session.get_one(Sample, samples[5].sample_id)
        reviewed.is_reviewed, reviewed.verdict = True, "rejected"
    make_finding(any_workspace, samples[1], "near_duplicate", 0.8, score=1.0)
    make_finding(any_workspace, samples[2], "near_duplicate", 0.9, score=0.1)
    make_finding(any_workspace, samples[3], "length", 10, score=0.5)
    make_finding(any_workspace, samples[4], "length", 500, score=1.0)
    make_finding(any_workspace, samples[5], "near_duplicate", 0.99, score=0.01)
    return batch


def stored(workspace: Workspace) -> list[tuple[str, float | None]]:
    with workspace.read() as session:
        rows = session.execute(
            select(Sample.verdict, Sample.quality_score).order_by(Sample.plan_index)
        )
        return [(verdict, quality) for verdict, quality in rows]


def test_every_threshold_belongs_to_a_check_or_to_the_verdict() -> None:
    found = {threshold.name: threshold for threshold in thresholds()}
    assert [t.name for t in thresholds()][:2] == ["accept_at", "reject_below"]
    assert set(found) - {"accept_at", "reject_below"} <= {
        name for check in CHECKS.values() for name in check.thresholds
    }
    assert (found["near_duplicate"].check, found["near_duplicate"].kind) == (
        "near_duplicate", "share",
    )  # fmt: skip
    assert (found["near_duplicate"].low, found["near_duplicate"].high) == (0.01, 1.0)
    assert found["min_chars"].kind == "count"
    assert found["min_chars"].high == float("inf")
    assert found["refusal"].kind == "switch"


def test_many_samples_at_once_are_decided_as_one_by_one(workspace: Workspace) -> None:
    rng = np.random.default_rng(4)
    batch = make_batch(workspace)
    samples = make_samples(workspace, batch, 300)
    names = [*CHECKS, "gone"]
    results: dict[int, list[CheckResult]] = {}
    for place, sample in enumerate(samples):
        for name in sorted(rng.choice(names, size=rng.integers(0, 4), replace=False)):
            value = float(rng.choice([0.0, 0.3, 0.62, 0.9, 1.0, 10.0, 5000.0]))
            stored_score = float(rng.random())
            make_finding(workspace, sample, str(name), value, score=stored_score)
            results.setdefault(place, []).append(CheckResult(str(name), value, stored_score, {}))
    readings = load_readings(workspace, batch.batch_id)
    for settings in (CheckSettings(), CheckSettings(near_duplicate=0.5, accept_at=0.95, judge=0.2)):
        decided = decide(readings, settings)
        for place in range(300):
            expected = score(results.get(place, []), settings)
            assert decided.scores[place] == expected.quality_score
            assert VERDICTS[decided.verdicts[place]] == expected.verdict


def test_a_preview_counts_moves_and_stores_nothing(any_workspace: Workspace, batch: Batch) -> None:
    reset_thresholds(any_workspace, batch.batch_id)
    before = stored(any_workspace)
    found = preview_thresholds(any_workspace, batch.batch_id, {"near_duplicate": 0.75})
    # Failed and reviewed samples stay rejected; 0.8 is a copy now: 1 - 0.5 x 0.8 = 0.6.
    assert found.before == {"accepted": 3, "needs_review": 2, "rejected": 2}
    assert found.after == {"accepted": 2, "needs_review": 3, "rejected": 2}
    assert [(m.before, m.after, m.samples) for m in found.moves] == [
        ("accepted", "needs_review", 1)
    ]
    assert found.moves[0].examples[0].endswith("_1")
    assert found.changed == {"near_duplicate": 0.75}
    assert stored(any_workspace) == before


def test_a_curve_moves_one_threshold_and_passes_through_the_present(
    workspace: Workspace,
) -> None:
    batch = make_batch(workspace)
    samples = make_samples(workspace, batch, 4)
    for sample, value in zip(samples, (0.2, 0.45, 0.6, 0.86), strict=True):
        make_finding(workspace, sample, "near_duplicate", value, score=1.0)
    readings = load_readings(workspace, batch.batch_id)
    points = curve(readings, readings.settings, "near_duplicate")
    accepted = {point.value: point.accepted for point in points}
    assert accepted[0.85] == 3
    assert accepted[0.5] == 2
    assert accepted[0.3] == 1
    assert accepted[1.0] == 4
    assert [p.value for p in points] == sorted(accepted)
    assert all(p.accepted + p.needs_review + p.rejected == 4 for p in points)
    assert curve(readings, readings.settings, "refusal") == []
    assert lowest_found(readings, "near_duplicate") == 0.2
    assert lowest_found(readings, "toxicity") is None


def test_a_curve_leaves_out_what_contradicts_the_other_threshold(
    any_workspace: Workspace, batch: Batch
) -> None:
    readings = load_readings(any_workspace, batch.batch_id)
    points = curve(readings, readings.settings, "accept_at")
    assert min(point.value for point in points) == readings.settings.reject_below
    lengths = curve(readings, readings.settings, "min_chars")
    assert lengths[0].value == 0
    assert lengths[-1].value == 500


def test_what_each_check_costs_alone(any_workspace: Workspace, batch: Batch) -> None:
    readings = load_readings(any_workspace, batch.batch_id)
    rows = {row.check: row for row in alone(readings, readings.settings)}
    assert (rows["near_duplicate"].found, rows["near_duplicate"].held_back) == (2, 1)
    assert (rows["length"].found, rows["length"].held_back) == (1, 1)
    assert rows["length"].accepted == 4


def test_applied_thresholds_decide_the_batch_until_they_are_reset(
    any_workspace: Workspace, batch: Batch
) -> None:
    first = reset_thresholds(any_workspace, batch.batch_id)
    before = stored(any_workspace)
    found = apply_thresholds(any_workspace, batch.batch_id, {"near_duplicate": 0.75})
    assert found == {"accepted": 2, "needs_review": 3, "rejected": 2}
    found = apply_thresholds(any_workspace, batch.batch_id, {"accept_at": 0.5})
    assert found["accepted"] == 5
    with any_workspace.read() as session:
        row = session.get_one(Batch, batch.batch_id)
        version = session.get_one(TemplateVersion, batch.template_version_id)
        assert row.checks == {"near_duplicate": 0.75, "accept_at": 0.5}
        assert check_settings(row, version).near_duplicate == 0.75
    assert stored(any_workspace)[5] == before[5]
    assert reset_thresholds(any_workspace, batch.batch_id) == first
    assert stored(any_workspace) == before
    with any_workspace.read() as session:
        assert session.get_one(Batch, batch.batch_id).checks == {}


def test_applying_what_the_version_says_anyway_moves_nothing(
    any_workspace: Workspace, batch: Batch
) -> None:
    apply_thresholds(any_workspace, batch.batch_id, {"near_duplicate": 0.85})
    with any_workspace.read() as session:
        assert session.get_one(Batch, batch.batch_id).checks == {}


def test_saved_thresholds_are_a_new_version_and_keep_later_edits(
    any_workspace: Workspace, batch: Batch
) -> None:
    make_template(any_workspace, system="Edited since.")
    version = save_thresholds(any_workspace, batch.batch_id, {"near_duplicate": 0.7}, "Stricter.")
    definition = load_definition(version)
    assert (version.number, version.note) == (3, "Stricter.")
    assert (definition.system, definition.checks.near_duplicate) == ("Edited since.", 0.7)
    with any_workspace.read() as session:
        assert session.get_one(Batch, batch.batch_id).checks == {}
    again = save_thresholds(any_workspace, batch.batch_id, {"near_duplicate": 0.7})
    assert again.template_version_id == version.template_version_id


@pytest.mark.parametrize(
    "changes",
    [{"near_duplicate": 2}, {"accept_at": 0.1}, {"colour": 1}, {"languages": ["en"]}],
    ids=["out of bounds", "below the other", "unknown", "needs measuring"],
)
def test_thresholds_that_cannot_be_are_refused(
    any_workspace: Workspace, batch: Batch, changes: dict[str, object]
) -> None:
    for action in (preview_thresholds, apply_thresholds, save_thresholds):
        with pytest.raises(InvalidInput):
            action(any_workspace, batch.batch_id, changes)


def test_a_batch_at_work_keeps_its_thresholds(workspace: Workspace) -> None:
    batch = make_batch(workspace, state="running")
    with pytest.raises(Conflict, match="running"):
        apply_thresholds(workspace, batch.batch_id, {"accept_at": 0.9})
    with pytest.raises(Conflict, match="running"):
        reset_thresholds(workspace, batch.batch_id)
    with pytest.raises(NotFound):
        preview_thresholds(workspace, "bat_none", {})


def test_a_template_of_the_programs_own_gets_no_version(workspace: Workspace) -> None:
    batch = make_batch(workspace)
    with workspace.write() as session:
        session.query(Template).one().kind = "import"
    with pytest.raises(Conflict, match="made by the program"):
        save_thresholds(workspace, batch.batch_id, {"accept_at": 0.9})
    with workspace.read() as session:
        assert session.scalar(select(func.count()).select_from(TemplateVersion)) == 1


def test_lists_are_not_movable() -> None:
    assert {"accept_at", "near_duplicate", "min_chars", "refusal"} <= set(movable())
    assert not {"languages", "pii", "rules"} & set(movable())


def test_an_empty_batch_can_be_tried(workspace: Workspace) -> None:
    readings = load_readings(workspace, make_batch(workspace).batch_id)
    assert counts(readings, decide(readings, moved(readings.settings, {"accept_at": 0.9}))) == {
        "accepted": 0, "needs_review": 0, "rejected": 0,
    }  # fmt: skip
    assert alone(readings, readings.settings) == []
    assert curve(readings, readings.settings, "near_duplicate")[0].accepted == 0


def test_a_hundred_thousand_samples_are_tried_at_once() -> None:
    rng = np.random.default_rng(1)
    n = 100_000
    checks = tuple(
        CheckReadings(name, CHECKS[name], places, *_measured(rng, len(places)))
        for name, places in (
            ("length", np.arange(n)),
            ("near_duplicate", np.arange(0, n, 3)),
            ("repetition", np.arange(0, n, 7)),
        )
    )
    readings = Readings(
        "bat_many", "tpl_many", CheckSettings(), CheckSettings(), np.arange(n), np.ones(n),
        np.zeros(n, dtype=np.int8), np.zeros(n, dtype=np.bool_), checks, {},
    )  # fmt: skip
    started = time.process_time()
    after = decide(readings, CheckSettings(near_duplicate=0.5))
    found = moves(decide(readings, readings.settings), after)
    points = curve(readings, readings.settings, "near_duplicate")
    assert time.process_time() - started < 1
    assert sum(move.samples for move in found) > 0
    assert all(p.accepted + p.needs_review + p.rejected == n for p in points)


def _measured(
    rng: np.random.Generator, k: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    values, which = np.unique(rng.random(k).round(4), return_inverse=True)
    return which, values, np.ones(k)
