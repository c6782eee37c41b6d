"""The rows that a query needs, as files for the child: Parquet kept for good, Arrow made anew.

The part of a table that cannot change once its batch has ended is written once per batch and kept
below `queries/` in the workspace; what may change is read from the database for every query.
"""

import errno
import os
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core.datasets.browsing import version_folder
from core.datasets.query import SPLITS
from core.datasets.records import RECORD_SCHEMA
from core.db.tables import Batch, Dataset, DatasetVersion
from core.db.workspace import Workspace
from core.errors import StorageFull
from core.generation.batches import ENDED
from core.querying.tables import TABLES, Column, QueryTable, schema_of
from core.text.hashing import canonical_hash

ROWS_AT_ONCE: Final = 10_000
MAX_RELEASES: Final = 200  # the newest; each is up to three files
RECORDS: Final = "dataset_records"


@dataclass(frozen=True)
class Material:
    """What the child registers: files by table part, and how the parts make tables."""

    parts: dict[str, list[str]]  # by part name: Parquet files, or one Arrow IPC file (.arrow)
    views: dict[str, str]  # by table name: the SELECT over its parts


def gather(workspace: Workspace, sql: str, folder: Path, project_id: str) -> Material:
    """Files for every table whose name occurs in the query; those made anew lie in `folder`.

    Raises StorageFull.
    """
    parts: dict[str, list[str]] = {}
    views: dict[str, str] = {}
    words = set(re.findall(r"[a-z_]+", sql.lower()))
    try:
        for name, table in TABLES.items():
            if name in words:
                _add_table(workspace, table, folder, project_id, parts, views)
        if RECORDS in words:
            _add_releases(workspace, folder, project_id, parts, views)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise StorageFull(
            "The disk has no room for the rows of this query.",
            remedy="Free some space and try again.",
        ) from error
    return Material(parts, views)


def _add_table(
    workspace: Workspace,
    table: QueryTable,
    folder: Path,
    project_id: str,
    parts: dict[str, list[str]],
    views: dict[str, str],
) -> None:
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    if table.batch is None:
        parts[f"{table.name}__rows"] = [_live_file(workspace, table, folder, project_id, None)]
        views[table.name] = f'SELECT {columns} FROM "{table.name}__rows"'
        return
    frozen, open_batches = _frozen_files(workspace, table, project_id)
    whole = _live_file(workspace, table, folder, project_id, open_batches)
    parts[f"{table.name}__open"] = [whole]
    views[table.name] = f'SELECT {columns} FROM "{table.name}__open"'
    if frozen:
        live = _live_part(workspace, table, folder, project_id)
        parts[f"{table.name}__frozen"], parts[f"{table.name}__live"] = frozen, [live]
        chosen = ", ".join(
            f'{"l" if column.is_live else "f"}."{column.name}"' for column in table.columns
        )
        views[table.name] += (
            f' UNION ALL SELECT {chosen} FROM "{table.name}__frozen" f'
            f' JOIN "{table.name}__live" l USING ("{table.key}")'
        )


def _frozen_files(
    workspace: Workspace, table: QueryTable, project_id: str
) -> tuple[list[str], list[str]]:
    """The kept files of all ended batches, made where missing; and the batches still open."""
    columns = table.part(live=False)
    shape = canonical_hash([[c.name, str(c.type)] for c in columns])[:8]
    home = workspace.folder("queries") / table.name
    home.mkdir(parents=True, exist_ok=True)
    statement = select(
        Batch.batch_id, Batch.state, Batch.finished_at, Batch.generated, Batch.failed,
        Batch.retry_round,
    ).where(Batch.project_id == project_id)  # fmt: skip
    if table.where is not None:
        statement = statement.where(table.where)
    with workspace.read() as session:
        batches = session.execute(statement).all()
    files, still_open = [], []
    for batch_id, state, finished_at, *counts in batches:
        if state not in ENDED or finished_at is None:
            still_open.append(batch_id)
            continue
        mark = canonical_hash([finished_at.isoformat(), counts])[:12]
        path = home / f"{batch_id}-{shape}-{mark}.parquet"
        if not path.exists():
            _freeze(workspace, table, columns, project_id, batch_id, path)
        files.append(str(path))
    return files, still_open


