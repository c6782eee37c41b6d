import json
from pathlib import Path
from typing import Any

import pytest
from factories import make_samples
from typer.testing import CliRunner, Result

from app.cli import cli
from core.db.tables import Batch
from core.db.workspace import open_workspace
from core.settings import load_settings
from core.templates.definition import parse_template

NAME = "banking-expert-answer"


def run(*arguments: str | Path, stdin: str | None = None) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], input=stdin)


def ok(*arguments: str | Path, stdin: str | None = None) -> Result:
    result = run(*arguments, stdin=stdin)
    assert result.exit_code == 0, result.output
    return result


def as_json(*arguments: str | Path) -> Any:
    return json.loads(ok(*arguments, "--json").stdout)


@pytest.fixture
def exported() -> str:
    return ok("templates", "export", NAME).stdout


def second_version(exported: str) -> None:
    text = exported.replace("domain: banking", "domain: banks", 1)
    ok("templates", "import", "-", "--note", "renamed", stdin=text)


def test_yaml_goes_out_and_comes_back_equal(tmp_path: Path, exported: str) -> None:
    path = tmp_path / "mine.yaml"
    ok("templates", "export", NAME, "--out", path)
    assert path.read_text("utf-8") == exported
    assert parse_template(exported).name == NAME
    text = exported.replace(f"name: {NAME}", "name: mine", 1)
    saved = json.loads(ok("templates", "import", "-", "--json", stdin=text).stdout)
    assert saved["number"] == 1
    assert ok("templates", "export", "mine").stdout == text
    assert json.loads(ok("templates", "import", "-", "--json", stdin=text).stdout)["number"] == 1


def test_validating_says_what_is_wrong_by_its_exit_code(tmp_path: Path, exported: str) -> None:
    assert "is valid" in ok("templates", "validate", "-", stdin=exported).stderr
    path = tmp_path / "broken.yaml"
    path.write_text(exported.replace("kind: category", "kind: nonsense", 1), "utf-8")
    broken = run("templates", "validate", path)
    assert broken.exit_code == 1
    assert "Line" in broken.stderr
    unrendered = exported.replace("user: |", "user: |\n  {{ 1 / 0 }}", 1)
    assert run("templates", "validate", "-", stdin=unrendered).exit_code == 1
    assert run("templates", "validate", tmp_path / "missing.yaml").exit_code == 1


def test_versions_are_listed_named_compared_restored_and_forked(exported: str) -> None:
    second_version(exported)
    ok("templates", "rename", NAME, "2", "the banks")
    newest = as_json("templates", "versions", NAME)[0]
    assert (newest["number"], newest["name"], newest["note"]) == (2, "the banks", "renamed")
    (change,) = as_json("templates", "diff", NAME, "1", "the banks")["fields"]
    assert (change["path"], change["before"], change["after"]) == ("domain", "banking", "banks")
    assert "banking" in ok("templates", "diff", NAME, "1").stdout
    assert as_json("templates", "restore", NAME, "1")["number"] == 3
    assert as_json("templates", "fork", NAME, "my-banks", "--version", "2")["number"] == 1
    assert "domain: banks" in ok("templates", "show", "my-banks").stdout
    assert "domain: banks" in ok("templates", "export", NAME, "--version", "the banks").stdout


def test_a_plan_is_free_and_the_same_each_time(tmp_path: Path, exported: str) -> None:
    found = as_json("templates", "plan", NAME, "--n", "30", "--seed", "4")
    assert sum(cell["planned"] for cell in found["cells"]) == 30
    assert len(found["samples"]) == 3
    assert as_json("templates", "plan", NAME, "--n", "30", "--seed", "4") == found
    path = tmp_path / "unsaved.yaml"
    path.write_text(exported.replace(f"name: {NAME}", "name: unsaved", 1), "utf-8")
    told = ok("templates", "plan", path, "--n", "30").stdout
    assert "sample 1:" in told
    assert run("templates", "show", "unsaved").exit_code == 1


def test_a_preview_of_two_versions_is_two_small_batches(exported: str) -> None:
    second_version(exported)
    sides = as_json(
        "templates", "preview", NAME, "--n", "2", "--against-version", "1", "--provider",
        "offline", "--no-wait",
    )  # fmt: skip
    assert [side["state"] for side in sides] == ["queued", "queued"]
    assert sides[0]["seed"] == sides[1]["seed"]
    assert sides[0]["template_version_id"] != sides[1]["template_version_id"]


def test_a_comparison_is_launched_listed_and_shown(exported: str, tmp_path: Path) -> None:
    second_version(exported)
    found = as_json(
        "comparisons", "launch", NAME, "--a", "1", "--b", "2", "--n", "25", "--provider",
        "offline", "--name", "Banks?",
    )  # fmt: skip
    assert found["outcome"]["is_final"] is False
    (row,) = as_json("comparisons", "list", "--template", NAME)
    assert (row["name"], row["n"], row["a"]) == ("Banks?", 25, "queued")
    workspace = open_workspace(load_settings())
    with workspace.write() as session:
        batches = [session.get_one(Batch, found[f"{side}_batch_id"]) for side in "ab"]
        for batch in batches:
            batch.state = "completed"
    make_samples(workspace, batches[0], 25, verdict="needs_review")
    make_samples(workspace, batches[1], 25)
    workspace.close()
    told = ok("comparisons", "show", found["comparison_id"]).stdout
    assert "B is accepted more often" in told
    stats = as_json("templates", "stats", NAME)
    assert [(row["number"], row["samples"]) for row in stats] == [(2, 25), (1, 25)]
    assert {mark["measure"] for mark in stats[0]["marks"]} == {"acceptance"}
    assert "better" in ok("templates", "stats", NAME).stdout
    assert run("comparisons", "show", "cmp_ghost").exit_code == 1
