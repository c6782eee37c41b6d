"""The demonstration, from the command line to files that a trainer loads."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from core.datasets.verification import verify_version
from core.db.workspace import open_workspace
from core.jobs.demo_batch import FIRST_SOURCE, launch_first_batch
from core.jobs.opening import open_ready_workspace
from core.settings import load_settings

ROOT = Path(__file__).resolve().parents[2]


def test_one_command_goes_from_a_source_to_what_a_trainer_needs(tmp_path: Path) -> None:
    home, out = tmp_path / "workspace", tmp_path / "out"
    command = [sys.executable, "-m", "app.cli", "demo", "--source", str(FIRST_SOURCE)]
    done = subprocess.run(
        [*command, "--n", "60", "--out", str(out), "--json"],
        env={**os.environ, "SEEDBED_HOME": str(home)}, cwd=ROOT, capture_output=True, check=True,
        timeout=180,
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert found["planned"] == 60 == found["generated"] + found["failed"]
    assert found["accepted"] + found["needs_review"] + found["rejected"] == 60
    assert found["schema_compliance"] >= 0.9
    assert found["corrections"] == 3
    assert float(found["cost_usd"]) == 0
    assert found["diversity"]["vendi_score"] > 1
    assert set(found["bias"]["representation"]) >= {"gender", "age_group"}
    assert found["bias"]["weat"]
    for name in ("train.parquet", "validation.parquet", "test.parquet", "train.jsonl", "train.csv"):
        assert (out / name).stat().st_size > 0
    for split, rows in found["split_counts"].items():
        assert len(pd.read_parquet(out / f"{split}.parquet")) == rows
    workspace = open_workspace(load_settings(home=home))
    report = verify_version(workspace, found["dataset_version_id"])
    assert str(report.folder) == found["release"]
    workspace.close()


def test_only_an_empty_workspace_gets_a_first_batch(tmp_path: Path) -> None:
    workspace = open_ready_workspace(load_settings(home=tmp_path))
    first = launch_first_batch(workspace)
    assert first is not None
    assert (first.state, first.n) == ("queued", 60)
    assert launch_first_batch(workspace) is None
    workspace.close()


@pytest.mark.parametrize("n", ["9", "-1"])
def test_a_demonstration_needs_enough_samples(tmp_path: Path, n: str) -> None:
    command = [sys.executable, "-m", "app.cli", "demo", "--source", str(FIRST_SOURCE), "--n", n]
    done = subprocess.run([*command, "--out", str(tmp_path)], cwd=ROOT, capture_output=True)
    assert done.returncode == 2