def _freeze(
    workspace: Workspace,
    table: QueryTable,
    columns: tuple[Column, ...],
    project_id: str,
    batch_id: str,
    path: Path,
) -> None:
    """Write one batch's part, whole or not at all, and drop what it replaces."""
    assert table.batch is not None
    statement = table.statement(columns, project_id).where(table.batch == batch_id)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with (
            workspace.read() as session,
            pq.ParquetWriter(temporary, schema_of(columns), compression="zstd") as writer,
        ):
            for batch in _record_batches(session, statement, columns):
                writer.write_batch(batch)
        with temporary.open("rb") as stream:
            os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    for older in path.parent.glob(f"{batch_id}-*.parquet"):
        if older != path:
            older.unlink(missing_ok=True)


def _live_file(
    workspace: Workspace,
    table: QueryTable,
    folder: Path,
    project_id: str,
    batch_ids: Sequence[str] | None,
) -> str:
    """All columns of the rows of these batches, of every row where None."""
    statement = table.statement(table.columns, project_id)
    if batch_ids is not None:
        assert table.batch is not None
        statement = statement.where(table.batch.in_(batch_ids))
    return _write(workspace, statement, table.columns, folder / f"{table.name}-rows.arrow")


def _live_part(workspace: Workspace, table: QueryTable, folder: Path, project_id: str) -> str:
    columns = table.part(live=True)
    statement = table.statement(columns, project_id)
    return _write(workspace, statement, columns, folder / f"{table.name}-live.arrow")


def _write(
    workspace: Workspace, statement: Select[Any], columns: tuple[Column, ...], path: Path
) -> str:
    with (
        workspace.read() as session,
        pa.OSFile(str(path), "wb") as sink,
        pa.ipc.new_file(sink, schema_of(columns)) as writer,
    ):
        for batch in _record_batches(session, statement, columns):
            writer.write_batch(batch)
    return str(path)


def _record_batches(
    session: Session, statement: Select[Any], columns: tuple[Column, ...]
) -> Iterator[pa.RecordBatch]:
    schema = schema_of(columns)
    # Past the ORM, which makes nothing of plain columns and takes a third of the time.
    rows = session.connection().execute(statement.execution_options(yield_per=ROWS_AT_ONCE))
    for some in rows.partitions():
        arrays = [
            pa.array(_plain(values, column), type=column.type)
            for column, values in zip(columns, zip(*some, strict=True), strict=True)
        ]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _plain(values: Sequence[Any], column: Column) -> list[Any]:
    """Times without their zone, which is UTC: DuckDB's client needs a further library for zones."""
    if pa.types.is_timestamp(column.type):
        return [None if value is None else value.replace(tzinfo=None) for value in values]
    return list(values)


def _add_releases(
    workspace: Workspace,
    folder: Path,
    project_id: str,
    parts: dict[str, list[str]],
    views: dict[str, str],
) -> None:
    """One table over the files of the newest releases, each row with dataset, version and split."""
    statement = (
        select(Dataset.name, DatasetVersion)
        .join(Dataset, Dataset.dataset_id == DatasetVersion.dataset_id)
        .where(DatasetVersion.project_id == project_id, DatasetVersion.state == "released")
        .order_by(DatasetVersion.created_at.desc())
        .limit(MAX_RELEASES)
    )
    with workspace.read() as session:
        releases = session.execute(statement).all()
    parts["no_release"] = [_empty_file(RECORD_SCHEMA, folder / "no-release.arrow")]
    selects = ["SELECT '' AS dataset, '' AS version, '' AS split, * FROM no_release"]
    for name, version in releases:
        files = version_folder(workspace, version.folder or "")
        for split in SPLITS:
            path = files / f"{split}.parquet"
            if path.exists():
                part = f"release_{len(parts)}"
                parts[part] = [str(path)]
                selects.append(
                    f"SELECT '{name}' AS dataset, '{version.version}' AS version,"
                    f" '{split}' AS split, * FROM {part}"
                )
    views[RECORDS] = " UNION ALL BY NAME ".join(selects)


def _empty_file(schema: pa.Schema, path: Path) -> str:
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema):
        return str(path)
