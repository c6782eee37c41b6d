"""Recall and precision of every check: known defects planted in clean text, then looked for.

    python tests/benchmarks/planted_defects.py [folder with gsm8k_train.jsonl, banking77_train.csv]

Without the folder's files a small corpus is invented. Thresholds are the defaults. A check is asked
about what was planted for it and about clean records; a record with another defect does not count.
Phrases that were kept aside while the checks were made are counted apart.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from planting.base import UNSEEN, Record
from planting.corpus import banking77, gsm8k, invented, passages
from planting.measuring import Tally, measure, planters, wilson

from core.db.migrate import migrate
from core.db.workspace import open_workspace
from core.jobs.running.queue import prepare_queue
from core.settings import load_settings

SHOWN = 15  # errors of each check and corpus
GOAL = 0.95
RATE = 0.02  # of the records, for each defect
GROUNDED = "groundedness"  # has a corpus of its own: what a passage says


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("folder", type=Path, nargs="?", help="where the real data lies")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--n", type=int, default=None, help="records of each corpus at most")
    parser.add_argument("--only", nargs="*", help="names of checks")
    parser.add_argument("--show", action="store_true", help="print what was missed or alarmed")
    options = parser.parse_args()
    started = time.monotonic()
    totals = run(options.folder, options.seed, options.n, options.only)
    print_table(totals)
    if options.show:
        _print_errors(totals)
    print(f"{time.monotonic() - started:.0f} s")


def run(
    folder: Path | None, seed: int, n: int | None = None, only: list[str] | None = None
) -> dict[str, dict[str, Tally]]:
    """The tallies by corpus and check."""
    rng = np.random.default_rng(seed)
    plants = {name: p for name, p in planters().items() if only is None or name in only}
    totals: dict[str, dict[str, Tally]] = {}
    for corpus, records in _corpora(folder, rng, n).items():
        is_grounded = corpus == "passages"
        wanted = {name: p for name, p in plants.items() if (name == GROUNDED) == is_grounded}
        if not wanted:
            continue
        with tempfile.TemporaryDirectory() as home:
            workspace = open_workspace(load_settings(home=Path(home)))
            migrate(workspace)
            prepare_queue(workspace)
            rate = 0.2 if is_grounded else RATE
            totals[corpus] = measure(
                workspace, records, wanted, rate=rate, rng=rng, folder=Path(home)
            )
            workspace.close()
    return totals


def _corpora(folder: Path | None, rng: np.random.Generator, n: int | None) -> dict[str, list]:
    if folder is None:
        stories = invented(n or 2_000, rng)
        return {"invented": stories, "passages": passages(stories, rng)}
    problems, messages = gsm8k(folder), banking77(folder)
    return {
        "gsm8k": _some(problems, n, rng), "banking77": _some(messages, n, rng),
        "passages": _some(passages(problems, rng), n or 3_000, rng),
    }  # fmt: skip


def _some(records: list, n: int | None, rng: np.random.Generator) -> list:
    if n is None or n >= len(records):
        return records
    return [records[i] for i in sorted(rng.permutation(len(records))[:n].tolist())]


def print_table(totals: dict[str, dict[str, Tally]]) -> None:
    """One line for each corpus and check, then one for each check over all."""
    print(f"{'corpus':<12}{'check':<20}{'planted':>8}{'recall':>8}  {'95 %':<14}"
          f"{'false':>6}{'clean':>8}{'precision':>11}  {'95 %':<14}")  # fmt: skip
    over_all: dict[str, Tally] = {}
    for corpus, tallies in totals.items():
        for name, tally in tallies.items():
            _print_line(corpus, name, tally.without(UNSEEN))
            over_all.setdefault(name, Tally()).add(tally)
    print()
    for name, tally in over_all.items():
        _print_line("all", name, tally.without(UNSEEN))
        if UNSEEN in tally.by_variant:
            hits, planted = tally.by_variant[UNSEEN]
            low, high = wilson(hits, planted)
            print(
                f"{'':<12}{'  ' + UNSEEN:<20}{planted:>8}{hits / planted:>8.3f}  "
                f"{low:.3f}-{high:.3f}"
            )
        poor = {
            how: hits / of
            for how, (hits, of) in tally.without(UNSEEN).by_variant.items()
            if hits < GOAL * of
        }
        if poor:
            print(" " * 12 + ", ".join(f"{how} {share:.0%}" for how, share in sorted(poor.items())))


def _print_line(corpus: str, name: str, tally: Tally) -> None:
    planted, flagged = tally.found + tally.missed, tally.found + tally.false
    low, high = wilson(tally.found, planted)
    least, most = wilson(tally.found, flagged)
    is_met = tally.recall >= GOAL and tally.precision >= GOAL
    print(
        f"{corpus:<12}{name:<20}{planted:>8}{tally.recall:>8.3f}  {f'{low:.3f}-{high:.3f}':<14}"
        f"{tally.false:>6}{tally.clean:>8}{tally.precision:>11.3f}  "
        f"{f'{least:.3f}-{most:.3f}':<14}{'' if is_met else 'below the goal'}",
        flush=True,
    )


def _print_errors(totals: dict[str, dict[str, Tally]]) -> None:
    for corpus, tallies in totals.items():
        for name, tally in tallies.items():
            for how, record in tally.misses[:SHOWN]:
                print(f"MISSED {corpus} {name} [{how}]", _brief(record))
            for record in tally.alarms[:SHOWN]:
                print(f"FALSE {corpus} {name}", _brief(record))


def _brief(record: Record) -> str:
    return f"{record.input[:80]!r} -> {record.response[:250]!r}"


if __name__ == "__main__":
    main()
