"""`seedbed thresholds` and `seedbed quality`."""

import json
from datetime import timedelta
from typing import Any

import pytest
from factories import make_batch, make_finding, make_samples, make_template
from typer.testing import CliRunner, Result

from app.cli import cli
from core.db.ids import utc_now
from core.db.tables import Batch
from core.db.workspace import Workspace


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments))


def as_json(*arguments: str) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def batch(workspace: Workspace) -> Batch:
    """The second of two batches: half of it echoes."""
    version = make_template(workspace)
    first = make_batch(workspace, version, generated=60, created_at=utc_now() - timedelta(1))
    make_samples(workspace, first, 60)
    batch = make_batch(workspace, version, generated=60)
    for sample in make_samples(workspace, batch, 60)[:30]:
        make_finding(workspace, sample, "echo", 1.0)
    return batch


def test_thresholds_are_tried_applied_saved_and_reset(batch: Batch) -> None:
    names = [row["name"] for row in as_json("thresholds", "list", batch.batch_id)]
    assert names[:2] == ["accept_at", "reject_below"]
    change = ("--set", "accept_at=0.1", "--set", "reject_below=0.1")
    tried = as_json("thresholds", "try", batch.batch_id, *change)
    assert tried["before"]["accepted"] == 60
    shown = run("thresholds", "try", batch.batch_id, "--set", "echo=0.9")
    assert shown.exit_code == 0, shown.output
    assert "needs review" in shown.stdout or "rejected" in shown.stdout
    applied = as_json("thresholds", "apply", batch.batch_id, *change)
    assert applied["accepted"] == tried["after"]["accepted"]
    assert as_json("thresholds", "save", batch.batch_id, "--note", "Loose.")["number"] == 2
    assert as_json("thresholds", "reset", batch.batch_id)["accepted"] == 30
    points = as_json("thresholds", "curve", batch.batch_id, "accept_at")
    assert points[-1]["accepted"] == 30


@pytest.mark.parametrize("change", ["accept_at", "accept_at=high", "colour=1", "accept_at=2"])
def test_a_change_that_cannot_be_is_refused(batch: Batch, change: str) -> None:
    result = run("thresholds", "apply", batch.batch_id, "--set", change)
    assert result.exit_code == 1
    assert result.stderr.startswith("seedbed: ")


def test_alerts_are_raised_listed_dismissed_and_restored(batch: Batch) -> None:
    (alert,) = as_json("quality", "compare", batch.batch_id)
    assert (alert["measure"], alert["baseline"]) == ("echo", 0.0)
    assert len(as_json("quality", "alerts", "--batch", batch.batch_id)) == 1
    as_json("quality", "dismiss", alert["alert_id"])
    assert as_json("quality", "alerts") == []
    assert len(as_json("quality", "alerts", "--all")) == 1
    as_json("quality", "restore", alert["alert_id"])
    assert "Echo" in run("quality", "alerts").stdout


def test_groups_and_trends_are_shown(batch: Batch) -> None:
    found = as_json("quality", "groups", "--by", "batch", "--template", "bank-answers")
    assert [row["samples"] for row in found] == [60, 60]
    assert "cards" in run("quality", "groups", "--by", "variable:topic").stdout
    assert len(as_json("quality", "trend")) == 2
    assert "Test batch" in run("quality", "trend", "--template", "bank-answers").stdout
