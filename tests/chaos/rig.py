"""What a scenario works with: fresh workspaces on one database, a provider, workers, and dice."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from invariants import assert_invariants
from own_postgres import OwnPostgres
from processes import Server, Workers, running, serving
from sqlalchemy import func, select

from core.db.migrate import migrate
from core.db.tables import Attempt, Batch
from core.db.workspace import Workspace, open_workspace
from core.jobs.running.queue import prepare_queue
from core.jobs.running.waiting import wait_for_batch
from core.settings import load_settings

LONGEST_S = 300.0  # a batch that is not through by then has breached I11


@dataclass(frozen=True)
class Counts:
    """How much of everything; the defaults are those of `make chaos`."""

    kills: int = 50
    zombies: int = 8
    full_commits: int = 40
    lock_s: tuple[float, ...] = (10.0, 60.0)
    workers: tuple[int, ...] = (4, 16)
    bursts: tuple[int, ...] = (256, 1000)


@dataclass
class Rig:
    """One scenario's playground. `dice` decides everything that is left to chance."""

    workspace: Workspace
    server: Server
    workers: Workers
    dice: np.random.Generator
    counts: Counts
    postgres: OwnPostgres | None = None
    batches: list[Batch] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        return [batch.batch_id for batch in self.batches]

    def finish(self, batches: Sequence[Batch] | None = None) -> None:
        """Wait until these batches, or all, are completed."""
        for batch in self.batches if batches is None else batches:
            ended = wait_for_batch(self.workspace, batch.batch_id, timeout_s=LONGEST_S)
            assert ended.state == "completed", f"{ended.state}: {ended.message}"
            assert (ended.generated, ended.failed) == (ended.n, 0)

    def check(self, most_repeated: int = 0) -> str:
        """Assert the invariants over all batches; the counts in words."""
        stats = self.server.stats()
        assert_invariants(self.workspace, self.ids, stats, most_repeated=most_repeated)
        with self.workspace.read() as session:
            stored = session.scalar(
                select(func.count())
                .select_from(Attempt)
                .where(Attempt.failure_kind.is_distinct_from("crash"))
            )
        twice = int(stats["requests"]) - int(stored or 0)
        return (
            f"{len(self.batches)} batches, {stats['requests']:,} requests, "
            f"{twice} perhaps paid twice (at most {most_repeated:,})"
        )


@contextmanager
def rig(
    database: str, counts: Counts, seed: int, postgres: OwnPostgres | None, **settings: Any
) -> Iterator[Rig]:
    """A fresh workspace on `sqlite` or `postgresql` with a provider that answers in 50 ms."""
    with tempfile.TemporaryDirectory(prefix="seedbed-chaos-") as folder:
        home = Path(folder) / "workspace"
        if database == "postgresql":
            assert postgres is not None
            workspace = postgres.open(home, **settings)
        else:
            workspace = open_workspace(load_settings(home=home, **settings))
            migrate(workspace)
            prepare_queue(workspace)
        log = Path(folder) / "workers.log"
        try:
            with serving(latency_ms=50) as server, running(workspace, log) as workers:
                dice = np.random.default_rng(seed)
                yield Rig(workspace, server, workers, dice, counts, postgres)
        except BaseException:
            if log.exists():
                print("\n".join(log.read_text(errors="replace").splitlines()[-25:]))
            raise
        finally:
            workspace.close()
