"""What changed between two dataset versions."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from core.datasets.files import parquet_rows
from core.datasets.query import SPLITS
from core.datasets.records import TEXT_COLUMNS, text_digest
from core.datasets.verification import verify_version
from core.db.workspace import Workspace


class RowState(NamedTuple):
    """Where a row stands in a version, and a digest of its text."""

    split: str
    digest: bytes


class Move(NamedTuple):
    """A row that changed its split."""

    sample_id: str
    before: str  # split
    after: str


@dataclass(frozen=True)
class VersionDiff:
    """Sample ids, sorted. A row may be both changed and moved."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]  # input, response or output differs
    moved_between_splits: tuple[Move, ...]
    unchanged: int  # rows with the same text in the same split


def compare(before: Mapping[str, RowState], after: Mapping[str, RowState]) -> VersionDiff:
    """The difference between two states of a dataset, by sample id."""
    both = sorted(before.keys() & after.keys())
    changed = tuple(row for row in both if before[row].digest != after[row].digest)
    moved = tuple(
        Move(row, before[row].split, after[row].split)
        for row in both
        if before[row].split != after[row].split
    )
    return VersionDiff(
        added=tuple(sorted(after.keys() - before.keys())),
        removed=tuple(sorted(before.keys() - after.keys())),
        changed=changed,
        moved_between_splits=moved,
        unchanged=len(both) - len({*changed, *(move.sample_id for move in moved)}),
    )


def diff_versions(workspace: Workspace, before: str, after: str) -> VersionDiff:
    """The difference between two released versions, given as ids or `name@1.0.0`.

    Both are verified first. Raises NotFound, Conflict (not released), DamagedFile.
    """
    return compare(*(row_states(verify_version(workspace, key).folder) for key in (before, after)))


def row_states(folder: Path) -> dict[str, RowState]:
    """Split and text digest of every row in a version's folder, by sample id."""
    return {
        row["id"]: RowState(split, text_digest(row))
        for split in SPLITS
        for rows in parquet_rows(folder / f"{split}.parquet", ["id", *TEXT_COLUMNS])
        for row in rows
    }
