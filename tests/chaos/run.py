"""Faults by the hundred: `make chaos`, or `PYTHONPATH=.:tests python tests/chaos/run.py --help`.

One line a scenario and database, with its counts and the invariants' verdict. The exit code is 1
when any was breached. Everything left to chance comes from the seed, which is printed.
"""

import argparse
import logging
import os
import sys
import time
import traceback
import warnings

from own_postgres import OwnPostgres
from rig import Counts, rig
from scenarios import ONLY_POSTGRESQL, SCENARIOS

DATABASES = ("sqlite", "postgresql")


def main() -> int:
    options = _options()
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    for name in list(os.environ):
        if name.startswith("SEEDBED_") or name.endswith("_API_KEY"):
            del os.environ[name]
    databases = DATABASES if options.database == "both" else (options.database,)
    counts = Counts(kills=options.kills)
    print(f"seed {options.seed}", flush=True)
    postgres = OwnPostgres() if "postgresql" in databases else None
    try:
        breaches = sum(
            _play(name, database, counts, options.seed, postgres)
            for name in options.scenarios or SCENARIOS
            for database in databases
            if database == "postgresql" or name not in ONLY_POSTGRESQL
        )
    finally:
        if postgres is not None:
            postgres.stop()
    print("every invariant held" if not breaches else f"{breaches} BREACHES")
    return min(breaches, 1)


def _play(
    name: str, database: str, counts: Counts, seed: int, postgres: OwnPostgres | None
) -> bool:
    started_s = time.monotonic()
    try:
        with rig(database, counts, seed, postgres) as playground:
            told, is_breach = SCENARIOS[name](playground), False
    except Exception as error:  # noqa: BLE001 - the next scenario must run
        told, is_breach = f"{type(error).__name__}: {error}", True
        traceback.print_exc()
    verdict = "BREACH" if is_breach else "ok"
    took_s = time.monotonic() - started_s
    print(f"{name:<10} {database:<10} {took_s:6.1f} s  {verdict:<6}  {told}", flush=True)
    return is_breach


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenarios", nargs="*", help=f"of {', '.join(SCENARIOS)}; all by default")
    parser.add_argument("--database", choices=(*DATABASES, "both"), default="both")
    parser.add_argument("--kills", type=int, default=Counts.kills)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3)))
    options = parser.parse_args()
    if unknown := set(options.scenarios) - set(SCENARIOS):
        parser.error(f"unknown scenario: {', '.join(sorted(unknown))}")
    return options


if __name__ == "__main__":
    sys.exit(main())
