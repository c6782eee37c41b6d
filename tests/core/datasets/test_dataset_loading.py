"""A released folder in the hands of those who will use it."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from factories import make_batch, make_samples

from core.datasets.records import RECORD_SCHEMA
from core.db.tables import DatasetVersion
from core.db.workspace import Workspace

Release = Callable[..., DatasetVersion]


@pytest.fixture
def folder(
    workspace: Workspace,
    release: Release,
    folder_of: Callable[[Workspace, DatasetVersion], Path],
) -> Path:
    batch = make_batch(workspace)
    make_samples(workspace, batch, 40, rows=[{"input": "Zażółć 'gęślą' jaźń?\n\t🌱"}])
    return folder_of(workspace, release(workspace, batch))


def test_pandas_reads_every_split(folder: Path) -> None:
    frames = [pd.read_parquet(folder / f"{split}.parquet") for split in ("train", "validation")]
    assert [len(frame) for frame in frames] == [32, 6]
    assert list(frames[0].columns) == RECORD_SCHEMA.names
    assert str(frames[0]["created_at"].dtype) == "datetime64[us]"
    assert frames[0]["metadata"][0]["review_status"] == "unreviewed"


def test_duckdb_reads_the_parquet_and_its_own_file(folder: Path) -> None:
    rows = duckdb.sql(f"SELECT count(*) FROM '{folder}/*.parquet'").fetchall()
    assert rows == [(40,)]
    with duckdb.connect(str(folder / "dataset.duckdb"), read_only=True) as connection:
        counts = {
            split: connection.execute(f"SELECT count(*) FROM {split}").fetchone()
            for split in ("samples", "train", "validation", "test")
        }
        assert counts == {"samples": (40,), "train": (32,), "validation": (6,), "test": (2,)}
        query = "SELECT metadata.generator_version, trace.model FROM samples LIMIT 1"
        assert connection.execute(query).fetchone() == ("bank-answers@1", "offline-small")
        assert connection.execute("SELECT created_at FROM samples").fetchone() is not None
    header = (folder / "dataset.duckdb").read_bytes()[:64]
    # Storage version 64 is what DuckDB 0.9 to 1.1 read and write.
    assert header[8:12] == b"DUCK"
    assert header[12] == 64


@pytest.mark.filterwarnings("ignore:.*")  # what other people's libraries deprecate
def test_hugging_face_datasets_loads_the_folder(folder: Path, tmp_path: Path) -> None:
    import datasets

    loaded = datasets.load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))
    assert {split: len(rows) for split, rows in loaded.items()} == {
        "train": 32,
        "validation": 6,
        "test": 2,
    }
    texts = {row["input"] for rows in loaded.values() for row in rows}
    assert "Zażółć 'gęślą' jaźń?\n\t🌱" in texts
    assert loaded["train"][0]["trace"]["processing_steps"][0]["name"] == "plan"


@pytest.mark.filterwarnings("ignore:.*")
def test_hugging_face_datasets_loads_a_folder_with_an_empty_split(
    workspace: Workspace,
    release: Release,
    folder_of: Callable[[Workspace, DatasetVersion], Path],
    tmp_path: Path,
) -> None:
    import datasets

    batch = make_batch(workspace)
    make_samples(workspace, batch, 3)
    folder = folder_of(workspace, release(workspace, batch))
    loaded = datasets.load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))
    assert "test" not in loaded
    assert sum(map(len, loaded.values())) == 3
