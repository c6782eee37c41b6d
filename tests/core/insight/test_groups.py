"""The bias of a batch: targets, pairs of groups, corrections for many tests, words beside them."""

import numpy as np
import pytest
from factories import DEFINITION
from numpy.typing import NDArray

from core.insight.bias.groups import (
    MAX_GROUPS,
    MIN_SIDE,
    GroupSpec,
    batch_bias,
    group_shares,
    group_specs,
)
from core.insight.bias.statistics import weat
from core.insight.bias.wordlists import word_lists
from core.templates.definition import build_template

LISTS = word_lists()[:1]
CAREER = LISTS[0]
GENDER = GroupSpec("gender", {"woman": 0.5, "man": 0.5}, False)


def word_vectors(d: int = 16) -> dict[str, NDArray[np.float32]]:
    """Career words lie along the first axis, family words along the second, others anywhere."""
    generator = np.random.default_rng(0)
    vectors = {}
    for word in CAREER.words():
        centre = np.zeros(d)
        centre[0] = 3.0 * (word in CAREER.attributes.a.words)
        centre[1] = 3.0 * (word in CAREER.attributes.b.words)
        row = centre + generator.normal(scale=0.3, size=d)
        vectors[word] = (row / np.linalg.norm(row)).astype(np.float32)
    return vectors


def biased(
    n: int, d: int = 16, pull: float = 2.0
) -> tuple[list[dict[str, str]], NDArray[np.float32]]:
    """Texts of men lean to career, those of women to family."""
    generator = np.random.default_rng(1)
    drawn = [{"gender": ("woman", "man")[i % 2]} for i in range(n)]
    x = generator.normal(size=(n, d))
    x[1::2, 0] += pull
    x[0::2, 1] += pull
    return drawn, (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)


def test_declared_groups_come_first_and_other_categories_get_an_even_target() -> None:
    definition = build_template(
        {
            **DEFINITION,
            "variables": [
                *DEFINITION["variables"],
                {"name": "gender", "sampler": {"kind": "category", "values": ["woman", "man"]}},
                {"name": "only", "sampler": {"kind": "category", "values": ["one"]}},
                {"name": "age", "sampler": {"kind": "integer", "low": 18, "high": 90}},
            ],
            "groups": [{"variable": "gender", "target": {"woman": 0.6, "man": 0.4}}],
        }
    )
    gender, topic = group_specs(definition)
    assert gender == GroupSpec("gender", {"woman": 0.6, "man": 0.4}, False)
    assert (topic.variable, topic.is_assumed) == ("topic", True)
    assert set(topic.target.values()) == {0.25}


def test_samples_without_the_variable_are_left_out_of_its_shares() -> None:
    drawn = [{"gender": "woman"}, {"gender": None}, {}, {"gender": "man"}, {"gender": "man"}]
    shares = group_shares(GENDER, drawn)
    assert shares.total == 3
    assert [(row.group, row.count) for row in shares.rows] == [("woman", 1), ("man", 2)]
    assert "rough" in shares.note


def test_an_assumed_target_says_so() -> None:
    assumed = GroupSpec("gender", GENDER.target, True)
    assert "assumed" in group_shares(assumed, [{"gender": "man"}]).note
    assert "assumed" not in group_shares(GENDER, [{"gender": "man"}]).note


def test_planted_association_between_groups_is_found_and_said_in_words() -> None:
    drawn, vectors = biased(120)
    words = word_vectors()
    bias = batch_bias([GENDER], drawn, vectors, LISTS, words)
    (found,) = bias.groups
    assert (found.variable, found.x, found.y) == ("gender", "woman", "man")
    assert (found.x_count, found.y_count) == (60, 60)
    assert found.effect_size is not None
    assert found.effect_size < -0.8
    assert found.adjusted_p < 0.001
    assert "A large effect" in found.note
    assert "Nearer to career: man; nearer to family: woman" in found.note
    a = np.stack([words[w] for w in CAREER.attributes.a.words])
    b = np.stack([words[w] for w in CAREER.attributes.b.words])
    direct = weat(vectors[0::2], vectors[1::2], a, b, alternative="two-sided")
    assert found.effect_size == pytest.approx(direct.effect_size)
    assert found.p_value == direct.p_value


def test_no_association_is_left_to_chance() -> None:
    drawn, vectors = biased(60, pull=0.0)
    (found,) = batch_bias([GENDER], drawn, vectors, LISTS, word_vectors()).groups
    assert found.adjusted_p > 0.05
    assert "chance alone" in found.note


def test_words_are_tested_by_the_published_one_sided_test() -> None:
    words = word_vectors()
    (found,) = batch_bias([], [], np.zeros((0, 16)), LISTS, words).words
    sides = (CAREER.targets.x, CAREER.targets.y, CAREER.attributes.a, CAREER.attributes.b)
    direct = weat(*(np.stack([words[word] for word in side.words]) for side in sides))
    assert (found.effect_size, found.p_value) == (direct.effect_size, direct.p_value)
    assert found.is_exact
    assert found.permutations == 12_870
    assert found.variable is None
    assert "embedding model itself" in found.note


def test_many_pairs_are_corrected_and_small_groups_left_out() -> None:
    names = [f"g{i}" for i in range(MAX_GROUPS + 2)]
    spec = GroupSpec("kind", dict.fromkeys(names, 1 / len(names)), False)
    drawn = [{"kind": name} for i, name in enumerate(names[:-1]) for _ in range(MIN_SIDE + i)]
    drawn += [{"kind": names[-1]}] * (MIN_SIDE - 1)
    generator = np.random.default_rng(2)
    vectors = generator.normal(size=(len(drawn), 16))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    bias = batch_bias([spec], drawn, vectors, LISTS, word_vectors())
    pairs = MAX_GROUPS * (MAX_GROUPS - 1) // 2
    assert len(bias.groups) == pairs
    assert "g0" not in {one.x for one in bias.groups}
    assert min(one.adjusted_p for one in bias.groups) == pytest.approx(
        min(1, pairs * min(one.p_value for one in bias.groups))
    )
    assert "fewer than 5 samples" in bias.note
    assert "6 largest" in bias.note
    assert "d is unstable" in bias.groups[0].note


def test_without_declared_groups_the_report_says_what_to_do() -> None:
    drawn, vectors = biased(20)
    assumed = GroupSpec("gender", GENDER.target, True)
    bias = batch_bias([assumed], drawn, vectors, LISTS, word_vectors())
    assert bias.groups == []
    assert bias.note.startswith("Declare groups in the template")
    assert len(bias.representation) == 1
