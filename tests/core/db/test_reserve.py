"""Room that is really kept, and given back."""

import os
from pathlib import Path

import pytest

from core.db.reserve import RESERVE_BYTES, DiskReserve


def test_the_room_is_taken_up_and_given_back(tmp_path: Path) -> None:
    reserve = DiskReserve(tmp_path)
    assert not reserve.release()
    assert reserve.hold()
    assert reserve.hold(), "a second time is no harm"
    (file,) = tmp_path.iterdir()
    assert file.stat().st_blocks * 512 >= RESERVE_BYTES, "a sparse file would reserve nothing"
    assert DiskReserve(tmp_path).is_held, "other processes share it"
    assert reserve.release()
    assert list(tmp_path.iterdir()) == []
    assert not reserve.is_held


def test_without_room_nothing_is_held_and_nothing_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    assert not DiskReserve(tmp_path).hold()
    assert list(tmp_path.iterdir()) == []


def test_it_is_held_only_where_enough_stays_free_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = 100 * 2**20
    monkeypatch.setattr("shutil.disk_usage", lambda _path: type("Usage", (), {"free": free}))
    reserve = DiskReserve(tmp_path)
    assert not reserve.hold_if_room(free - RESERVE_BYTES + 1)
    assert reserve.hold_if_room(free - RESERVE_BYTES)
    assert reserve.hold_if_room(free), "it is held, so the rest may all be used"
    assert not reserve.hold_if_room(free + 1)
    assert reserve.is_held


def test_a_folder_that_is_gone_holds_nothing(tmp_path: Path) -> None:
    assert not DiskReserve(tmp_path / "gone").hold_if_room(0)
    assert not DiskReserve(tmp_path / "gone").hold()
