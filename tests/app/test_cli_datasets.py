import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from factories import make_batch, make_samples
from typer.testing import CliRunner, Result

from app.cli import cli
from core.db.tables import Batch
from core.db.workspace import Workspace
from core.jobs.opening import open_ready_workspace
from core.settings import load_settings


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def as_json(*arguments: str | Path) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def home() -> Iterator[Workspace]:
    """The workspace that the command line works on."""
    workspace = open_ready_workspace(load_settings())
    yield workspace
    workspace.close()


@pytest.fixture
def batch(home: Workspace) -> Batch:
    batch = make_batch(home)
    make_samples(home, batch, n=24)
    return batch


def build(batch: Batch, *options: str) -> Any:
    return as_json("datasets", "build", "bank", "--batch", batch.batch_id, *options)


def test_a_version_is_built_verified_and_listed(batch: Batch) -> None:
    built = build(batch, "--changelog", "First.", "--split", "0.5,0.25,0.25")
    assert (built["state"], built["version"], built["sample_count"]) == ("released", "1.0.0", 24)
    assert built["split_counts"]["train"] == 12
    assert len(pd.read_parquet(Path(built["path"]) / "train.parquet")) == 12
    report = as_json("datasets", "verify", "bank@1.0.0")
    assert "train.parquet" in {file["name"] for file in report["files"]}
    assert "intact" in run("datasets", "verify", "bank").stderr
    row = as_json("datasets", "list")[0]
    assert (row["name"], row["latest"], row["samples"]) == ("bank", "1.0.0", 24)


def test_a_flipped_byte_fails_the_verification(batch: Batch) -> None:
    path = Path(build(batch)["path"]) / "train.parquet"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"\x00")
    result = run("datasets", "verify", "bank")
    assert result.exit_code == 1
    assert "SHA-256" in result.stderr


@pytest.mark.parametrize("format", ["parquet", "duckdb", "jsonl", "csv"])
def test_a_version_is_exported(batch: Batch, tmp_path: Path, format: str) -> None:
    build(batch)
    paths = as_json("datasets", "export", "bank", "--out", tmp_path / "out", "--format", format)
    assert paths
    assert all(Path(row["path"]).is_file() for row in paths)


def test_two_versions_are_compared(home: Workspace, batch: Batch) -> None:
    build(batch)
    make_samples(home, batch, n=2, start=24)
    assert build(batch, "--bump", "major")["version"] == "2.0.0"
    found = as_json("datasets", "diff", "bank@1.0.0", "bank@2.0.0")
    assert len(found["added"]) == 2
    assert "24" in run("datasets", "diff", "bank@1.0.0", "bank@2.0.0").stdout


def test_a_selection_without_samples_is_refused(batch: Batch) -> None:
    result = run("datasets", "build", "bank", "--batch", batch.batch_id, "--verdict", "rejected")
    assert result.exit_code == 1
    assert len(result.stderr.strip().splitlines()) == 1


def test_insight_is_computed_and_shown(batch: Batch) -> None:
    found = as_json("insight", "compute", batch.batch_id)
    assert found["insight"]["state"] == "ready"
    assert found["insight"]["metrics"]["vendi_score"]["value"] > 1
    assert found["quality"]["samples"] == 24
    shown = run("insight", "show", batch.batch_id)
    assert "Vendi score" in shown.stdout
    assert "ready" in shown.stderr
