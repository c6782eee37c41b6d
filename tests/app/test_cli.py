import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from factories import make_batch, make_samples
from typer.testing import CliRunner, Result

from app.cli import COMMANDS, cli
from core.db.workspace import open_workspace
from core.settings import load_settings

TEMPLATE = "banking-expert-answer"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def ok(*arguments: str | Path) -> Result:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result


def as_json(*arguments: str | Path) -> Any:
    return json.loads(ok(*arguments, "--json").stdout)


def failing(*arguments: str | Path) -> str:
    """The one line that a failing command prints."""
    result = run(*arguments)
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("seedbed: ")
    return lines[0]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    assert COMMANDS[name].help.rstrip(".") in ok(name, "--help").stdout


def test_the_overview_imports_no_heavy_library(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from app.cli import cli\n"
        "from typer.testing import CliRunner\n"
        "assert CliRunner().invoke(cli, ['--help']).exit_code == 0\n"
        "heavy = {'torch', 'streamlit', 'pandas', 'sqlalchemy', 'fastapi', 'dbos', 'openai'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_templates_are_listed_shown_checked_and_saved(tmp_path: Path) -> None:
    assert TEMPLATE in {row["name"] for row in as_json("templates", "list")}
    yaml = ok("templates", "show", TEMPLATE).stdout
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.replace(f"name: {TEMPLATE}", "name: mine"), "utf-8")
    assert "mine is valid" in ok("templates", "validate", path).stderr
    saved = as_json("templates", "save", path, "--note", "my own")
    assert (saved["number"], saved["note"]) == (1, "my own")
    assert as_json("templates", "show", "mine")["template_id"] == saved["template_id"]
    ok("templates", "install")
    assert "support-ticket" in {row["name"] for row in as_json("templates", "library")}
    ok("templates", "install", "support-ticket")
    assert "support-ticket" in {row["name"] for row in as_json("templates", "list")}


def test_a_broken_template_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text("name: mine\nnmae: x\n", "utf-8")
    assert "Line" in failing("templates", "validate", path)
    path.write_bytes(b"\xff\xfe\x00")
    assert "UTF-8" in failing("templates", "save", path)


def test_sources_are_imported_and_listed(tmp_path: Path) -> None:
    path = tmp_path / "questions.csv"
    path.write_text("question,category\nWhere is my card?,cards\n", "utf-8")
    source = as_json("sources", "add", path, "--text-column", "question")[0]
    assert [row["source_id"] for row in as_json("sources", "list")] == [source["source_id"]]
    kept = as_json("sources", "evaluation", source["source_id"])
    assert kept["is_evaluation"]
    assert not as_json("sources", "evaluation", source["source_id"], "--release")["is_evaluation"]
    path.write_bytes(b'a,b\n"never closed\n')
    assert "Row" in failing("sources", "add", path)


def test_a_batch_is_launched_watched_and_cancelled(tmp_path: Path) -> None:
    source = tmp_path / "questions.csv"
    source.write_text("question,category\nWhere is my card?,cards\n", "utf-8")
    result = ok(
        "generate", TEMPLATE, "--n", "5", "--seed", "3", "--source", source, "--budget-usd", "0.5",
        "--temperature", "0.3", "--name", "Mine", "--json",
    )  # fmt: skip
    batch = json.loads(result.stdout)
    assert "No worker runs" in result.stderr
    assert (batch["n"], batch["seed"], batch["name"]) == (5, 3, "Mine")
    assert batch["parameters"] == {"temperature": 0.3}
    assert batch["progress"]["budget_usd"] == "0.5"
    batch_id = batch["batch_id"]
    assert [row["batch_id"] for row in as_json("batches", "list")] == [batch_id]
    assert as_json("batches", "pause", batch_id)["state"] == "paused"
    resumed = as_json("batches", "resume", batch_id, "--budget-usd", "2")
    assert (resumed["state"], resumed["progress"]["budget_usd"]) == ("queued", "2")
    assert as_json("batches", "cancel", batch_id)["state"] == "cancelled"
    assert "cancelled" in ok("batches", "show", batch_id).stdout
    assert "Cancelled." in ok("batches", "log", batch_id).stdout
    assert "not paused" in failing("batches", "resume", batch_id)


