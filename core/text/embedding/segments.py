"""Parquet files of vectors: written once, whole, or not at all."""

import fcntl
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from errno import EDQUOT, ENOSPC
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import StorageFull
from core.text.embedding.backends import Vectors

SUFFIX = ".parquet"


def write_segment(folder: Path, hashes: Sequence[str], vectors: Vectors) -> Path:
    """Write one segment durably: a reader sees all of it or none.

    Raises StorageFull when the disk is full; nothing is left behind.
    """
    name = f"{time.time_ns():020d}-{secrets.token_hex(4)}"
    final, temporary = folder / f"{name}{SUFFIX}", folder / f".{name}.tmp"
    try:
        with temporary.open("wb") as stream:
            pq.write_table(_table(hashes, vectors), stream, write_page_checksum=True)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.rename(final)
        _sync_folder(folder)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        if error.errno in (ENOSPC, EDQUOT):
            raise StorageFull(
                "The disk is full; the embeddings made so far are kept.",
                remedy="Free some space and try again.",
            ) from error
        raise
    return final


def read_segment(path: Path) -> tuple[list[str], Vectors]:
    """Hashes and vectors of a segment, checksums verified.

    Raises OSError or ValueError (Arrow's errors are both) for a torn or foreign file.
    """
    table = pq.read_table(
        path, columns=["text_hash", "vector"], page_checksum_verification=True, memory_map=False
    )
    column = table.column("vector").combine_chunks()
    if not pa.types.is_fixed_size_list(column.type):
        raise ValueError("its vectors have no fixed length")
    flat = column.flatten().to_numpy(zero_copy_only=False)
    vectors = flat.reshape(len(table), column.type.list_size)
    return table.column("text_hash").to_pylist(), np.ascontiguousarray(vectors, dtype=np.float32)


def segment_paths(folder: Path) -> list[Path]:
    """The finished segments, oldest first."""
    return sorted(path for path in folder.glob(f"*{SUFFIX}") if not path.name.startswith("."))


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Hold the folder's writer lock; the system drops it when the process dies."""
    with (folder / ".lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _table(hashes: Sequence[str], vectors: Vectors) -> pa.Table:
    flat = pa.array(np.ascontiguousarray(vectors, dtype=np.float32).reshape(-1))
    column = pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1])
    return pa.table({"text_hash": pa.array(list(hashes), pa.string()), "vector": column})


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
