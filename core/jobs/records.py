"""The texts of any scope, dataset versions included, and what a report on them needs besides.

Stands above `core.insight`, which knows nothing of a dataset version's files.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from sqlalchemy import select

from core.datasets.browsing import released_version
from core.datasets.query import SPLITS
from core.db.tables import Batch, Sample, TemplateVersion
from core.db.workspace import Workspace
from core.generation.batches import KEPT_KINDS
from core.generation.missing import plan_of
from core.insight.bias.flagged import flagged_ids
from core.insight.bias.group_values import GroupSpec, group_specs, seen_specs
from core.insight.coverage.grid import CellKey, CellLike, cell_key, grid_names
from core.insight.measuring import Material
from core.insight.records import Records, Scope, sample_records, source_records
from core.insight.row import owner_of
from core.templates.definition import TemplateDefinition
from core.templates.planning.plan import Cell
from core.templates.versions import load_definition

READ_ROWS = 10_000
SPLIT = "split"  # the variable that a dataset version's splits are
COLUMNS = ["id", "input", "response", "domain", "split", "metadata.quality_score",
           "metadata.variables", "trace.batch_id"]  # fmt: skip


def read_records(workspace: Workspace, scope: Scope) -> Records:
    """The texts of a scope in a fixed order.

    A dataset version's are as they were released, corrections included, by split, with the split
    as the variable `split`. Raises NotFound, Conflict for a version that is not released,
    DamagedFile for one whose files cannot be read.
    """
    if scope.kind == "source":
        return source_records(workspace, scope.id)
    if scope.kind == "dataset_version":
        return _released_records(workspace, scope)
    with workspace.read() as session:
        owner_of(session, scope)
    return sample_records(workspace, scope)


def read_material(workspace: Workspace, scope: Scope) -> Material:
    """The same with the template's grid and groups, where one template made them all.

    Raises what `read_records` raises, and TemplateError for a plan that cannot be made again.
    """
    records = read_records(workspace, scope)
    cells, specs = _grid_and_groups(workspace, scope)
    is_checked = scope.kind != "source"
    return Material(
        records, cells, specs or seen_specs(records.variables, [SPLIT]),
        workspace.settings.embedding_model,
        flagged_ids(workspace, records.ids, "refusal") if is_checked else None,
    )  # fmt: skip


def _grid_and_groups(
    workspace: Workspace, scope: Scope
) -> tuple[Sequence[CellLike], Sequence[GroupSpec]]:
    if scope.kind not in ("batch", "template_version"):
        return (), ()
    with workspace.read() as session:
        if scope.kind == "batch":
            batches = [session.get_one(Batch, scope.id)]
        else:
            statement = select(Batch).where(
                Batch.template_version_id == scope.id, Batch.kind.in_(KEPT_KINDS)
            )
            batches = list(session.scalars(statement))
        version_id = batches[0].template_version_id if batches else scope.id
        version = session.get_one(TemplateVersion, version_id)
    definition = load_definition(version)
    return _cells(workspace, batches, definition), group_specs(definition)


def _cells(
    workspace: Workspace, batches: Iterable[Batch], definition: TemplateDefinition
) -> list[Cell]:
    """The cells of all these plans of one template, with the samples planned in each."""
    cells: dict[CellKey, Cell] = {}
    planned: Counter[CellKey] = Counter()
    for batch in batches:
        found = plan_of(workspace, batch, definition).cells()
        names = grid_names(found)
        for cell in found:
            key = cell_key(cell.values, names)
            cells.setdefault(key, cell)
            planned[key] += cell.planned
    return [replace(cell, planned=planned[key]) for key, cell in cells.items()]


def _released_records(workspace: Workspace, scope: Scope) -> Records:
    _, folder = released_version(workspace, scope.id)
    rows = [row for split in SPLITS for row in _rows_of(folder / f"{split}.parquet", split)]
    known = _known(workspace, {row[-1] for row in rows})
    unknown = ("", "")
    return Records(
        scope,
        ids=[row[0] for row in rows],
        inputs=[row[1] for row in rows],
        responses=[row[2] for row in rows],
        variables=[row[3] for row in rows],
        domains=[row[4] for row in rows],
        languages=[known.get(row[0], unknown)[0] for row in rows],
        verdicts=[known.get(row[0], unknown)[1] for row in rows],
        scores=[row[5] for row in rows],
    )


def _rows_of(path: Path, split: str) -> Iterable[tuple[Any, ...]]:
    """(id, input, response, variables, domain, score, batch id) of each row of a split's file."""
    if not path.exists():
        return
    for part in pq.ParquetFile(path).iter_batches(READ_ROWS, columns=COLUMNS):
        metadata = part.column("metadata")
        yield from zip(
            part.column("id").to_pylist(),
            part.column("input").to_pylist(),
            part.column("response").to_pylist(),
            [
                {**json.loads(text or "{}"), SPLIT: split}
                for text in metadata.field("variables").to_pylist()
            ],
            part.column("domain").to_pylist(),
            metadata.field("quality_score").to_pylist(),
            part.column("trace").field("batch_id").to_pylist(),
            strict=True,
        )


def _known(workspace: Workspace, batch_ids: set[str]) -> dict[str, tuple[str, str]]:
    """Language and verdict, as they are now, of the samples that the rows were made from."""
    found: dict[str, tuple[str, str]] = {}
    with workspace.read() as session:
        for batch_id in sorted(batch_ids):
            statement = select(Sample.sample_id, Sample.language, Sample.verdict).where(
                Sample.batch_id == batch_id
            )
            found.update((i, (language, verdict)) for i, language, verdict in
                         session.execute(statement))  # fmt: skip
    return found
