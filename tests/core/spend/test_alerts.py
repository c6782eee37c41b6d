"""Alerts at 50, 80 and 100 % of a cap: each once, and again after the cap changed."""

from decimal import Decimal

import pytest
from factories import make_batch
from ledger import scope_of
from sqlalchemy import select

from core.db.tables import BatchLogEntry, Budget
from core.db.workspace import Workspace
from core.spend.alerts import list_alerts
from core.spend.budgets import SpendScope, highest_level, set_budget
from core.spend.reservations import Fit, reserve, settle

MONTH = "2026-11"


@pytest.fixture
def scope(any_workspace: Workspace) -> SpendScope:
    return scope_of(any_workspace, make_batch(any_workspace, name="Bank answers"))


def spend(workspace: Workspace, scope: SpendScope, amount: str) -> None:
    with workspace.engine.begin() as connection:
        settle(connection, scope, MONTH, Decimal(0), Decimal(amount))


def told(workspace: Workspace) -> list[int]:
    """Levels of all alerts, oldest first."""
    return [alert.percent for alert in reversed(list_alerts(workspace))]


def log_of(workspace: Workspace, scope: SpendScope) -> list[str]:
    query = select(BatchLogEntry.message).where(BatchLogEntry.batch_id == scope.batch_id)
    with workspace.read() as session:
        return list(session.scalars(query.order_by(BatchLogEntry.entry_id)))


@pytest.mark.parametrize(
    ("settled", "cap", "level"),
    [
        ("0", "0", 0), ("0", "10", 0), ("4.999999999", "10", 0), ("5", "10", 50),
        ("7.999999999", "10", 50), ("8", "10", 80), ("10", "10", 100), ("11", "10", 100),
        ("0.000000001", "0", 100),
    ],
)  # fmt: skip
def test_a_level_is_reached_to_the_nano_dollar(settled: str, cap: str, level: int) -> None:
    assert highest_level(Decimal(settled), Decimal(cap)) == level


def test_each_level_is_told_once_and_stands_in_the_log(
    any_workspace: Workspace, scope: SpendScope
) -> None:
    set_budget(any_workspace, "workspace", "", Decimal(10))
    for amount in ("4.99", "0.01", "1", "2", "0.5", "2"):
        spend(any_workspace, scope, amount)
    assert told(any_workspace) == [50, 80, 100]
    assert log_of(any_workspace, scope) == [
        "Budget of the workspace: 50 % used ($5.00 of $10.00).",
        "Budget of the workspace: 80 % used ($8.00 of $10.00).",
        "Budget of the workspace: 100 % used ($10.50 of $10.00).",
    ]
    newest = list_alerts(any_workspace, limit=1)[0]
    assert (newest.percent, newest.settled_usd, newest.cap_usd) == (
        100, Decimal("10.50"), Decimal(10),
    )  # fmt: skip
    assert (newest.project_id, newest.created_by) == (scope.project_id, scope.user_id)


def test_levels_passed_together_are_alerts_of_their_own_and_one_line(
    any_workspace: Workspace, scope: SpendScope
) -> None:
    set_budget(any_workspace, "batch", scope.batch_id, Decimal("0.004"), month=MONTH)
    spend(any_workspace, scope, "0.0035")
    assert told(any_workspace) == [50, 80]
    assert log_of(any_workspace, scope) == [
        "Budget of batch Bank answers, 2026-11: 80 % used ($0.0035 of $0.004)."
    ]


def test_every_budget_that_applies_tells_for_itself(
    any_workspace: Workspace, scope: SpendScope
) -> None:
    set_budget(any_workspace, "workspace", "", Decimal(10))
    set_budget(any_workspace, "batch", scope.batch_id, Decimal(6))
    spend(any_workspace, scope, "5")
    found = {(a.percent, a.cap_usd) for a in list_alerts(any_workspace)}
    assert found == {(50, Decimal(10)), (50, Decimal(6)), (80, Decimal(6))}


def test_another_cap_starts_above_what_is_spent_already(
    any_workspace: Workspace, scope: SpendScope
) -> None:
    def cap(amount: int) -> None:
        set_budget(any_workspace, "workspace", "", Decimal(amount))

    cap(10)
    spend(any_workspace, scope, "9")
    cap(100)  # 9 %: every level is ahead again
    spend(any_workspace, scope, "41")
    cap(60)  # 83 %: 50 and 80 lie behind, and were told or passed before this cap
    spend(any_workspace, scope, "1")
    assert told(any_workspace) == [50, 80, 50]
    spend(any_workspace, scope, "9")
    assert told(any_workspace) == [50, 80, 50, 100]
    cap(5)
    spend(any_workspace, scope, "1")
    assert told(any_workspace) == [50, 80, 50, 100]


def test_what_is_only_reserved_or_was_rolled_back_tells_nothing(
    any_workspace: Workspace, scope: SpendScope
) -> None:
    set_budget(any_workspace, "workspace", "", Decimal(1))
    with any_workspace.engine.begin() as connection:
        assert reserve(connection, scope, MONTH, Decimal(1)) is Fit.FITS
    with any_workspace.engine.connect() as connection, connection.begin() as transaction:
        settle(connection, scope, MONTH, Decimal(1), Decimal(1))
        transaction.rollback()
    assert told(any_workspace) == []
    with any_workspace.read() as session:
        assert session.scalars(select(Budget)).one().alerted_percent == 0
    with any_workspace.engine.begin() as connection:
        settle(connection, scope, MONTH, Decimal(1), Decimal(1))
    assert told(any_workspace) == [50, 80, 100]


def test_alerts_are_listed_page_by_page(any_workspace: Workspace, scope: SpendScope) -> None:
    set_budget(any_workspace, "workspace", "", Decimal(1))
    spend(any_workspace, scope, "1")
    pages = [list_alerts(any_workspace, limit=2, offset=offset) for offset in (0, 2)]
    assert [[alert.percent for alert in page] for page in pages] == [[100, 80], [50]]
