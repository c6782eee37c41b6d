"""Plants defects in clean records, runs them through the real pipeline, and counts what was found.

Owns the batch: a source with one row for each record, a provider that answers with the planted
text, the engine's own run, the dear checks and those over the whole batch, on a real workspace.
"""

import importlib
import json
import math
import pkgutil
import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from sqlalchemy import select

import planting
from core.db.ids import new_id
from core.db.tables import Batch, Chunk, Finding, Sample
from core.db.workspace import Workspace
from core.generation.batches import LaunchRequest
from core.jobs.launching import launch_batch
from core.jobs.workflows import WorkerContext, run_batch
from core.providers.connections import connection_for_url
from core.providers.prices import set_price
from core.quality.examining import examine
from core.sources.importing import import_source
from core.templates.definition import build_template
from core.templates.versions import save_template
from planting.base import Plant, Planted, Record
from planting.replaying import Replay

Z_95 = 1.959964
Compute = Callable[[Workspace, str], Any]


def wilson(hits: int, total: int) -> tuple[float, float]:
    """The 95 % interval of a share. Source: Wilson 1927, the score interval."""
    if total == 0:
        return 0.0, 1.0
    share, z = hits / total, Z_95
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total**2)) / (1 + z * z / total)
    return max(0.0, middle - half), min(1.0, middle + half)


def planters() -> dict[str, Plant]:
    """Every planter of the package by the check that must find it."""
    return {name: plant for module in _modules() for name, plant in module.PLANTERS.items()}


def computations(checks: Collection[str]) -> list[Compute]:
    """What the modules of these checks want run over the whole batch, by their names."""
    return [
        module.compute
        for module in _modules()
        if hasattr(module, "compute") and not module.PLANTERS.keys().isdisjoint(checks)
    ]


def _modules() -> list[Any]:
    names = sorted(info.name for info in pkgutil.iter_modules(planting.__path__))
    modules = [importlib.import_module(f"planting.{name}") for name in names]
    return [module for module in modules if hasattr(module, "PLANTERS")]


