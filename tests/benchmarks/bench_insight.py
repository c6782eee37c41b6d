"""How long duplicates and diversity take at 100,000 texts, beside yardsticks of the same run.

    python tests/benchmarks/bench_insight.py [--n 100000] [--data FOLDER]

Texts are invented, or with gsm8k_train.jsonl in the folder recombined from its sentences; vectors
have the spectrum of a text model (half of the variance in the first 24 axes) and twins at a known
rate. Wall time depends on who else uses the machine: CPU time and the ratios do not as much.
"""

import argparse
import gc
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from corpora import invented, written
from numpy.typing import NDArray

from core.insight.diversity.measures import (
    LEXICAL_THRESHOLD,
    SEMANTIC_THRESHOLD,
    mean_pairwise_similarity,
    self_bleu,
    semantic_twin_rate,
    twin_rate,
    vendi_score,
    wording_metrics,
)
from core.text.alike.containment import Records
from core.text.alike.cosine_twins import cosine_twins
from core.text.alike.similarity import near_duplicate_groups, near_duplicate_pairs

DIMENSIONS = 384
TWIN_RATE = 0.02
DECAY = 60.0  # axes over which a vector's numbers fall to a third
GOALS_S = {"all diversity metrics": 10.0, "lexical near-duplicates": 5.0, "semantic": 60.0}


class Clock:
    """Runs a thing, prints its times and its ratio to a yardstick."""

    def __init__(self) -> None:
        self.cpu_s: dict[str, float] = {}
        self.wall_s: dict[str, float] = {}

    def __call__(self, name: str, run: Callable[[], Any], yardstick: str = "") -> Any:
        gc.collect()
        wall, cpu = time.perf_counter(), time.process_time()
        result = run()
        self.wall_s[name], self.cpu_s[name] = time.perf_counter() - wall, time.process_time() - cpu
        ratio = ""
        if yardstick:
            ratio = f"{self.cpu_s[name] / self.cpu_s[yardstick]:8.2f} x {yardstick}"
        print(
            f"{name:<34}{self.wall_s[name]:8.2f} s {self.cpu_s[name]:8.2f} s CPU {ratio}",
            flush=True,
        )
        return result


def vectors_of(n: int, seed: int = 0) -> NDArray[np.float32]:
    """Unit rows (n, DIMENSIONS); the last TWIN_RATE of them are twins of first ones."""
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((n, DIMENSIONS), dtype=np.float32)
    rows *= np.exp(-np.arange(DIMENSIONS) / DECAY).astype(np.float32)
    rows[:, 0] += 1.5  # texts of one domain share a direction
    count = int(n * TWIN_RATE)
    noise = rng.standard_normal((count, DIMENSIONS), dtype=np.float32)
    rows[n - count :] = rows[:count] + 0.05 * noise
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--n", type=int, default=100_000)
    parser.add_argument("--data", type=Path, help="folder that holds gsm8k_train.jsonl")
    options = parser.parse_args()
    corpus = invented(options.n)
    if options.data is not None:
        corpus = written(options.data / "gsm8k_train.jsonl", options.n)
    texts, clock = corpus.texts, Clock()
    print(f"{len(set(texts)):,} distinct texts of {sum(map(len, texts)) / len(texts):.0f} letters")
    clock("yardstick: split", lambda: sum(len(text.lower().split()) for text in texts))
    pairs = clock(
        "lexical near-duplicates", lambda: near_duplicate_pairs(texts), "yardstick: split"
    )
    clock("leaks of 10,000 records", lambda: Records(texts[:10_000]).held_by(texts),
          "yardstick: split")  # fmt: skip
    vectors = vectors_of(options.n)
    some = vectors[: max(1, options.n // 50)]
    clock("yardstick: 2 % of all cosines", lambda: float((some @ vectors.T).max()))
    _diversity(clock, texts, vectors)
    twins = clock("semantic", lambda: cosine_twins(vectors, 0.9), "yardstick: 2 % of all cosines")
    found = {pair[:2] for pair in pairs}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"\nnear-duplicate pairs {len(pairs):,}; of the planted ones {_planted(corpus, found)}")
    print(f"rows with an earlier twin {int((twins.earlier >= 0).sum()):,}, "
          f"planted {int(options.n * TWIN_RATE):,}")  # fmt: skip
    print(f"memory at its peak {peak:.2f} GiB (goal 2)")
    for name, goal in GOALS_S.items():
        print(f"{name}: {clock.wall_s[name]:.1f} s, goal {goal:.0f} s")


def _diversity(clock: Clock, texts: list[str], vectors: NDArray[np.float32]) -> None:
    yardstick = "yardstick: split"
    wall, cpu = time.perf_counter(), time.process_time()
    clock("wording: distinct, entropy, gzip", lambda: wording_metrics(texts), yardstick)
    clock("self-BLEU (sample)", lambda: self_bleu(texts), yardstick)
    clock("near-duplicate rate", lambda: twin_rate(near_duplicate_groups(texts, LEXICAL_THRESHOLD)),
          yardstick)  # fmt: skip
    products = "yardstick: 2 % of all cosines"
    clock("Vendi score", lambda: vendi_score(vectors), products)
    clock("mean similarity", lambda: mean_pairwise_similarity(vectors), products)
    rate = clock("semantic twin rate (sample)",
                 lambda: semantic_twin_rate(vectors, threshold=SEMANTIC_THRESHOLD),
                 products)  # fmt: skip
    clock.wall_s["all diversity metrics"] = time.perf_counter() - wall
    clock.cpu_s["all diversity metrics"] = time.process_time() - cpu
    print(f"{'all diversity metrics':<34}{clock.wall_s['all diversity metrics']:8.2f} s "
          f"{clock.cpu_s['all diversity metrics']:8.2f} s CPU; "
          f"semantic rate {rate.value:.4f} ± {rate.error:.4f}")  # fmt: skip


def _planted(corpus: Any, found: set[tuple[int, int]]) -> str:
    """How many planted pairs were found of those whose exact similarity reaches the threshold."""
    reach = [pair for pair in corpus.twins if _jaccard(*(corpus.texts[i] for i in pair)) >= 0.85]
    return f"{sum(pair in found for pair in reach):,} of {len(reach):,} that reach the threshold"


def _jaccard(first: str, second: str) -> float:
    """Counted with sets of words in a row, apart from what is measured."""
    import re

    sets = []
    for text in (first, second):
        words = re.findall(r"\w+", text.casefold())
        sets.append(set(zip(words, words[1:], words[2:], strict=False)))
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


if __name__ == "__main__":
    main()
