"""Outcomes by group: planted differences are found, said in words, and corrected for many tests."""

from collections.abc import Mapping
from time import perf_counter
from typing import Any

import numpy as np
import pytest
from factories import make_batch, make_samples

from core.db.tables import Finding
from core.db.workspace import Workspace
from core.insight.bias.flagged import flagged_ids
from core.insight.bias.group_outcomes import (
    MAX_GROUPS,
    differing,
    effect_words,
    group_disparities,
    is_beyond_chance,
)
from core.insight.bias.group_values import GroupSpec, group_of, seen_specs
from core.insight.bias.groups import batch_bias
from core.insight.bias.outcomes import OUTCOMES, outcome_values, rate_texts, sentiments
from core.insight.bias.statistics import holm
from core.insight.records import Records, Scope

GENDER = GroupSpec("gender", {"woman": 0.5, "man": 0.5}, False)
SCOPE = Scope("batch", "bat_1")


def records(responses: list[str], **columns: Any) -> Records:
    n = len(responses)
    values: dict[str, Any] = {
        "ids": [f"smp_1_{i}" for i in range(n)], "inputs": [""] * n, "responses": responses,
        "variables": [{}] * n, "domains": [""] * n, "languages": [""] * n, "verdicts": [""] * n,
        "scores": [None] * n,
    }  # fmt: skip
    return Records(SCOPE, **{**values, **columns})


def halves(n: int) -> list[dict[str, str]]:
    return [{"gender": ("woman", "man")[i % 2]} for i in range(n)]


def test_outcomes_are_read_from_records() -> None:
    found = outcome_values(
        records(
            ["one two three", "Great, thank you!", "A terrible, sad failure.", ""],
            verdicts=["accepted", "rejected", "needs_review", "accepted"],
            scores=[1.0, 0.2, None, 0.5],
            languages=["en", "en", "en", ""],
        ),
        {"smp_1_2"},
    )
    assert list(found) == list(OUTCOMES)
    assert found["length"].tolist() == [3, 3, 4, 0]
    assert found["accepted"].tolist() == [1, 0, 0, 1]
    assert found["rejected"].tolist() == [0, 1, 0, 0]
    assert found["refusal"].tolist() == [0, 0, 1, 0]
    assert np.isnan(found["quality_score"][2])
    assert found["sentiment"][1] > 0.5
    assert found["sentiment"][2] < -0.5
    assert np.isnan(found["sentiment"][3])


def test_what_nobody_measured_is_left_out() -> None:
    assert list(outcome_values(records(["a b"]), None)) == ["length", "sentiment"]


def test_sentiment_is_read_in_english_only() -> None:
    rated = sentiments(["I love it.", "Ich liebe es.", "I hate it."], ["en", "de", "en"])
    assert rated[0] > 0.5
    assert np.isnan(rated[1])
    assert rated[2] < -0.5


def test_sentiment_of_a_text_is_the_mean_of_its_sentences() -> None:
    good, bad = rate_texts(["I love it."]), rate_texts(["I hate it."])
    assert rate_texts(["I love it. I hate it."])[0] == pytest.approx((good[0] + bad[0]) / 2)
    assert rate_texts(["", "…"]) == [0.0, 0.0]


def test_a_planted_difference_is_found_and_said_in_words() -> None:
    generator = np.random.default_rng(0)
    drawn = halves(400)
    is_man = np.arange(400) % 2 == 1
    outcomes = {
        "length": generator.poisson(60, 400) - 12.0 * is_man,
        "accepted": (generator.random(400) < 0.9 - 0.3 * is_man).astype(float),
        "quality_score": generator.random(400),
    }
    found, notes = group_disparities([GENDER], drawn, outcomes)
    length, accepted, score = found
    assert notes == []
    assert [row.group for row in length.rows] == ["woman", "man"]
    woman, man = length.rows
    assert woman.difference == pytest.approx(12, abs=2)
    assert man.difference == pytest.approx(-(woman.difference or 0))
    assert is_beyond_chance(woman)
    assert [row.group for row in differing(length)] == ["woman"]
    assert length.note.startswith(f"woman: {woman.difference:.1f} words more than man (a large")
    assert "points more than man (a medium effect)" in accepted.note
    assert score.note == "No group differs beyond what chance alone explains."
    # Two groups are one comparison: three in all.
    p_values = [one.rows[0].p_value for one in found]
    assert [one.rows[0].adjusted_p for one in found] == pytest.approx(holm(p_values))
    assert man.adjusted_p == woman.adjusted_p