@dataclass
class Tally:
    """What one check did with what was planted for it and with what is clean."""

    found: int = 0
    missed: int = 0
    false: int = 0  # clean records flagged
    clean: int = 0
    by_variant: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    misses: list[tuple[str, Record]] = field(default_factory=list)
    alarms: list[Record] = field(default_factory=list)

    def without(self, variant: str) -> "Tally":
        """The figures without one variant."""
        hits, planted = self.by_variant.get(variant, (0, 0))
        rest = {how: count for how, count in self.by_variant.items() if how != variant}
        return Tally(
            self.found - hits, self.missed - (planted - hits), self.false, self.clean,
            defaultdict(lambda: [0, 0], rest), self.misses, self.alarms,
        )  # fmt: skip

    @property
    def recall(self) -> float:
        planted = self.found + self.missed
        return self.found / planted if planted else math.nan

    @property
    def precision(self) -> float:
        flagged = self.found + self.false
        return self.found / flagged if flagged else math.nan

    def add(self, other: "Tally") -> None:
        """Count another batch's figures into these."""
        for name in ("found", "missed", "false", "clean"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for how, (hits, all_of) in other.by_variant.items():
            self.by_variant[how][0] += hits
            self.by_variant[how][1] += all_of
        self.misses += other.misses
        self.alarms += other.alarms


def measure(
    workspace: Workspace,
    records: Sequence[Record],
    plants: dict[str, Plant],
    *,
    rate: float,
    rng: np.random.Generator,
    folder: Path,
) -> dict[str, Tally]:
    """Plant every defect in a share `rate` of the records, run the pipeline, count."""
    planted = _plant(records, plants, rate, rng)
    rows = [planted[i][1].record if i in planted else r for i, r in enumerate(records)]
    batch_id = _generated(workspace, list(records), rows, folder)
    examine(workspace, batch_id)
    for compute in computations(plants):
        compute(workspace, batch_id)
    return _tallies(records, planted, _flags(workspace, batch_id), list(plants))


def _plant(
    records: Sequence[Record], plants: dict[str, Plant], rate: float, rng: np.random.Generator
) -> dict[int, tuple[str, Planted]]:
    """By row: the check and what was planted. Every row at most one, partners stay clean."""
    order = iter(rng.permutation(len(records)).tolist())
    planted: dict[int, tuple[str, Planted]] = {}
    partners: set[int] = set()
    for name, plant in plants.items():
        wanted = max(1, round(rate * len(records)))
        for row in order:
            if row in partners:
                continue
            made = plant(records, row, rng)
            if made is None or made.partner in planted:
                continue
            planted[row] = (name, made)
            if made.partner is not None:
                partners.add(made.partner)
            wanted -= 1
            if wanted == 0:
                break
    return planted


def _generated(workspace: Workspace, clean: list[Record], rows: list[Record], folder: Path) -> str:
    table = folder / f"{new_id('rows')}.jsonl"
    passages = [c.passage or f"{c.input}\n{c.response}" for c in clean]
    table.write_bytes(
        b"\n".join(
            orjson.dumps({"row": i, "passage": passages[i], "input": row.input, **row.variables})
            for i, row in enumerate(rows)
        )
    )
    source = import_source(workspace, table, text_column="passage")
    answers = [r.raw if r.raw is not None else json.dumps({"response": r.response}) for r in rows]
    with Replay(answers) as server:
        connection = connection_for_url(workspace, server.url, model="replay")
        set_price(workspace, connection, "replay", Decimal(0), Decimal(0))
        version = save_template(workspace, _template(), "", is_trusted=True)
        request = LaunchRequest(
            version.template_version_id, len(rows), connection=connection.name, seed=1,
            source_ids=(source.source_id,), concurrency=32,
        )  # fmt: skip
        batch = launch_batch(workspace, request)
        state = run_batch(
            WorkerContext(workspace, "wrk_planted", threading.Event()), batch.batch_id
        )
    assert state == "completed", state
    return batch.batch_id


def _template() -> Any:
    return build_template(
        {
            "name": new_id("planted").replace("_", "-").lower(),
            "title": "Planted defects", "domain": "benchmark",
            "system": "Answer.", "user": "Row {{ chunk['fields']['row'] }}.",
            "source": {"required": True},
            "output": {
                "type": "object",
                "properties": {"response": {"type": "string"}},
                "required": ["response"],
                "additionalProperties": False,
            },
            "mapping": {
                "input": "{{ chunk['fields']['input'] }}",
                "response": "{{ output.response }}",
            },
            "model": {"max_output_tokens": 8000},
        }
    )  # fmt: skip


def _flags(workspace: Workspace, batch_id: str) -> dict[int, set[str]]:
    """By row: the checks that found something."""
    flags: dict[int, set[str]] = {}
    with workspace.read() as session:
        rows = session.execute(
            select(Sample.sample_id, Chunk.fields, Sample.state)
            .join(Chunk, Chunk.chunk_id == Sample.chunk_id)
            .where(Sample.batch_id == batch_id)
        ).all()
        row_of = {key: int(fields["row"]) for key, fields, _ in rows}
        # An answer that breaks its schema is stored as a failed sample: that is the check's word.
        flags = {int(f["row"]): {"schema"} if state == "failed" else set() for _, f, state in rows}
        findings = session.execute(
            select(Finding.sample_id, Finding.check)
            .join(Sample, Sample.sample_id == Finding.sample_id)
            .join(Batch, Batch.batch_id == Sample.batch_id)
            .where(Batch.batch_id == batch_id, Finding.score < 1)
        )
        for key, check in findings:
            flags[row_of[key]].add(check)
    return flags


def _tallies(
    records: Sequence[Record],
    planted: dict[int, tuple[str, Planted]],
    flags: dict[int, set[str]],
    checks: list[str],
) -> dict[str, Tally]:
    """A record with another defect says nothing about a check: a refusal may well be an echo."""
    tallies = {name: Tally() for name in checks}
    partners: dict[int, str] = {}
    for row, (name, made) in planted.items():
        is_found = name in flags[row]
        if made.partner is not None:
            partners[made.partner] = name
            is_found = is_found or name in flags[made.partner]
        tally = tallies[name]
        tally.found += is_found
        tally.missed += not is_found
        tally.by_variant[made.how][0] += is_found
        tally.by_variant[made.how][1] += 1
        if not is_found:
            tally.misses.append((made.how, made.record))
    for row, record in enumerate(records):
        if row in planted:
            continue
        for name, tally in tallies.items():
            if row in partners:  # what is like another record in one way is so in others
                continue
            tally.clean += 1
            if name in flags[row]:
                tally.false += 1
                tally.alarms.append(record)
    return tallies
