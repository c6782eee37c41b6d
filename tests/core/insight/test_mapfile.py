"""A map is written whole or not at all."""

import errno
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.errors import StorageFull
from core.insight.mapping import mapfile
from core.insight.mapping.mapfile import (
    LEFTOVER_S,
    map_name,
    read_map,
    remove_older_maps,
    write_map,
)

FRAME = pd.DataFrame(
    {
        "sample_id": ["a", "b"],
        "x": np.array([0.5, 1.5], dtype=np.float32),
        "y": np.array([2.0, 3.0], dtype=np.float32),
        "cluster": np.array([0, 1], dtype=np.int32),
        "cluster_label": ["cards", "loans"],
    }
)


def test_a_map_is_read_back_as_written_and_the_same_bytes_each_time(tmp_path: Path) -> None:
    write_map(tmp_path, "one.parquet", FRAME)
    write_map(tmp_path, "two.parquet", FRAME)
    pd.testing.assert_frame_equal(read_map(tmp_path / "one.parquet"), FRAME, check_dtype=False)
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


def test_a_full_disk_leaves_the_old_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_map(tmp_path, "one.parquet", FRAME)
    before = (tmp_path / "one.parquet").read_bytes()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(mapfile.os, "fsync", full)
    with pytest.raises(StorageFull, match="disk is full"):
        write_map(tmp_path, "one.parquet", FRAME.head(1))
    assert [path.name for path in tmp_path.iterdir()] == ["one.parquet"]
    assert (tmp_path / "one.parquet").read_bytes() == before


def test_older_maps_and_old_leftovers_go_but_a_running_write_stays(tmp_path: Path) -> None:
    current, older = (map_name("bat_1", letter * 64, "complete") for letter in "ba")
    other = map_name("bat_2", "a" * 64, "complete")
    for name in (current, older, other, f".{older}.dead", f".{older}.live"):
        (tmp_path / name).touch()
    os.utime(tmp_path / f".{older}.dead", (0, 0))
    assert LEFTOVER_S > 0
    remove_older_maps(tmp_path, "bat_1", current)
    assert {path.name for path in tmp_path.iterdir()} == {current, other, f".{older}.live"}
