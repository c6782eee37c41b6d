"""Bombs: each ends in an error or a result, in time, and costs this process next to nothing."""

import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from sqlalchemy import func, select

from core.db.tables import Chunk, Source
from core.db.workspace import Workspace
from core.errors import SourceError
from core.sources.importing import import_source, preview_source
from tests.bombs import BOMBS, parquet_of_one_list, parquet_of_one_text
from tests.documents import MIB

MAX_GROWTH_BYTES = 64 * MIB
MAX_S = 30.0
# What is said of a bomb. One that is not named here may also be read.
ERRORS = {
    "parquet of nulls": "1,000,000 rows",
    "parquet of one text": "1,024 MiB of memory",
    "parquet of one list": "1,024 MiB of memory",
    "zip in zip": "no word/document.xml",
    "zip of spaces": "expands more than 100 times",
    "zip with overlapping entries": "overlap",
    "zip with many overlapping entries": "more than 1,024 MiB",
    "zip with a million entries": "more than 10,000 entries",
    "docx of a billion laughs": "document type",
    "docx of quadratic blow-up": "document type",
    "docx that reads a file": "document type",
    "docx nested deep": "nested deeper",
    "pixel flood": "PNG picture",
    "pdf that expands": "1,024 MiB of memory",
    "pdf with recursive pages": "1,000,000 pages",
    "json nested deep": "depth limit",
    "json row nested deep": "depth limit",
    "jsonl nested deep": "depth limit",
    "json that never closes": "longer than",
    "csv in gzip": "gzip",
    "csv of a million columns": "longer than",
    "csv of one line": "longer than",
    "text of one line": "longer than",
    "markdown of a heading of spaces": "longer than",
    "markdown of backticks": "longer than",
}


def stored(workspace: Workspace) -> tuple[int, int]:
    with workspace.read() as session:
        counts = [
            session.scalar(select(func.count()).select_from(kind)) for kind in (Source, Chunk)
        ]
        return counts[0] or 0, counts[1] or 0


def peak_growth_bytes(work: Callable[[], object]) -> int:
    """How far above its size before this process has been while it did the work."""
    before = psutil.Process().memory_info().rss
    Path("/proc/self/clear_refs").write_text("5")  # the kernel's high-water mark starts anew
    work()
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert peak is not None
    return int(peak[1]) * 1024 - before


@pytest.mark.parametrize(
    ("bomb", "name", "make"), [(k, *v) for k, v in BOMBS.items()], ids=[*BOMBS]
)
def test_a_bomb_is_refused_or_read_at_no_cost_to_us(
    workspace: Workspace, tmp_path: Path, bomb: str, name: str, make: Callable[[], bytes]
) -> None:
    path = tmp_path / name
    path.write_bytes(make())
    said: list[SourceError] = []

    def work() -> None:
        try:
            import_source(workspace, path)
        except SourceError as error:
            said.append(error)

    begun = time.monotonic()
    assert peak_growth_bytes(work) < MAX_GROWTH_BYTES
    assert time.monotonic() - begun < MAX_S
    if bomb in ERRORS:
        assert said
    if said:
        assert ERRORS.get(bomb, "") in said[0].message
        assert said[0].remedy
        assert stored(workspace) == (0, 0)
    else:
        assert stored(workspace)[0] == 1
    assert list(workspace.folder("tmp").iterdir()) == []
    assert psutil.Process().children() == []


@pytest.mark.parametrize("make", [parquet_of_one_list, parquet_of_one_text])
def test_the_parquet_bombs_are_small(make: Callable[[], bytes]) -> None:
    assert len(make()) <= 463


def test_a_preview_of_a_bomb_is_as_safe(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(parquet_of_one_list())

    def work() -> None:
        with pytest.raises(SourceError, match="of memory"):
            preview_source(path, "a.parquet")

    assert peak_growth_bytes(work) < MAX_GROWTH_BYTES


def test_a_line_of_one_gibibyte_is_refused_at_no_cost(workspace: Workspace, tmp_path: Path) -> None:
    for name, block in (("a.txt", b"word " * 200_000), ("a.csv", b"x" * MIB)):
        path = tmp_path / name
        with path.open("wb") as file:
            file.write(block * 16)
            file.truncate(2**30)  # the rest is a hole: NULs that take no disk
        begun = time.monotonic()

        def work(path: Path = path) -> None:
            with pytest.raises(SourceError, match="longer than"):
                import_source(workspace, path)

        assert peak_growth_bytes(work) < MAX_GROWTH_BYTES
        assert time.monotonic() - begun < MAX_S
        os.unlink(path)
