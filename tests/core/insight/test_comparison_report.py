from decimal import Decimal

import numpy as np
import pytest
from factories import failed_row, make_batch, make_finding, make_samples, make_template, sample_row

from core.db.ids import new_id
from core.db.tables import Attempt, Batch, Comparison
from core.db.workspace import Workspace
from core.errors import NotFound
from core.insight.comparing.paired import PairedSamples, load_pairs, sample_costs
from core.insight.comparing.report import comparison_report, measure_pairs
from core.insight.comparing.words import sentence


def pairs_of(
    accepted: list[tuple[int, int]], quality: list[tuple[float, float]] | None = None,
    cost: list[tuple[float, float]] | None = None,
) -> PairedSamples:  # fmt: skip
    n = len(accepted)
    return PairedSamples(
        accepted=np.array(accepted, dtype=bool).reshape(n, 2),
        compliant=np.ones((n, 2), dtype=bool),
        quality=np.array(quality or [(1.0, 1.0)] * n, dtype=float).reshape(n, 2),
        cost_usd=np.array(cost or [(0.0, 0.0)] * n, dtype=float).reshape(n, 2),
        unpaired=0,
    )


def compared(workspace: Workspace, **columns: object) -> tuple[Comparison, Batch, Batch]:
    version = make_template(workspace)
    other = make_template(workspace, user="Write, briefly, about {{ topic }}.")
    a, b = make_batch(workspace, version, **columns), make_batch(workspace, other, **columns)
    row = Comparison(
        comparison_id=new_id("cmp"), name="A/B", a_batch_id=a.batch_id, b_batch_id=b.batch_id
    )
    with workspace.write() as session:
        session.add(row)
    return row, a, b


def paid(batch: Batch, index: int, usd: str, **columns: object) -> Attempt:
    values: dict[str, object] = {
        "attempt_id": new_id("att"), "batch_id": batch.batch_id, "plan_index": index,
        "purpose": "generate", "number": 1, "state": "succeeded", "connection": "offline",
        "model": "m", "request_key": "k", "worker_id": "w", "reserved_usd": Decimal(1),
        "cost_usd": Decimal(usd),
    }  # fmt: skip
    return Attempt(**{**values, **columns})


def test_a_clear_difference_is_said_in_plain_words() -> None:
    table = [(1, 1)] * 140 + [(1, 0)] * 8 + [(0, 1)] * 22 + [(0, 0)] * 30
    acceptance, compliance, _quality = measure_pairs(pairs_of(table))
    assert acceptance.better == "b"
    assert acceptance.p_value == pytest.approx(0.0161, abs=1e-4)
    assert acceptance.adjusted_p == pytest.approx(3 * acceptance.p_value)
    assert acceptance.sentence.replace("\u00a0", " ") == (
        "B is accepted more often: 81 % against 74 %, difference 7 points, "
        "95 % interval 1.5 to 12.3 points, p = 0.048."
    )
    assert compliance.better is None
    assert compliance.sentence.startswith("No difference in schema compliance is shown")


def test_what_is_not_shown_says_what_could_have_been_seen() -> None:
    table = [(1, 1)] * 14 + [(1, 0)] * 2 + [(0, 1)] * 4
    found = measure_pairs(pairs_of(table))[0]
    assert found.better is None
    assert "p = 1.000, not significant" in found.sentence
    assert "With 20 pairs, a true difference below about" in found.sentence
    assert found.detectable == pytest.approx(2.8016 * (8 / 22 / 20) ** 0.5, abs=1e-3)


def test_a_lower_cost_is_the_better_one() -> None:
    generator = np.random.default_rng(4)
    base = generator.uniform(0.001, 0.002, 60)
    cost = [(float(x), float(x * 0.8)) for x in base]
    found = measure_pairs(pairs_of([(1, 1)] * 60, cost=cost))[-1]
    assert (found.measure, found.better) == ("cost", "b")
    assert found.effect == -1.0
    assert "B costs less per sample" in found.sentence


