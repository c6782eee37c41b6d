import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from app.cli import cli

HANDBOOK = Path(__file__).resolve().parents[2] / "data" / "samples" / "bank_handbook.md"
QUESTIONS = HANDBOOK.with_name("customer_questions.csv")


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def ok(*arguments: str | Path) -> Result:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result


def as_json(*arguments: str | Path) -> Any:
    return json.loads(ok(*arguments, "--json").stdout)


def test_terms_are_extracted_and_listed_from_the_command_line() -> None:
    source_id = as_json("sources", "add", HANDBOOK)[0]["source_id"]
    assert "sources extract" in run("sources", "terms", source_id).stderr
    found = as_json("sources", "extract", source_id)
    assert (found["state"], found["language"]) == ("ready", "en")
    rows = as_json("sources", "terms", source_id, "--kind", "term")
    assert {"card", "payment"} <= {row["text"] for row in rows}
    relations = as_json("sources", "terms", source_id, "--relations")
    assert relations[0]["weight"] > 0
    assert run("sources", "extract", "src_none").exit_code == 1


def test_knowledge_goes_in_and_out_of_files(tmp_path: Path) -> None:
    words = tmp_path / "words.csv"
    words.write_text("Word,Meaning\noverdraft,Below zero.\nSEPA,\n", encoding="utf-8")
    added = as_json(
        "knowledge", "import", "banking", "terms", words,
        "--column", "term=Word", "--column", "definition=Meaning",
    )  # fmt: skip
    assert added == {"added": 2}
    assert as_json("knowledge", "list", "banking", "terms")[0]["definition"] == "Below zero."
    target = tmp_path / "terms.jsonl"
    ok("knowledge", "export", "banking", "terms", target)
    assert [json.loads(line)["term"] for line in target.read_text().splitlines()] == [
        "overdraft", "SEPA",
    ]  # fmt: skip
    assert as_json("knowledge", "import", "copy", "terms", target) == {"added": 2}
    counts = {row["domain"]: row["terms"] for row in as_json("knowledge", "list")}
    assert (counts["banking"], counts["copy"]) == (2, 2)
    assert run("knowledge", "export", "banking", "terms", target).exit_code == 1


def test_a_table_source_gives_its_rows() -> None:
    source = as_json("sources", "add", QUESTIONS)[0]
    column = source["columns"][0]
    added = as_json(
        "knowledge", "import", "banking", "scenarios", source["source_id"],
        "--column", f"scenario={column}",
    )  # fmt: skip
    assert added["added"] > 10
    wrong = run("knowledge", "import", "banking", "scenarios", source["source_id"],
                "--column", "scenario")  # fmt: skip
    assert wrong.exit_code == 1
    assert "names no two columns" in wrong.stderr
