"""`seedbed gaps` from the list to a launched batch."""

import json
from typing import Any

from factories import make_batch, make_samples
from typer.testing import CliRunner

from app.cli import cli
from core.db.workspace import Workspace
from core.generation.browsing import list_batches
from core.jobs.running.queue import prepare_queue

ROWS = [{"variables": {"topic": topic}} for topic in ("loans", "savings", "transfers")]


def run(*arguments: str) -> Any:
    result = CliRunner().invoke(cli, [*arguments, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_gaps_are_listed_priced_and_filled(workspace: Workspace) -> None:
    prepare_queue(workspace)
    batch = make_batch(workspace, n=12)
    make_samples(workspace, batch, rows=ROWS * 3)
    found = run("gaps", "list", batch.batch_id)
    assert (found["coverage"], found["cells"]) == (0.75, 4)
    gap_id = found["gaps"][0]["gap_id"]
    priced = run("gaps", "fill", batch.batch_id, gap_id, "--n", "30", "--dry-run")
    assert priced["n"] == 30
    assert len(list_batches(workspace)) == 1
    run("gaps", "fill", batch.batch_id, gap_id, "--n", "30")
    made = list_batches(workspace)[0]
    assert (made.n, made.focus) == (30, {"cells": [{"topic": "cards"}]})
    shown = CliRunner().invoke(cli, ["gaps", "list", batch.batch_id])
    assert "topic cards" in shown.output
