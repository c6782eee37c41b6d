"""No damaged byte is served, exported or built upon."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from factories import make_batch, make_samples

from core.datasets import verification
from core.datasets.export.exporting import export_version
from core.datasets.verification import open_file, verify_version
from core.db.tables import DatasetVersion
from core.db.workspace import Workspace
from core.errors import Conflict, DamagedFile, NotFound

Release = Callable[..., DatasetVersion]
DATA_FILES = (
    "CHANGELOG.md",
    "README.md",
    "dataset.duckdb",
    "test.parquet",
    "train.parquet",
    "validation.parquet",
)


@pytest.fixture
def version(workspace: Workspace, release: Release) -> DatasetVersion:
    batch = make_batch(workspace)
    make_samples(workspace, batch, 40)
    return release(workspace, batch)


@pytest.fixture
def folder(
    workspace: Workspace,
    version: DatasetVersion,
    folder_of: Callable[[Workspace, DatasetVersion], Path],
) -> Path:
    path = folder_of(workspace, version)
    for file in path.iterdir():
        file.chmod(0o644)
    return path


def flip(path: Path, position: int, bit: int = 0) -> None:
    with path.open("r+b") as stream:
        stream.seek(position)
        byte = stream.read(1)[0]
        stream.seek(position)
        stream.write(bytes([byte ^ (1 << bit)]))


def test_an_intact_version_verifies_and_serves(
    workspace: Workspace, version: DatasetVersion, folder: Path
) -> None:
    report = verify_version(workspace, version.dataset_version_id)
    assert [file.name for file in report.files] == sorted(DATA_FILES)
    assert report.folder == folder
    for name in (*DATA_FILES, "manifest.json"):
        file = open_file(workspace, version.dataset_version_id, name)
        with file.open() as stream:
            assert len(stream.read()) == file.size_bytes
    assert open_file(workspace, "bank@1.0.0", "train.parquet").path == folder / "train.parquet"


def test_a_flipped_bit_anywhere_in_any_file_is_refused(
    workspace: Workspace, version: DatasetVersion, folder: Path
) -> None:
    key = version.dataset_version_id
    for name in (*DATA_FILES, "manifest.json"):
        size = (folder / name).stat().st_size
        for step in range(12):
            position, bit = (size - 1) * step // 11, step % 8
            flip(folder / name, position, bit)
            with pytest.raises(DamagedFile, match=name.replace(".", r"\.") + "|manifest"):
                verify_version(workspace, key)
            with pytest.raises(DamagedFile) as refusal:
                open_file(workspace, key, name)
            assert "backup" in refusal.value.remedy
            flip(folder / name, position, bit)
    verify_version(workspace, key)


def _truncate(folder: Path) -> None:
    os.truncate(folder / "train.parquet", 100)


def _remove(folder: Path) -> None:
    (folder / "test.parquet").unlink()


def _remove_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def _add(folder: Path) -> None:
    (folder / "extra.parquet").write_bytes(b"PAR1")


def _swap(folder: Path) -> None:
    (folder / "train.parquet").rename(folder / "x")
    (folder / "test.parquet").rename(folder / "train.parquet")
    (folder / "x").rename(folder / "test.parquet")


def _link(folder: Path) -> None:
    (folder / "train.parquet").rename(folder.parent / "elsewhere")
    (folder / "train.parquet").symlink_to(folder.parent / "elsewhere")


def _link_manifest(folder: Path) -> None:
    (folder / "manifest.json").rename(folder.parent / "elsewhere")
    (folder / "manifest.json").symlink_to(folder.parent / "elsewhere")


def _link_folder(folder: Path) -> None:
    folder.rename(folder.parent / "elsewhere")
    folder.symlink_to(folder.parent / "elsewhere")


def _make_fifo(folder: Path) -> None:
    (folder / "manifest.json").unlink()
    os.mkfifo(folder / "manifest.json")


def _vanish(folder: Path) -> None:
    folder.rename(folder.parent / "elsewhere")


DAMAGES = (
    _truncate,
    _remove,
    _remove_manifest,
    _add,
    _swap,
    _link,
    _link_manifest,
    _link_folder,
    _make_fifo,
    _vanish,
)


def test_every_other_damage_is_refused_before_serving_and_exporting(
    workspace: Workspace, version: DatasetVersion, folder: Path, tmp_path: Path
) -> None:
    key = version.dataset_version_id
    shutil.copytree(folder, tmp_path / "intact")
    for damage in DAMAGES:
        damage(folder)
        with pytest.raises(DamagedFile):
            verify_version(workspace, key)
        with pytest.raises(DamagedFile):
            open_file(workspace, key, "train.parquet")
        with pytest.raises(DamagedFile):
            export_version(workspace, key, "jsonl", tmp_path / "out")
        assert not (tmp_path / "out").exists(), damage.__name__
        shutil.rmtree(folder.parent)
        shutil.copytree(tmp_path / "intact", folder)
        verify_version(workspace, key)


def test_the_manifest_of_an_older_version_is_refused(
    workspace: Workspace, version: DatasetVersion, folder: Path, release: Release
) -> None:
    batch = make_batch(workspace)
    make_samples(workspace, batch, 5)
    newer = release(workspace, batch)
    target = workspace.home / "datasets" / str(newer.folder) / "manifest.json"
    target.chmod(0o644)
    target.write_bytes((folder / "manifest.json").read_bytes())
    with pytest.raises(DamagedFile, match="does not match the SHA-256 in the database"):
        verify_version(workspace, newer.dataset_version_id)


def test_a_settled_file_is_hashed_once_and_a_later_flip_is_still_seen(
    workspace: Workspace,
    version: DatasetVersion,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hashed: list[str] = []
    real = verification.sha256_of

    def counted(path: Path) -> str:
        hashed.append(path.name)
        return real(path)

    monkeypatch.setattr(verification, "sha256_of", counted)
    key = version.dataset_version_id
    for _ in range(2):
        open_file(workspace, key, "train.parquet")
    assert hashed == ["train.parquet"] * 2, "a file written a moment ago is hashed each time"
    monkeypatch.setattr(verification, "SETTLED_S", 0.0)
    for _ in range(3):
        open_file(workspace, key, "train.parquet")
    assert len(hashed) == 3
    before = (folder / "train.parquet").stat()
    time.sleep(0.02)  # longer than a tick of the file system's clock
    flip(folder / "train.parquet", 500)
    os.utime(folder / "train.parquet", ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(DamagedFile, match=r"bytes of train\.parquet"):
        open_file(workspace, key, "train.parquet")


def test_a_file_exchanged_after_it_was_verified_is_not_opened(
    workspace: Workspace, version: DatasetVersion, folder: Path
) -> None:
    file = open_file(workspace, version.dataset_version_id, "train.parquet")
    (folder / "copy").write_bytes(file.path.read_bytes())
    (folder / "copy").replace(file.path)
    with pytest.raises(DamagedFile, match="changed after it was verified"):
        file.open()
    file.path.unlink()
    with pytest.raises(DamagedFile, match="cannot be opened"):
        file.open()


def test_only_the_manifests_own_names_are_served(
    workspace: Workspace, version: DatasetVersion
) -> None:
    for name in ("", ".", "nothing.parquet", "../1.0.0/train.parquet", "/etc/hostname"):
        with pytest.raises(NotFound):
            open_file(workspace, version.dataset_version_id, name)


def test_a_version_that_is_not_released_has_no_files(workspace: Workspace, start: Release) -> None:
    version = start(workspace, make_batch(workspace))
    with pytest.raises(Conflict, match="building, not released"):
        open_file(workspace, version.dataset_version_id, "train.parquet")
    with pytest.raises(NotFound):
        verify_version(workspace, "dsv_none")
