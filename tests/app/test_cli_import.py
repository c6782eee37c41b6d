"""`seedbed samples import`."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from app.cli import cli


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "problems.csv"
    path.write_text('question,answer,level\n"What is 2 + 2?",4,1\n"What is 3 x 3?",9,2\n')
    return path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def as_json(*arguments: str | Path) -> Any:
    result = run("samples", "import", *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_preview_imports_nothing(table: Path) -> None:
    rows = as_json(table, "--response", "answer", "--preview")
    assert [row["response"] for row in rows] == ["4", "9"]
    assert json.loads(run("batches", "list", "--json").stdout) == []


def test_a_file_is_imported_as_a_batch(table: Path) -> None:
    found = as_json(table, "--domain", "mathematics")
    assert (found["kind"], found["n"], found["state"]) == ("import", 2, "queued")
    assert found["origin"]["input"] == ["question"]
    assert found["origin"]["variables"] == ["level"]


def test_an_unknown_column_is_one_line(table: Path) -> None:
    result = run("samples", "import", table, "--response", "reply")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "no column 'reply'" in result.stderr
