"""`seedbed spend` and `seedbed budgets` beyond showing: corrections, factors, alerts, deleting."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from factories import make_batch
from ledger import make_attempts, scope_of
from typer.testing import CliRunner, Result

from app.cli import cli
from core.db.tables import Batch
from core.db.workspace import Workspace
from core.jobs.opening import open_ready_workspace
from core.settings import load_settings
from core.spend.factors import note_excess
from core.spend.reservations import settle

GUESS = {"state": "unknown", "is_estimated": True, "cost_usd": Decimal("0.10")}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments))


def as_json(*arguments: str) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def home() -> Iterator[Workspace]:
    """The workspace that the command line works on."""
    workspace = open_ready_workspace(load_settings())
    yield workspace
    workspace.close()


@pytest.fixture
def batch(home: Workspace) -> Batch:
    return make_batch(home, name="Bank answers")


def test_an_invoice_is_entered_for_a_batch_and_for_a_call(home: Workspace, batch: Batch) -> None:
    first, _ = make_attempts(home, batch, GUESS, GUESS)
    (waiting,) = as_json("spend", "estimated")
    assert (waiting["name"], waiting["estimated_usd"]) == ("Bank answers", "0.2")
    assert len(as_json("spend", "estimated", "--batch", batch.batch_id)) == 2
    done = as_json("spend", "correct", "0.05", "--batch", batch.batch_id, "--reason", "invoice 7")
    assert (done["calls"], done["cost_usd"]) == (2, "0.05")
    call = as_json("spend", "correct", "0.01", "--attempt", first)
    assert (call["cost_usd"], call["is_estimated"]) == ("0.01", False)
    history = as_json("spend", "corrections", "--batch", batch.batch_id)
    assert [(entry["calls"], entry["reason"]) for entry in history] == [(1, ""), (2, "invoice 7")]
    assert as_json("spend", "show")["total"]["cost_usd"] == "0.035"


@pytest.mark.parametrize(
    "arguments",
    [
        ["1"], ["1", "--batch", "b", "--attempt", "a"], ["much", "--batch", "b"],
        ["-1", "--batch", "b"],
    ],
    ids=str,
)  # fmt: skip
def test_a_correction_of_nothing_or_of_two_things_is_wrong_usage(arguments: list[str]) -> None:
    assert run("spend", "correct", *arguments).exit_code == 2


def test_calls_without_a_price_are_mentioned(home: Workspace, batch: Batch) -> None:
    make_attempts(home, batch, {"cost_usd": None}, {})
    assert "Calls without a known price, not counted: 1." in run("spend", "show").stderr


def test_a_factor_is_shown_and_reset(home: Workspace) -> None:
    with home.write() as session:
        note_excess(session, "openai", "o9", [(Decimal("0.1"), Decimal("0.2"))])
    (row,) = as_json("spend", "factors")
    assert (row["model"], row["excess_calls"], row["excess_usd"]) == ("o9", 1, "0.1")
    assert run("spend", "reset", "openai", "o9").exit_code == 0
    assert as_json("spend", "factors") == []
    assert "o9 on openai" in run("spend", "reset", "openai", "o9").stderr


def test_a_budget_is_named_alerts_and_is_deleted(home: Workspace, batch: Batch) -> None:
    made = as_json("budgets", "set", "1", "--scope", "batch", "--id", batch.batch_id)
    with home.engine.begin() as connection:
        settle(connection, scope_of(home, batch), "2026-11", Decimal(0), Decimal("0.6"))
    assert [alert["percent"] for alert in as_json("budgets", "alerts")] == [50]
    (listed,) = as_json("budgets", "list")
    assert (listed["of"], listed["alerted_percent"]) == ("batch Bank answers", 50)
    assert "Deleted" in run("budgets", "delete", made["budget_id"]).stderr
    assert as_json("budgets", "list") == as_json("budgets", "alerts") == []
    assert made["budget_id"] in run("budgets", "delete", made["budget_id"]).stderr
    unknown = run("budgets", "set", "1", "--scope", "project", "--id", "prj_none")
    assert (unknown.exit_code, "prj_none" in unknown.stderr) == (1, True)
