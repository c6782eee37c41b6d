"""`seedbed queries`."""

import json
from pathlib import Path

from typer.testing import CliRunner, Result

from app.cli import cli


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["queries", *arguments])


def test_a_query_is_printed_as_a_table_json_and_csv() -> None:
    sql = "SELECT 7 AS n, '=1+1' AS formula"
    assert "=1+1" in run("run", sql).stdout
    assert json.loads(run("run", sql, "--json").stdout) == [{"n": 7, "formula": "=1+1"}]
    assert run("run", sql, "--csv").stdout.splitlines() == ["n,formula", "7,'=1+1"]


def test_saved_queries_and_files_are_run(tmp_path: Path) -> None:
    assert run("save", "Seven", "SELECT 7 AS n").exit_code == 0
    assert json.loads(run("run", "--saved", "Seven", "--json").stdout) == [{"n": 7}]
    file = tmp_path / "query.sql"
    file.write_text("SELECT 8 AS n")
    assert json.loads(run("run", "--file", str(file), "--json").stdout) == [{"n": 8}]
    assert run("delete", "Seven").exit_code == 0
    assert json.loads(run("list", "--json").stdout) == []


def test_a_refused_query_ends_with_an_error() -> None:
    result = run("run", "COPY (SELECT 1) TO 'x.csv'")
    assert result.exit_code == 1
    assert "Only one SELECT" in result.output


def test_the_tables_are_listed() -> None:
    names = {row["table"] for row in json.loads(run("tables", "--json").stdout)}
    assert {"samples", "findings", "attempts", "reviews", "datasets"} <= names
