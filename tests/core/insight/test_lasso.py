"""Which points an outline holds."""

import math

import numpy as np
import pytest

from core.insight.mapping.lasso import inside


def winds_around(x: float, y: float, corners: list[tuple[float, float]]) -> bool:
    """Independent of the crossing rule: the angle that a walk along the outline turns by."""
    turned = 0.0
    for (ax, ay), (bx, by) in zip(corners, [*corners[1:], corners[0]], strict=True):
        step = math.atan2(by - y, bx - x) - math.atan2(ay - y, ax - x)
        turned += (step + math.pi) % (2 * math.pi) - math.pi
    return abs(turned) > math.pi


@pytest.mark.parametrize("seed", range(4))
def test_a_star_holds_the_points_that_its_outline_winds_around(seed: int) -> None:
    generator = np.random.default_rng(seed)
    places = generator.integers(0, 1000, (400, 2)).astype(np.uint16)
    angles = np.sort(generator.random(17)) * 2 * math.pi
    radii = generator.uniform(100, 480, 17)
    star = [(500.3 + r * math.cos(a), 500.7 + r * math.sin(a))
            for a, r in zip(angles, radii, strict=True)]  # fmt: skip
    expected = [winds_around(float(x), float(y), star) for x, y in places]
    assert 20 < sum(expected) < 380
    assert inside(places, [star]).tolist() == expected


def test_several_outlines_hold_the_points_of_each() -> None:
    places = np.array([[10, 10], [50, 50], [90, 90]], dtype=np.uint16)
    boxes = [[(0, 0), (20, 0), (20, 20), (0, 20)], [(80, 80), (99, 80), (99, 99), (80, 99)]]
    assert inside(places, boxes).tolist() == [True, False, True]


def test_an_outline_that_crosses_itself_counts_by_the_even_odd_rule() -> None:
    bow_tie = [(0.0, 0.0), (100.0, 100.0), (100.0, 0.0), (0.0, 100.0)]
    places = np.array([[10, 50], [90, 50], [50, 10], [50, 90]], dtype=np.uint16)
    assert inside(places, [bow_tie]).tolist() == [True, True, False, False]


@pytest.mark.parametrize("outline", [[], [(0, 0)], [(0, 0), (99, 99)]])
def test_fewer_than_three_corners_hold_nothing(outline: list[tuple[float, float]]) -> None:
    assert not inside(np.array([[5, 5]], dtype=np.uint16), [outline]).any()
