"""Bias of one batch: its groups against their targets, and what their texts lean to. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.insight.bias.group_outcomes import SIGNIFICANT, effect_words, group_disparities
from core.insight.bias.group_values import GroupSpec, group_of, group_specs
from core.insight.bias.statistics import WeatResult, holm, representation, weat
from core.insight.bias.wordlists import WordList
from core.insight.contents import Association, Bias, Representation
from core.insight.diversity.measures import Vectors, sample_rows

__all__ = ["GroupSpec", "batch_bias", "group_shares", "group_specs"]

MIN_SIDE = 5  # samples that a group needs before its texts are compared
MAX_SIDE = 500  # samples of a group that a test takes: enough for a stable d, and quick to permute
MAX_GROUPS = 6  # the largest groups of a variable are compared pair by pair: 15 pairs
SMALL_SIDE = 20
MIN_EXPECTED = 5
NO_OUTCOMES: Mapping[str, NDArray[np.float64]] = MappingProxyType({})

WORDS_NOTE = (
    "This measures the embedding model itself, not your data: read the results of groups against "
    "it. It says which words occur near each other in the model's training text, nothing about "
    "people."
)
GROUPS_NOTE = (
    "It shows how wording goes together in this embedding model, not what causes it: groups that "
    "were given different topics differ too, and words for the group itself count as text."
)


def batch_bias(
    specs: Sequence[GroupSpec],
    drawn: Sequence[Mapping[str, Any]],
    vectors: Vectors,
    lists: Sequence[WordList],
    word_vectors: Mapping[str, NDArray[np.float32]],
    *,
    outcomes: Mapping[str, NDArray[np.float64]] = NO_OUTCOMES,
    rows: NDArray[np.int64] | None = None,
    seed: int = 0,
) -> Bias:
    """Everything about bias in a population.

    `drawn` and each of `outcomes` (see `core.insight.bias.outcomes`) have an entry per sample;
    `vectors` too, or one per sample of `rows`. Lists whose words have no vectors yet are left out.
    """
    tested = [one for one in lists if all(word in word_vectors for word in one.words())]
    told = drawn if rows is None else [drawn[i] for i in rows]
    groups, skipped = _group_associations(specs, told, vectors, tested, word_vectors, seed)
    disparities, left_out = group_disparities(specs, drawn, outcomes, seed=seed)
    return Bias(
        representation=[group_shares(spec, drawn) for spec in specs],
        disparities=disparities,
        groups=groups,
        words=_word_associations(tested, word_vectors, seed),
        note=" ".join(dict.fromkeys([*skipped, *left_out])),
    )


def group_shares(spec: GroupSpec, drawn: Sequence[Mapping[str, Any]]) -> Representation:
    """The shares of a variable's groups among the samples that have the variable."""
    counts = Counter(group_of(variables, spec.variable) for variables in drawn)
    del counts[""]
    shares = representation(counts, spec.target)
    notes = [f"Shares of {shares.total:,} samples."]
    if spec.is_assumed:
        notes.append(
            "No target is declared, so even shares are assumed; declare one in the template to "
            "make this a real test."
        )
    notes.append(
        "The intervals and p-values are those of a random sample. A plan meets its quotas exactly, "
        "so a gap comes from the plan itself or from samples that failed."
    )
    if any(0 < row.target * shares.total < MIN_EXPECTED for row in shares.rows):
        notes.append("Some groups expect fewer than five samples: the joint p-value is rough.")
    return Representation(
        spec.variable, spec.is_assumed, shares.total, shares.p_value, shares.rows, " ".join(notes)
    )


def _group_associations(
    specs: Sequence[GroupSpec],
    drawn: Sequence[Mapping[str, Any]],
    vectors: Vectors,
    lists: Sequence[WordList],
    word_vectors: Mapping[str, NDArray[np.float32]],
    seed: int,
) -> tuple[list[Association], list[str]]:
    found: list[Association] = []
    skipped: list[str] = []
    declared = [spec for spec in specs if not spec.is_assumed]
    if len(vectors) == 0:
        return [], []
    if not declared:
        skipped.append("Declare groups in the template to compare what their texts lean to.")
    for spec in declared:
        members, note = _members(spec, drawn, seed)
        skipped.extend(note)
        for x, y in combinations(members, 2):
            found.extend(
                _association(
                    word_list,
                    spec.variable,
                    (x, vectors[members[x]]),
                    (y, vectors[members[y]]),
                    word_vectors,
                    seed,
                )
                for word_list in lists
            )
    return _corrected(found), skipped


