"""Examples of what two populations share and of what only one has, by meaning. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from core.insight.diversity.measures import Vectors

SHOWN: Final = 6
NEIGHBOURS: Final = 5
EXCERPT_CHARS: Final = 600
TWIN: Final = 0.999  # of two texts as like as this, only one is shown

PairKind = Literal["alike", "only_a", "only_b"]


@dataclass(frozen=True)
class ExamplePair:
    """A text of A and the one of B that is nearest to it, or the other way round."""

    kind: PairKind  # alike: the nearest of all; only_a, only_b: far from everything on the other
    similarity: float  # cosine, -1 to 1
    a_id: str
    b_id: str
    a_text: str  # their beginnings
    b_text: str


def example_pairs(
    a_ids: Sequence[str], a_texts: Sequence[str], a_vectors: Vectors,
    b_ids: Sequence[str], b_texts: Sequence[str], b_vectors: Vectors,
) -> list[ExamplePair]:  # fmt: skip
    """`SHOWN` pairs of each kind at most; none where a side is empty.

    What only one side has is ranked by how near its own neighbours are, less how near the other
    side comes: a region that the other side lacks, not a lone odd text.
    """
    if not len(a_vectors) or not len(b_vectors):
        return []
    across = np.asarray(a_vectors @ b_vectors.T, dtype=np.float64)
    pairs = [("alike", i, j) for i, j in _most_alike(across)]
    pairs += [("only_a", i, int(across[i].argmax())) for i in _own(a_vectors, across)]
    pairs += [("only_b", int(across[:, j].argmax()), j) for j in _own(b_vectors, across.T)]
    return [
        ExamplePair(
            kind, float(across[i, j]), a_ids[i], b_ids[j],  # type: ignore[arg-type]
            a_texts[i][:EXCERPT_CHARS], b_texts[j][:EXCERPT_CHARS],
        )
        for kind, i, j in pairs
    ]  # fmt: skip


def _most_alike(across: NDArray[np.float64]) -> list[tuple[int, int]]:
    """The nearest pairs, each text in one of them at most."""
    found: list[tuple[int, int]] = []
    rest = across.copy()
    while len(found) < min(SHOWN, *across.shape):
        i, j = np.unravel_index(int(rest.argmax()), rest.shape)
        found.append((int(i), int(j)))
        rest[i, :] = rest[:, j] = -np.inf
    return found


def _own(vectors: Vectors, across: NDArray[np.float64]) -> list[int]:
    """Rows in a region of their own side, the farthest from the other side first, apart from each
    other."""
    within = np.asarray(vectors @ vectors.T, dtype=np.float64)
    np.fill_diagonal(within, -np.inf)
    k = min(NEIGHBOURS, len(within) - 1)
    own = np.partition(within, -k, axis=1)[:, -k:].mean(axis=1) if k > 0 else np.zeros(len(within))
    score = own - across.max(axis=1)
    found: list[int] = []
    for row in np.argsort(-score, kind="stable"):
        if score[row] <= 0 or len(found) == SHOWN:
            break
        if all(within[row, other] < TWIN for other in found):
            found.append(int(row))
    return found