def test_a_base_url_becomes_a_connection() -> None:
    url = "http://127.0.0.1:9/v1"
    batch = as_json("generate", TEMPLATE, "--n", "1", "--base-url", url, "--model", "qwen2.5")
    connection = next(c for c in as_json("connections", "list") if c["base_url"] == url)
    assert (batch["connection"], batch["model"]) == (connection["name"], "qwen2.5")
    assert "--model" in failing("generate", TEMPLATE, "--base-url", url)
    assert "protocol" in failing(
        "generate", TEMPLATE, "--base-url", url, "--model", "m", "--provider", "pigeon"
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing"], "No template"),
        ([TEMPLATE, "--provider", "nothing"], "No connection"),
        ([TEMPLATE, "--provider", "openai"], "OPENAI_API_KEY"),
        ([TEMPLATE, "--source", "nothing"], "No source"),
        (["missing.yaml"], "No such file"),
        (["grounded-qa"], "source"),
    ],
    ids=str,
)
def test_a_launch_that_cannot_work_says_what_to_do(arguments: list[str], words: str) -> None:
    assert words in failing("generate", *arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        ["generate"],
        ["generate", TEMPLATE, "--n", "0"],
        ["generate", TEMPLATE, "--budget-usd", "much"],
        ["generate", TEMPLATE, "--budget-usd", "-1"],
        ["datasets", "build", "d", "--batch", "b", "--split", "1,2"],
        ["datasets", "build", "d", "--batch", "b", "--split", "0.5,0.1,0.1"],
        ["datasets", "build", "d", "--batch", "b", "--verdict", "fine"],
        ["spend", "show", "--by", "planet"],
        ["nothing"],
        ["up", "--port", "70000"],
    ],
    ids=str,
)
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output


def test_samples_are_listed_and_written_whole(tmp_path: Path) -> None:
    ok("migrate")
    workspace = open_workspace(load_settings())
    batch = make_batch(workspace)
    texts = ["[bold]not markup[/bold]", "two\nlines"]
    make_samples(workspace, batch, rows=[{"response": text} for text in texts], n=2)
    workspace.close()
    shown = ok("samples", "list", "--batch", batch.batch_id).stdout
    assert "[bold]not markup[/bold]" in shown
    assert "two lines" in shown
    out = tmp_path / "out.jsonl"
    assert "2 samples" in ok("samples", "export", "--out", out).stderr
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert [row["response"] for row in rows] == texts
    assert list(tmp_path.glob("*.unfinished")) == []
    assert as_json("samples", "list", "--verdict", "rejected") == []
    assert as_json("reviews", "list") == []


def test_money_is_shown_and_capped() -> None:
    assert as_json("spend", "show")["total"]["cost_usd"] == "0"
    assert "Total" in ok("spend", "show", "--by", "day").stderr
    saved = as_json("budgets", "set", "12.5", "--month", "2026-11")
    assert (saved["scope"], saved["cap_usd"]) == ("workspace", "12.5")
    assert len(as_json("budgets", "list")) == 1
    assert "month" in failing("budgets", "set", "1", "--month", "soon")


def test_a_local_server_is_added_and_priced() -> None:
    url = "http://localhost:8000/v1"
    ok("connections", "add", "local-qwen", "--base-url", url, "--model", "qwen2.5")
    ok("prices", "set", "local-qwen", "qwen2.5", "--input", "0", "--output", "0.01")
    price = as_json("prices", "list", "--connection", "local-qwen")[0]
    assert (price["model"], price["output_usd_per_mtok"]) == ("qwen2.5", "0.01")
    assert "No price" in ok("prices", "list", "--connection", "local-qwen", "--model", "x").stdout
    far = ("connections", "add", "far", "--base-url", "http://10.1.2.3/v1", "--model", "m")
    assert "unencrypted" in failing(*far)
    ok(*far, "--allow-http")


