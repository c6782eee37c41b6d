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
from core.templates.definition import parse_template

TEMPLATE = "banking-expert-answer"


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


def finish(home: Workspace, batch_id: str) -> None:
    run_batch(WorkerContext(home, "wrk_test", threading.Event()), batch_id)


def test_values_go_from_a_proposal_into_a_yaml_file(home: Workspace, tmp_path: Path) -> None:
    assert as_json("expansions", "grow", TEMPLATE, "mood", "--n", "5", "--dry-run")["n"] == 3
    batch = as_json("expansions", "grow", TEMPLATE, "mood", "--n", "5")
    finish(home, batch["batch_id"])
    listed = as_json("expansions", "list", "--template", TEMPLATE)
    assert [(row["batch_id"], row["operation"]) for row in listed] == [
        (batch["batch_id"], "grow_values")
    ]
    rows = as_json("expansions", "candidates", batch["batch_id"], "--state", "proposed")
    chosen = rows[0]["candidate_id"]
    out = tmp_path / "grown.yaml"
    refused = run("expansions", "apply", TEMPLATE, chosen, "--out", str(out))
    assert refused.exit_code == 1
    assert "not accepted" in refused.stderr
    assert as_json("expansions", "decide", chosen)[0]["state"] == "accepted"
    assert run("expansions", "apply", TEMPLATE, chosen, "--out", str(out)).exit_code == 0
    mood = next(v for v in parse_template(out.read_text()).variables if v.name == "mood")
    assert rows[0]["text"] in [item["value"] for item in mood.sampler.model_dump()["values"]]


def test_a_variant_is_saved_and_an_instruction_kept(home: Workspace) -> None:
    batch = as_json("expansions", "rewrite", TEMPLATE, "--n", "1")
    finish(home, batch["batch_id"])
    variant = as_json("expansions", "candidates", batch["batch_id"])[0]["candidate_id"]
    as_json("expansions", "decide", variant)
    saved = as_json("expansions", "save", TEMPLATE, variant)
    assert saved["number"] == 2
    assert saved["name"].startswith("Variant")
    evolved = as_json("expansions", "evolve", TEMPLATE, "--n", "1", "--instruction", "How so?")
    finish(home, evolved["batch_id"])
    row = as_json("expansions", "candidates", evolved["batch_id"])[0]["candidate_id"]
    as_json("expansions", "decide", row)
    kept = run("expansions", "scenarios", "banking", row)
    assert "1 scenarios added" in kept.stderr


def test_samples_are_derived(home: Workspace) -> None:
    parents = make_samples(home, make_batch(home), 3)
    options = ("--batch", parents[0].batch_id, "--variants", "2")
    assert as_json("augment", "paraphrase", *options, "--dry-run")["n"] == 6
    batch = as_json("augment", "swap", *options)
    assert (batch["n"], batch["kind"], batch["model"]) == (6, "augmentation", "rule")
    finish(home, batch["batch_id"])
    made = as_json("samples", "list", "--batch", batch["batch_id"])
    assert {row["parent_id"] for row in made} == {p.sample_id for p in parents}
    failed = run("augment", "noise", "--batch", "bat_none")
    assert failed.exit_code == 1
    assert "nothing to derive from" in failed.stderr
