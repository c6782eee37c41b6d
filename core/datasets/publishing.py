"""Putting a folder in its place: absent or complete, never in between.

A folder is written under a hidden name beside its target, flushed to disk, made read-only and
renamed. A kill leaves at most a hidden folder, which the next build of the dataset removes.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import file_digest
from pathlib import Path

from core.db.ids import new_id

STAGING_PREFIX = ".building-"
READ_ONLY = 0o444


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Only one holder per folder, in any process; the others wait. The lock dies with the process.

    The folder itself is locked, so that no lock file is left behind.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def staging(parent: Path) -> Iterator[Path]:
    """A hidden folder in `parent`, gone at the end unless it was published.

    Call it inside `exclusive(parent)`: it removes what killed builds left.
    """
    for left_over in parent.glob(f"{STAGING_PREFIX}*"):
        shutil.rmtree(left_over)
    folder = parent / new_id(STAGING_PREFIX + "dsv")
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def publish(folder: Path, target: Path) -> None:
    """Flush every file, make it read-only, rename the folder. Raises OSError if `target` exists."""
    for path in sorted(folder.iterdir()):
        path.chmod(READ_ONLY)
        flush(path)
    flush(folder)
    folder.rename(target)
    flush(target.parent)


def flush(path: Path) -> None:
    """Wait until the file's bytes, or the folder's names, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex, without holding them in memory."""
    with path.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()
