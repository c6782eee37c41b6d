"""Precision, recall, density and coverage against a naive reading of the papers, and regions."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from scipy.stats import fisher_exact

from core.insight.coverage import reference
from core.insight.coverage.reference import (
    chances_of_so_few,
    figures,
    fit,
    nearest_rows,
    region_counts,
    regions_of,
)

Vectors = NDArray[np.float64]


def unit(rows: Vectors) -> Vectors:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def cloud(n: int, d: int, seed: int, shift: float = 0.0) -> Vectors:
    rows = np.random.default_rng(seed).normal(size=(n, d))
    rows[:, 0] += shift
    return unit(rows)


def by_the_papers(texts: Vectors, real: Vectors, k: int) -> dict[str, float]:
    """Every ball and every point, one by one, in Euclidean distances."""
    radius_of_real = np.sort(cdist(real, real), axis=1)[:, k]
    radius_of_text = np.sort(cdist(texts, texts), axis=1)[:, k]
    inside, covered, recalled, balls = 0, 0, 0, 0
    for y in texts:
        holding = [np.linalg.norm(y - x) <= r for x, r in zip(real, radius_of_real, strict=True)]
        inside += any(holding)
        balls += sum(holding)
    for x, r in zip(real, radius_of_real, strict=True):
        away = [np.linalg.norm(x - y) for y in texts]
        covered += min(away) <= r
        recalled += any(a <= s for a, s in zip(away, radius_of_text, strict=True))
    return {
        "precision": inside / len(texts),
        "recall": recalled / len(real),
        "density": balls / (k * len(texts)),
        "coverage": covered / len(real),
    }


@pytest.mark.parametrize(
    ("m", "n", "d", "shift", "k"),
    [(60, 80, 4, 0.0, 5), (90, 40, 8, 1.0, 3), (33, 47, 3, 4.0, 1), (50, 50, 16, 0.5, 10)],
)
def test_the_four_figures_are_those_of_the_papers(
    monkeypatch: pytest.MonkeyPatch, m: int, n: int, d: int, shift: float, k: int
) -> None:
    monkeypatch.setattr(reference, "BLOCK_CELLS", 7 * m)  # several blocks
    texts, real = cloud(m, d, 1, shift), cloud(n, d, 2)
    found = {name: v.value for name, v in figures(fit(texts, real, k), m, n).items()}
    assert found == pytest.approx(by_the_papers(texts, real, k), abs=1e-12)


# Computed with the package prdc 0.2 of the paper's authors, by tests' clouds of the same seeds.
PUBLISHED = {
    "precision": 0.9966666666666667,
    "recall": 0.9925,
    "density": 0.9880000000000001,
    "coverage": 0.845,
}


def test_the_four_figures_are_those_of_the_authors_own_package() -> None:
    texts, real = cloud(300, 6, 11, 0.7), cloud(400, 6, 12)
    found = {name: v.value for name, v in figures(fit(texts, real, 5), 300, 400).items()}
    assert found == pytest.approx(PUBLISHED, abs=1e-12)


def test_the_same_texts_are_inside_and_reach_everything() -> None:
    real = cloud(100, 8, 3)
    found = figures(fit(real.astype(np.float32), real.astype(np.float32)), 100, 100)
    assert (found["precision"].value, found["recall"].value) == (1.0, 1.0)
    assert found["coverage"].value == 1.0
    assert found["density"].value >= 1.0
    assert all(value.error == 0 for value in found.values())


def test_texts_elsewhere_reach_nothing() -> None:
    real, texts = cloud(60, 6, 1), cloud(60, 6, 2)
    real[:, 0], texts[:, 0] = 9.0, -9.0
    found = figures(fit(unit(texts), unit(real)), 60, 60)
    assert [value.value for value in found.values()] == [0.0] * 4


def test_copies_of_a_reference_of_copies_count_as_inside() -> None:
    real = np.repeat(cloud(5, 6, 4), 10, axis=0).astype(np.float32)
    found = figures(fit(real[::7].copy(), real), 8, 50)
    assert (found["precision"].value, found["coverage"].value) == (1.0, 1.0)


@pytest.mark.parametrize(("m", "n"), [(0, 10), (10, 0), (0, 0), (3, 4)])
def test_too_few_texts_have_no_neighbourhoods(m: int, n: int) -> None:
    found = figures(fit(cloud(m, 4, 1), cloud(n, 4, 2)), m, n)
    assert not any(value.value for value in found.values())


def test_a_sample_states_an_error_that_covers_the_whole() -> None:
    real, texts = cloud(400, 5, 5), cloud(4000, 5, 6, 1.0)
    whole = figures(fit(texts, real), 4000, 400)["density"]
    rows = np.random.default_rng(0)
    hits = 0
    for _ in range(40):
        part = texts[rows.choice(4000, 500, replace=False)]
        found = figures(fit(part, real), 4000, 400)["density"]
        assert found.error > 0
        hits += abs(found.value - whole.value) <= found.error
    assert hits >= 34


def test_regions_find_the_topics_and_count_what_lies_in_them() -> None:
    rng = np.random.default_rng(0)
    topics = unit(np.eye(6)[:3])
    real = unit(np.repeat(topics, (60, 40, 20), axis=0) + rng.normal(scale=0.02, size=(120, 6)))
    regions = regions_of(real)
    owner = np.repeat([0, 1, 2], (60, 40, 20))
    for region in range(len(regions.centres)):
        assert len(set(owner[regions.labels == region])) == 1
    texts = unit(topics[[0] * 10 + [2]] + rng.normal(scale=0.02, size=(11, 6)))
    away = unit(np.eye(6)[[5, 5]])
    counts = region_counts(np.vstack([texts, away]), regions)
    topic_of = [int(owner[regions.labels == r][0]) for r in range(len(regions.centres))]
    near = {t: sum(c for c, o in zip(counts, topic_of, strict=True) if o == t) for t in range(3)}
    assert near[1] == 0
    assert near[0] >= 6
    assert counts.sum() <= 11


def test_a_region_keeps_nearly_all_of_its_own_texts() -> None:
    real = cloud(400, 8, 9)
    regions = regions_of(real)
    assert 0.9 <= region_counts(real, regions).sum() / 400 <= 1.0
    sizes = np.bincount(regions.labels)
    assert list(sizes) == sorted(sizes, reverse=True)


@pytest.mark.parametrize("n", [0, 1, 7, 20])
def test_a_small_reference_is_one_region_or_few(n: int) -> None:
    regions = regions_of(cloud(n, 4, 1))
    assert len(regions.labels) == n
    assert len(regions.centres) <= max(1, n // 8)


def test_examples_of_a_region_are_its_innermost_texts_each_once() -> None:
    real = np.repeat(cloud(12, 4, 2), 3, axis=0)
    regions = regions_of(real)
    rows = nearest_rows(real, regions, 0, 5)
    assert all(regions.labels[row] == 0 for row in rows)
    assert len({tuple(np.round(real[row], 9)) for row in rows}) == len(rows)
    away = [float(np.linalg.norm(real[row] - regions.centres[0])) for row in rows]
    assert away == sorted(away)


@pytest.mark.parametrize(
    ("here", "m", "there", "n"), [(0, 50, 10, 90), (3, 40, 9, 60), (9, 20, 5, 99)]
)
def test_the_chance_of_so_few_is_fishers(here: int, m: int, there: int, n: int) -> None:
    expected = fisher_exact([[here, m - here], [there, n - there]], alternative="less").pvalue
    assert chances_of_so_few([here], m, [there], n) == pytest.approx([expected])