def _members(
    spec: GroupSpec, drawn: Sequence[Mapping[str, Any]], seed: int
) -> tuple[dict[str, NDArray[np.int64]], list[str]]:
    """The rows of each group that is large enough to compare, and what was left out."""
    rows: dict[str, list[int]] = {group: [] for group in spec.target}
    for i, variables in enumerate(drawn):
        group = group_of(variables, spec.variable)
        if group in rows:
            rows[group].append(i)
    large = [group for group in rows if len(rows[group]) >= MIN_SIDE]
    kept = sorted(large, key=lambda group: -len(rows[group]))[:MAX_GROUPS]
    notes = []
    if len(large) < len(rows):
        notes.append(
            f"Groups of {spec.variable} with fewer than {MIN_SIDE} samples are not compared."
        )
    if len(kept) < len(large):
        notes.append(f"Only the {MAX_GROUPS} largest groups of {spec.variable} are compared.")
    members = {
        group: np.array(rows[group])[sample_rows(len(rows[group]), MAX_SIDE, seed)]
        for group in spec.target
        if group in kept
    }
    return members, notes


def _word_associations(
    lists: Sequence[WordList], word_vectors: Mapping[str, NDArray[np.float32]], seed: int
) -> list[Association]:
    found = []
    for word_list in lists:
        x, y = word_list.targets.x, word_list.targets.y
        sides = [(s.name, _stacked(s.words, word_vectors)) for s in (x, y)]
        found.append(_association(word_list, None, sides[0], sides[1], word_vectors, seed))
    return _corrected(found)


def _stacked(
    words: Sequence[str], word_vectors: Mapping[str, NDArray[np.float32]]
) -> NDArray[np.float32]:
    return np.stack([word_vectors[word] for word in words])


def _association(
    word_list: WordList,
    variable: str | None,
    x: tuple[str, Vectors],
    y: tuple[str, Vectors],
    word_vectors: Mapping[str, NDArray[np.float32]],
    seed: int,
) -> Association:
    a, b = word_list.attributes.a, word_list.attributes.b
    result: WeatResult = weat(
        x[1],
        y[1],
        _stacked(a.words, word_vectors),
        _stacked(b.words, word_vectors),
        seed=seed,
        alternative="two-sided" if variable else "greater",
    )
    return Association(
        word_list=word_list.name,
        variable=variable,
        x=x[0],
        y=y[0],
        a=a.name,
        b=b.name,
        x_count=len(x[1]),
        y_count=len(y[1]),
        effect_size=result.effect_size,
        p_value=result.p_value,
        adjusted_p=result.p_value,
        permutations=result.permutations,
        is_exact=result.is_exact,
        note="",
    )


def _corrected(found: Sequence[Association]) -> list[Association]:
    adjusted = holm([association.p_value for association in found])
    corrected = [replace(one, adjusted_p=p) for one, p in zip(found, adjusted, strict=True)]
    return [replace(one, note=_note(one)) for one in corrected]


def _note(one: Association) -> str:
    """One association in plain words, and when not to trust it."""
    d = one.effect_size
    if d is None:
        return "Every text has the same association, so there is nothing to compare."
    figures = f"d = {d:.2f}, corrected p = {one.adjusted_p:.2g}"
    if one.adjusted_p < SIGNIFICANT:
        first, second = (one.x, one.y) if d >= 0 else (one.y, one.x)
        size = effect_words(d)
        said = (
            f"Nearer to {one.a}: {first}; nearer to {one.b}: {second}, relative to each other. "
            f"A {size} effect ({figures})."
        )
    else:
        said = f"No difference beyond what chance alone explains ({figures})."
    if min(one.x_count, one.y_count) < SMALL_SIDE and one.variable:
        said += f" With fewer than {SMALL_SIDE} samples on a side, d is unstable."
    return f"{said} {GROUPS_NOTE if one.variable else WORDS_NOTE}"