def test_ranks_and_mean_that_disagree_are_told() -> None:
    # Most pairs lean to B by a little, three to A by a lot: the mean says nothing, the ranks do.
    cost = [(0.010, 0.009)] * 57 + [(0.010, 0.100)] * 3
    jitter = np.random.default_rng(2).uniform(0, 1e-5, 60)
    found = measure_pairs(
        pairs_of([(1, 1)] * 60, cost=[(a, b + j) for (a, b), j in zip(cost, jitter, strict=True)])
    )[-1]
    assert found.adjusted_p < 0.05
    assert "the interval of the mean includes none" in found.sentence


def test_pairs_are_joined_by_plan_index(any_workspace: Workspace) -> None:
    _, a, b = compared(any_workspace)
    rows_a = [sample_row(a, i, quality_score=0.5) for i in range(4)] + [failed_row(a, 4)]
    rows_b = [sample_row(b, i, verdict="needs_review") for i in range(1, 5)]
    with any_workspace.write() as session:
        session.add_all([*rows_a, *rows_b])
    make_finding(any_workspace, rows_a[2], "schema")
    with any_workspace.write() as session:
        session.add_all([paid(a, 1, "0.25"), paid(a, 1, "0.5", number=2), paid(b, 1, "0.125")])
    found = load_pairs(any_workspace, a.batch_id, b.batch_id)
    assert (len(found), found.unpaired) == (4, 1)
    assert found.accepted.tolist() == [[True, False]] * 3 + [[False, False]]
    assert found.compliant[:, 0].tolist() == [True, False, True, False]
    assert found.compliant[:, 1].all()
    assert np.isnan(found.quality[3, 0])
    assert found.cost_usd[0].tolist() == [0.75, 0.125]


def test_a_reused_answer_counts_with_what_it_cost(workspace: Workspace) -> None:
    _, a, b = compared(workspace)
    first = paid(a, 0, "0.25")
    with workspace.write() as session:
        session.add(first)
    make_samples(workspace, b, 1, attempt_id=first.attempt_id)
    with workspace.read() as session:
        assert sample_costs(session, b.batch_id) == {0: 0.25}


def test_nothing_is_tested_before_both_have_ended(workspace: Workspace) -> None:
    row, a, b = compared(workspace, state="running")
    make_samples(workspace, a, 10)
    make_samples(workspace, b, 10)
    found = comparison_report(workspace, row.comparison_id)
    assert (found.is_final, found.measures) == (False, ())


def test_the_report_warns_of_what_weakens_it(workspace: Workspace) -> None:
    row, a, b = compared(workspace)
    make_samples(workspace, a, 10)
    make_samples(workspace, b, 8)
    with workspace.write() as session:
        session.get_one(Batch, b.batch_id).state = "cancelled"
    found = comparison_report(workspace, row.comparison_id)
    assert found.is_final
    assert found.is_same_plan
    assert (found.pairs, found.unpaired) == (8, 2)
    told = " ".join(found.notes)
    assert "Only 8 pairs" in told
    assert "Batch B was cancelled" in told
    assert "2 samples have no counterpart" in told


def test_versions_that_draw_other_variables_are_named(workspace: Workspace) -> None:
    version = make_template(workspace)
    values = {"name": "topic", "sampler": {"kind": "category", "values": ["cards", "loans"]}}
    other = make_template(workspace, variables=[values])
    a, b = make_batch(workspace, version), make_batch(workspace, other)
    row = Comparison(
        comparison_id="cmp_1", name="A/B", a_batch_id=a.batch_id, b_batch_id=b.batch_id
    )
    with workspace.write() as session:
        session.add(row)
    found = comparison_report(workspace, "cmp_1")
    assert not found.is_same_plan
    assert any("different variables" in note for note in found.notes)
    assert any("nothing to compare" in note for note in found.notes)


def test_an_unknown_comparison_is_not_found(workspace: Workspace) -> None:
    with pytest.raises(NotFound):
        comparison_report(workspace, "cmp_ghost")


def test_equal_sides_are_called_equal() -> None:
    found = measure_pairs(pairs_of([(1, 1)] * 30))[-1]
    assert found.measure == "quality"
    assert sentence(found) == "A and B do not differ in the quality score: 1.00 against 1.00."
