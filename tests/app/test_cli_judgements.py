import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from factories import make_batch, make_samples
from typer.testing import CliRunner, Result

from app.cli import cli
from core.db.workspace import Workspace
from core.jobs.opening import open_ready_workspace
from core.jobs.workflows import WorkerContext, run_batch
from core.settings import load_settings


@pytest.fixture
def home() -> Iterator[Workspace]:
    """The workspace that the command line works on."""
    workspace = open_ready_workspace(load_settings())
    yield workspace
    workspace.close()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments))


def as_json(*arguments: str) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_rubric_is_changed_in_a_file_and_saved(home: Workspace, tmp_path: Path) -> None:
    names = [row["name"] for row in as_json("rubrics", "starters")]
    assert "answer-quality" in names
    assert as_json("rubrics", "install", "answer-quality")["number"] == 1
    text = run("rubrics", "show", "answer-quality").stdout
    file = tmp_path / "rubric.yaml"
    file.write_text(text.replace("title: Answer quality", "title: Better answers"))
    assert as_json("rubrics", "save", str(file), "--note", "renamed")["number"] == 2
    assert as_json("rubrics", "save", str(file))["number"] == 2
    assert [v["number"] for v in as_json("rubrics", "versions", "answer-quality")] == [2, 1]
    assert [row["title"] for row in as_json("rubrics", "list")] == ["Better answers"]
    file.write_text("name: x\ntitle: y\ncriteria: []\n")
    refused = run("rubrics", "save", str(file))
    assert refused.exit_code == 1
    assert "criteria" in refused.stderr


def test_samples_are_judged_from_the_command_line(home: Workspace) -> None:
    make_samples(home, make_batch(home), 3)
    run("rubrics", "install", "answer-quality")
    wish = ("answer-quality", "--which", "all", "--judge", "offline", "--judge", "offline:second")
    dry = run("judgements", "launch", *wish, "--dry-run")
    assert [row["n"] for row in json.loads(dry.stdout)] == [3, 3]
    batches = as_json("judgements", "launch", *wish, "--seed", "1")
    assert [row["model"] for row in batches] == ["offline-1", "second"]
    for row in batches:
        run_batch(WorkerContext(home, "wrk_test", threading.Event()), row["batch_id"])
    listed = as_json("judgements", "list", "--rubric", "answer-quality")
    assert len(listed) == 6
    report = as_json("judgements", "report", "answer-quality")
    assert (report["samples"], len(report["judges"])) == (3, 2)
    told = run("judgements", "report", "answer-quality")
    assert told.exit_code == 0
    assert "Krippendorff's alpha" in told.stderr


def test_pairs_need_two_batches_and_samples_a_known_choice(home: Workspace) -> None:
    run("rubrics", "install", "answer-quality")
    one = run("judgements", "launch", "answer-quality", "--pair", "bat_1")
    assert one.exit_code == 1
    assert "two batches" in one.stderr
    strange = run("judgements", "launch", "answer-quality", "--which", "odd")
    assert strange.exit_code == 1
    assert "undecided" in strange.stderr
