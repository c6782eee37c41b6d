"""Room on the disk that is kept for the day it is full.

While all is well a file of zeros takes it up. When the disk is full it is given back, so that
replies that were paid for, and the state "paused: disk", can still be stored.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path

RESERVE_BYTES = 16 * 2**20  # some 3,000 answers in flight, and their transaction in the WAL


class DiskReserve:
    """The reserve of one workspace folder, shared by all its processes on this machine."""

    def __init__(self, folder: Path, size_bytes: int = RESERVE_BYTES) -> None:
        self._path = folder / "disk.reserve"
        self._size_bytes = size_bytes

    @property
    def is_held(self) -> bool:
        """Whether the room is taken up now."""
        with suppress(OSError):
            return self._path.stat().st_size == self._size_bytes
        return False

    def hold(self) -> bool:
        """Take the room up, unless that is done; False where the disk has none."""
        if self.is_held:
            return True
        # Built aside: two processes that do it together leave one whole file.
        building = self._path.with_suffix(f".{os.getpid()}")
        try:
            with building.open("wb") as file:
                _allocate(file.fileno(), self._size_bytes)
            building.replace(self._path)
        except OSError:
            with suppress(OSError):
                building.unlink(missing_ok=True)
            return False
        return True

    def hold_if_room(self, keep_free_bytes: int) -> bool:
        """Take the room up where `keep_free_bytes` stay free beside it; whether that is so."""
        try:
            free = shutil.disk_usage(self._path.parent).free
        except OSError:
            return False
        missing = 0 if self.is_held else self._size_bytes
        return free >= keep_free_bytes + missing and self.hold()

    def release(self) -> bool:
        """Give the room back; False when it was not held."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True


def _allocate(file: int, size_bytes: int) -> None:
    """Blocks that are really ours: a hole in a sparse file would reserve nothing."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, 0, size_bytes)
        return
    block = bytes(2**20)
    for _ in range(0, size_bytes, len(block)):
        os.write(file, block)
    os.fsync(file)