def test_no_difference_is_left_to_chance() -> None:
    generator = np.random.default_rng(3)
    outcomes = {"length": generator.poisson(60, 300).astype(float)}
    spec = GroupSpec("kind", dict.fromkeys("abcdef", 1 / 6), False)
    drawn = [{"kind": "abcdef"[i % 6]} for i in range(300)]
    (found,), _ = group_disparities([spec], drawn, outcomes)
    assert len(found.rows) == 6
    assert differing(found) == []


def test_declared_groups_are_corrected_apart_from_assumed_ones() -> None:
    generator = np.random.default_rng(4)
    drawn = [{**one, "topic": "abc"[i % 3]} for i, one in enumerate(halves(200))]
    topics = GroupSpec("topic", dict.fromkeys("abc", 1 / 3), True)
    outcomes = {"length": generator.normal(50, 5, 200)}
    (gender, topic), _ = group_disparities([topics, GENDER], drawn, outcomes)
    assert (gender.variable, topic.variable) == ("gender", "topic")
    assert gender.rows[0].adjusted_p == gender.rows[0].p_value
    assert [row.adjusted_p for row in topic.rows] == pytest.approx(
        holm([row.p_value for row in topic.rows])
    )


def test_small_and_surplus_groups_are_left_out_and_told() -> None:
    drawn: list[Mapping[str, Any]] = [{"kind": f"k{i}"} for i in range(20) for _ in range(6)]
    spec = GroupSpec("kind", {"k0": 1.0}, True)
    outcomes = {"length": np.arange(120.0)}
    (found,), notes = group_disparities([spec], drawn, outcomes)
    assert len(found.rows) == MAX_GROUPS
    assert notes == [f"Only the {MAX_GROUPS} largest groups of kind are compared."]
    assert "small" in found.note
    none, notes = group_disparities([spec], drawn[:8], {"length": np.arange(8.0)})
    assert none == []
    assert "fewer than 5" in notes[0]


def test_the_whole_of_bias_carries_disparities() -> None:
    drawn = halves(60)
    outcomes = {"length": np.where(np.arange(60) % 2, 10.0, 30.0)}
    bias = batch_bias([GENDER], drawn, np.zeros((0, 4)), (), {}, outcomes=outcomes)
    assert [one.outcome for one in bias.disparities] == ["length"]
    assert bias.groups == []


def test_effect_sizes_have_their_conventional_names() -> None:
    assert [effect_words(d) for d in (0.1, -0.3, 0.6, -2.0, None)] == [
        "negligible", "small", "medium", "large", "unknown",
    ]  # fmt: skip


def test_fields_of_imported_samples_with_few_values_are_groups() -> None:
    drawn = [
        {"sex": "fm"[i % 2], "id": f"row {i}", "person": {"age": "old" if i % 3 else "young"},
         "size": i, "same": "x"}
        for i in range(40)
    ]  # fmt: skip
    specs = seen_specs(drawn)
    assert [(one.variable, one.is_assumed) for one in specs] == [
        ("sex", True),
        ("person.age", True),
    ]
    assert specs[0].target == {"f": 0.5, "m": 0.5}
    assert group_of(drawn[1], "person.age") == "old"
    assert seen_specs(drawn, ["sex"])[0].variable == "person.age"


def test_refused_samples_are_read_from_the_findings(any_workspace: Workspace) -> None:
    batch = make_batch(any_workspace, n=3)
    ids = [one.sample_id for one in make_samples(any_workspace, batch, 3)]
    with any_workspace.write() as session:
        for sample_id, check, value in (
            (ids[0], "refusal", 1.0), (ids[1], "refusal", 0.0), (ids[2], "length", 5.0),
        ):  # fmt: skip
            session.add(Finding(sample_id=sample_id, check=check, value=value, score=1.0))
    assert flagged_ids(any_workspace, ids, "refusal") == {ids[0]}
    assert flagged_ids(any_workspace, ids[1:], "refusal") == set()


def test_all_outcomes_of_a_hundred_thousand_samples_take_seconds() -> None:
    n = 100_000
    generator = np.random.default_rng(0)
    drawn = [{"gender": ("woman", "man")[i % 2], "topic": f"t{i % 7}"} for i in range(n)]
    topics = GroupSpec("topic", {f"t{i}": 1 / 7 for i in range(7)}, True)
    outcomes = {
        name: (generator.random(n) < 0.9).astype(float)
        if one.unit == "share"
        else generator.gamma(3, 20, n)
        for name, one in OUTCOMES.items()
    }
    start = perf_counter()
    found, _ = group_disparities([GENDER, topics], drawn, outcomes)
    assert perf_counter() - start < 10
    assert len(found) == 2 * len(OUTCOMES)
