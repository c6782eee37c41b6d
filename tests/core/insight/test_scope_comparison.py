"""Two populations side by side: what is found, and what is not where there is nothing."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from core.insight.comparing.example_pairs import SHOWN, example_pairs
from core.insight.comparing.scopes import COMPARISON, Drawn, ScopeComparison, compare_records
from core.insight.comparing.size_matched import Pool, diversity_differences, pool_of
from core.insight.diversity.measures import distinct_n, mean_pairwise_similarity, vendi_score
from core.insight.records import Records, Scope

N = 120
TOPICS = ("card limit", "loan rate", "savings plan", "fee refund", "travel money", "lost phone")


def unit(rows: NDArray[np.float64]) -> NDArray[np.float32]:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def records(batch_id: str, texts: Sequence[str], verdict: str = "accepted") -> Records:
    n = len(texts)
    return Records(
        Scope("batch", batch_id), [f"smp_{batch_id[4:]}_{i}" for i in range(n)], [""] * n, texts,
        [{}] * n, ["banking"] * n, ["en"] * n, [verdict] * n,
        [1.0 if verdict == "accepted" else 0.5 - i / n / 10 for i in range(n)],
    )  # fmt: skip


def compared(
    a: Records, b: Records, vectors: NDArray[np.float32], defects: dict[str, int] | None = None
) -> ScopeComparison:
    pool = pool_of(a.texts(), b.texts(), vectors)
    drawn = Drawn(range(len(a)), range(len(b)), pool)
    return compare_records(a, b, ({}, defects or {}), drawn, "model", {"pii": "Personal data"})


def varied(seed: int, n: int = N) -> list[str]:
    generator = np.random.default_rng(seed)
    return [f"{TOPICS[generator.integers(6)]} number {generator.integers(10**6)}" for _ in range(n)]


def test_two_halves_of_one_population_show_no_difference() -> None:
    generator = np.random.default_rng(0)
    vectors = unit(generator.normal(size=(2 * N, 16)) + 1)
    found = compared(records("bat_a", varied(1)), records("bat_b", varied(2)), vectors)
    assert [row.name for row in found.measures if row.better] == []
    assert all((row.adjusted_p or 1) > 0.05 for row in found.measures)


def test_a_worse_and_more_uniform_side_is_found_by_every_measure() -> None:
    generator = np.random.default_rng(0)
    spread = generator.normal(size=(N, 16))
    narrow = generator.normal(size=(N, 16)) * 0.05 + np.ones(16)
    copies = ["the same answer again and again"] * N
    found = compared(
        records("bat_a", varied(1)), records("bat_b", copies, "rejected"),
        unit(np.vstack([spread, narrow])), {"pii": 40},
    )  # fmt: skip
    better = {row.name: row.better for row in found.measures}
    for name in ("accepted", "rejected", "score", "pii", "vendi_score", "mean_similarity",
                 "distinct_1", "distinct_2"):  # fmt: skip
        assert better[name] == "a", name
    assert better["response_words"] is None  # longer is not better
    personal = next(row for row in found.measures if row.name == "pii")
    assert (personal.a, personal.b, personal.label) == (0.0, 40 / N, "Personal data")
    assert COMPARISON.validate_python(COMPARISON.dump_python(found, mode="json")) == found


def test_figures_at_equal_size_are_those_of_the_metrics_themselves() -> None:
    a, b = varied(1, 40), varied(2, 40)
    vectors = unit(np.random.default_rng(4).normal(size=(80, 12)) + 0.5)
    found = diversity_differences(pool_of(a, b, vectors))
    assert found["distinct_1"].a == pytest.approx(distinct_n(a, 1))
    assert found["distinct_2"].b == pytest.approx(distinct_n(b, 2))
    assert found["vendi_score"].a == pytest.approx(vendi_score(vectors[:40]))
    assert found["mean_similarity"].b == pytest.approx(mean_pairwise_similarity(vectors[40:]))
    for row in found.values():
        assert row.low is not None
        assert row.high is not None
        assert row.difference is not None
        assert row.low <= row.difference <= row.high


def test_sides_of_different_size_are_refused_and_one_text_says_nothing() -> None:
    with pytest.raises(ValueError, match="2 and 1 texts"):
        pool_of(["a", "b"], ["c"], np.ones((3, 2), dtype=np.float32))
    lone: Pool = pool_of(["a"], ["b"], np.eye(2, dtype=np.float32))
    assert diversity_differences(lone) == {}


def test_examples_name_the_shared_and_the_region_that_one_side_lacks() -> None:
    generator = np.random.default_rng(2)
    shared = np.eye(8)[0] + generator.normal(0, 0.05, (20, 8))
    own = np.eye(8)[1] + generator.normal(0, 0.05, (20, 8))
    lone = np.eye(8)[5:6]  # odd, and without neighbours
    a = unit(np.vstack([shared[:10], own, lone]))
    b = unit(shared[10:])
    a_ids, b_ids = [f"a{i}" for i in range(31)], [f"b{i}" for i in range(10)]
    pairs = example_pairs(a_ids, a_ids, a, b_ids, b_ids, b)
    by_kind = {kind: [p for p in pairs if p.kind == kind] for kind in ("alike", "only_a", "only_b")}
    assert len(by_kind["alike"]) == SHOWN
    assert {int(p.a_id[1:]) for p in by_kind["alike"]} <= set(range(10))
    assert len({p.a_id for p in by_kind["alike"]} | {p.b_id for p in by_kind["alike"]}) == 2 * SHOWN
    assert len(by_kind["only_a"]) == SHOWN
    assert {int(p.a_id[1:]) for p in by_kind["only_a"]} <= set(range(10, 30))
    assert all(p.similarity < 0.5 for p in by_kind["only_a"])
    assert example_pairs([], [], a[:0], b_ids, b_ids, b) == []


def test_samples_in_both_and_an_empty_side_are_told() -> None:
    same = records("bat_a", varied(1))
    vectors = unit(np.random.default_rng(0).normal(size=(2 * N, 8)))
    notes = " ".join(compared(same, same, vectors).notes)
    assert f"{N} samples are in both" in notes
    nothing = compared(
        records("bat_a", []), records("bat_b", []), np.zeros((0, 1), dtype=np.float32)
    )
    assert nothing.notes == ["One side has no texts, so there is nothing to compare."]
    assert nothing.measures == []
