"""`seedbed wordlists` and `seedbed twins`."""

import json
from pathlib import Path

from factories import DEFINITION, make_batch, make_samples, make_template
from typer.testing import CliRunner, Result

from app.cli import cli
from core.jobs.opening import open_ready_workspace
from core.settings import load_settings

LINES = "Hot: tea, coffee\nCold: juice, milk\nEarly: dawn, noon\nLate: dusk, night"
GENDER = {"name": "gender", "sampler": {"kind": "category", "values": ["woman", "man"]}}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments))


def test_a_published_test_goes_in_and_comes_out(tmp_path: Path) -> None:
    file = tmp_path / "drinks.txt"
    file.write_text(LINES)
    (made,) = json.loads(run("wordlists", "import", str(file), "--json").stdout)
    assert made["name"] == "drinks"
    assert "hot: tea, coffee" in run("wordlists", "show", "drinks").stdout
    out = json.loads(run("wordlists", "export", "drinks").stdout)
    assert out["attr2"] == {"category": "late", "examples": ["dusk", "night"]}
    assert "retired" in run("wordlists", "retire", "drinks").output
    rows = {one["name"]: one for one in json.loads(run("wordlists", "list", "--json").stdout)}
    assert rows["drinks"]["is_retired"]
    assert run("wordlists", "restore", "drinks").exit_code == 0
    assert run("wordlists", "show", "none").exit_code == 1


def test_twins_are_launched_and_listed() -> None:
    workspace = open_ready_workspace(load_settings())
    version = make_template(
        workspace, variables=[*DEFINITION["variables"], GENDER],
        user="A {{ gender }} asks about {{ topic }}.",
    )  # fmt: skip
    batch = make_batch(workspace, version, n=6)
    make_samples(workspace, batch, 6, variables={"topic": "cards", "gender": "woman"})
    workspace.close()
    change = ("--variable", "gender", "--from", "woman", "--to", "man")
    dry = json.loads(run("twins", "launch", batch.batch_id, *change, "--dry-run", "--json").stdout)
    assert dry["n"] == 6
    made = run("twins", "launch", batch.batch_id, *change, "--pairs", "4", "--json")
    found = json.loads(made.stdout)
    assert (found["planned"], found["state"]) == (4, "queued")
    (row,) = json.loads(run("twins", "list", batch.batch_id, "--json").stdout)
    assert row["change"] == "gender: woman to man"
    assert "woman becomes man" in run("twins", "show", found["pair_report_id"]).output
    assert run("twins", "launch", "bat_0", *change).exit_code == 1
