"""Spend grouped and totalled from the ledger."""

from decimal import Decimal

import pytest
from factories import make_batch, make_samples
from ledger import make_attempts

from core.db.ids import new_id
from core.db.tables import Attempt, Batch
from core.db.workspace import Workspace
from core.spend.report import list_attempts, spend_by, spend_total


@pytest.fixture
def batch_id(any_workspace: Workspace) -> str:
    batch = make_batch(any_workspace, n=4)
    make_samples(any_workspace, batch, 4)
    with any_workspace.write() as session:
        for state, model, cost, estimated in (
            ("succeeded", "large", "0.30", False),
            ("unknown", "large", "0.10", True),
            ("failed", "small", "0", False),
            ("succeeded", "small", "0.000000001", False),
        ):
            session.add(
                Attempt(
                    attempt_id=new_id("att"), batch_id=batch.batch_id, plan_index=0,
                    purpose="generate", number=1, state=state, connection="offline", model=model,
                    request_key="k", worker_id="w", reserved_usd=Decimal(1), input_tokens=10,
                    output_tokens=5, cost_usd=Decimal(cost), is_estimated=estimated,
                )
            )  # fmt: skip
    return batch.batch_id


def test_spend_by_model_is_exact_and_dearest_first(any_workspace: Workspace, batch_id: str) -> None:
    large, small = spend_by(any_workspace, "model")
    assert (large.key, large.cost_usd, large.estimated_usd) == (
        "large", Decimal("0.40"), Decimal("0.10"),
    )  # fmt: skip
    assert (large.calls, large.failed_calls, large.input_tokens) == (2, 1, 20)
    assert small.cost_usd == Decimal("0.000000001")


@pytest.mark.parametrize("key", ["template", "batch", "user", "day", "connection"])
def test_every_grouping_adds_up_to_the_total(
    any_workspace: Workspace, batch_id: str, key: str
) -> None:
    rows = spend_by(any_workspace, key)  # type: ignore[arg-type]
    assert sum(row.cost_usd for row in rows) == Decimal("0.400000001")
    assert all(row.label for row in rows)


def test_totals_relate_cost_to_accepted_samples(any_workspace: Workspace, batch_id: str) -> None:
    total = spend_total(any_workspace)
    assert total.cost_usd == total.today_usd == total.month_usd == Decimal("0.400000001")
    assert total.cost_per_accepted_usd == Decimal("0.400000001") / 4
    assert total.forecast_month_usd >= total.month_usd


def test_an_empty_project_has_spent_nothing(any_workspace: Workspace) -> None:
    total = spend_total(any_workspace)
    assert (total.cost_usd, total.cost_per_accepted_usd, total.calls) == (0, None, 0)
    assert spend_by(any_workspace, "day") == []


def test_attempts_are_listed_by_batch_and_state(any_workspace: Workspace, batch_id: str) -> None:
    assert len(list_attempts(any_workspace, batch_id=batch_id)) == 4
    assert [a.model for a in list_attempts(any_workspace, state="failed")] == ["small"]
    assert list_attempts(any_workspace, batch_id="bat_none") == []


def test_calls_without_a_price_are_counted_beside_the_sums(
    any_workspace: Workspace, batch_id: str
) -> None:
    with any_workspace.read() as session:
        batch = session.get_one(Batch, batch_id)
    nameless = {"model": "unpriced", "cost_usd": None}
    make_attempts(
        any_workspace,
        batch,
        nameless,
        {**nameless, "state": "unknown"},
        {**nameless, "state": "open"},  # not over
        {**nameless, "state": "failed"},  # certainly not billed
    )
    total = spend_total(any_workspace)
    assert (total.unpriced_calls, total.cost_usd) == (2, Decimal("0.400000001"))
    *priced, unpriced = spend_by(any_workspace, "model")
    assert [row.unpriced_calls for row in priced] == [0, 0]
    assert (unpriced.key, unpriced.unpriced_calls, unpriced.cost_usd) == ("unpriced", 2, 0)
