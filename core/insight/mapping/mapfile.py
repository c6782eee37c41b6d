"""The map of a scope on disk: one small Parquet file per state of its texts.

Holds where each text lies and what is fixed about it. Verdicts and scores change, so they are
joined when a map is read.
"""

import errno
import os
import secrets
import time
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import StorageFull

LEFTOVER_S = 3600
SCHEMA = pa.schema(
    [
        ("sample_id", pa.string()),
        ("x", pa.float32()),
        ("y", pa.float32()),
        ("cluster", pa.int32()),
        ("cluster_label", pa.string()),
    ]
)


def map_name(scope_id: str, input_hash: str, kind: str) -> str:
    """The file's name: the same texts drawn the same way always write the same file."""
    return f"{scope_id}-{input_hash[:16]}-{kind}.parquet"


def write_map(folder: Path, name: str, frame: pd.DataFrame) -> None:
    """The frame as a whole file or not at all; columns beyond SCHEMA are kept as they are.

    Raises StorageFull.
    """
    table = pa.Table.from_pandas(frame, preserve_index=False)
    for field in SCHEMA:
        column = table.column(field.name).cast(field.type)
        table = table.set_column(table.column_names.index(field.name), field, column)
    temporary = folder / f".{name}.{secrets.token_hex(6)}"
    try:
        with temporary.open("wb") as file:
            pq.write_table(table, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(folder / name)
        _sync_folder(folder)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull(
                "The disk is full; the map was not written.",
                remedy="Free some space and compute the insight again.",
            ) from error
        raise
    finally:
        temporary.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_map(path: Path) -> pd.DataFrame:
    """The stored frame. Raises FileNotFoundError when a newer map has replaced it."""
    frame: pd.DataFrame = pq.read_table(path).to_pandas()
    return frame


def remove_older_maps(folder: Path, scope_id: str, current: str) -> None:
    """Deletes the scope's maps of earlier texts, and what a killed worker left half written."""
    for path in folder.glob(f"{scope_id}-*.parquet"):
        if path.name != current:
            path.unlink(missing_ok=True)
    for path in folder.glob(f".{scope_id}-*"):
        # A younger one may belong to a worker that is writing it now.
        if time.time() - path.stat().st_mtime > LEFTOVER_S:
            path.unlink(missing_ok=True)