@pytest.mark.parametrize(
    "arguments",
    [
        ["batches", "show", "x"],
        ["batches", "log", "x"],
        ["insight", "show", "x"],
        ["insight", "compute", "x"],
        ["datasets", "verify", "x"],
        ["datasets", "diff", "x", "y"],
        ["templates", "show", "x"],
        ["prices", "list", "--connection", "x"],
    ],
    ids=str,
)
def test_unknown_records_are_named(arguments: list[str]) -> None:
    assert "'x'" in failing(*arguments)


def test_a_home_that_cannot_be_made_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("SEEDBED_HOME", str(tmp_path / "file" / "home"))
    assert "file" in failing("templates", "list")


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("SEEDBED_PORT", "0", "SEEDBED_PORT"),
        ("SEEDBED_DATABASE_URL", "mysql://x/y", "mysql"),
        ("SEEDBED_DATABASE_URL", "nonsense", "SEEDBED_DATABASE_URL"),
        ("SEEDBED_DATABASE_URL", "postgresql://nobody@127.0.0.1:9/x", "SEEDBED_DATABASE_URL"),
    ],
)
def test_settings_that_cannot_work_are_one_line(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, words: str
) -> None:
    monkeypatch.setenv(variable, value)
    assert words in failing("migrate")


def seedbed(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "app.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_help_comes_at_once() -> None:
    started = time.monotonic()
    done = seedbed("--help")
    assert done.returncode == 0
    assert "generate" in done.stdout
    # A second on an idle machine; tests share theirs.
    assert time.monotonic() - started < 5


def test_waiting_runs_a_batch_to_its_end_and_prints_only_json() -> None:
    done = seedbed("generate", TEMPLATE, "--n", "12", "--seed", "1", "--wait", "--json")
    assert done.returncode == 0, done.stderr
    batch = json.loads(done.stdout)
    assert batch["state"] == "completed"
    assert batch["generated"] + batch["failed"] == 12
    assert batch["progress"]["attempts"] >= 12
    assert "Traceback" not in done.stderr


def test_an_interrupted_pipe_is_no_traceback() -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    command = [sys.executable, "-m", "app.cli", "templates", "list", "--json"]
    process = subprocess.Popen(command, stdout=write_end, stderr=subprocess.PIPE, text=True)
    os.close(write_end)
    _, stderr = process.communicate(timeout=60)
    assert "Traceback" not in stderr


def test_a_dry_run_prints_the_estimate_and_launches_nothing() -> None:
    found = as_json("generate", TEMPLATE, "--n", "20", "--seed", "4", "--dry-run")
    assert found["cost_usd"] == "0"
    assert found["reuse"]["planned"] == 20
    assert "reuse / reusable" in ok("generate", TEMPLATE, "--seed", "4", "--dry-run").stdout
    assert as_json("batches", "list") == []


def test_mode_failover_and_limits_are_options_like_in_the_api() -> None:
    limits = (
        "--requests-per-minute",
        "500",
        "--tokens-per-minute",
        "9000",
        "--max-concurrency",
        "8",
    )
    place = ("--base-url", "http://127.0.0.1:9/v1", "--model", "m")
    saved = as_json("connections", "add", "box", *place, *limits)
    assert (saved["requests_per_minute"], saved["tokens_per_minute"]) == (500, 9000)
    assert saved["max_concurrency"] == 8
    failover = ("--failover-connection", "offline", "--failover-model", "offline-1")
    live = as_json("generate", TEMPLATE, "--n", "2", "--provider", "box", *failover)
    assert (live["failover_connection"], live["failover_model"]) == ("offline", "offline-1")
    slow = as_json("generate", TEMPLATE, "--n", "2", "--provider", "box", "--mode", "batch_api")
    assert slow["mode"] == "batch_api"
    assert "not a mode" in failing("generate", TEMPLATE, "--mode", "pigeon")
    assert len(as_json("batches", "list", "--search", "no such name")) == 0
