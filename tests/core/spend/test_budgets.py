"""Setting, lowering, listing and deleting caps."""

from decimal import Decimal

import pytest
from factories import make_batch
from ledger import make_attempts, scope_of
from sqlalchemy import func, select

from core.db.ids import utc_now
from core.db.tables import Budget, BudgetAlert, Project
from core.db.workspace import Workspace
from core.errors import InvalidInput, NotFound
from core.spend.budgets import (
    SpendScope,
    budget_of_batch,
    delete_budget,
    list_budgets,
    month_of,
    set_budget,
)
from core.spend.naming import label_budgets
from core.spend.reservations import Fit, reserve, settle

MONTH = "2026-11"


@pytest.fixture
def scope(any_workspace: Workspace) -> SpendScope:
    return scope_of(any_workspace, make_batch(any_workspace))


def budget(workspace: Workspace, scope: str = "batch") -> Budget:
    with workspace.read() as session:
        return session.scalars(select(Budget).where(Budget.scope == scope)).one()


def test_a_call_must_fit_every_budget_that_applies(
    any_workspace: Workspace, scope: SpendScope
) -> None:
    set_budget(any_workspace, "batch", scope.batch_id, Decimal(1))
    set_budget(any_workspace, "workspace", "", Decimal("0.05"))
    with any_workspace.write() as session:
        assert reserve(session, scope, MONTH, Decimal("0.10")) is Fit.NEVER
    assert budget(any_workspace).reserved_usd == 0


def test_room_held_by_calls_in_flight_may_come_free(
    any_workspace: Workspace, scope: SpendScope
) -> None:
    set_budget(any_workspace, "batch", scope.batch_id, Decimal(1))
    with any_workspace.write() as session:
        assert reserve(session, scope, MONTH, Decimal("0.90")) is Fit.FITS
        assert reserve(session, scope, MONTH, Decimal("0.20")) is Fit.LATER
        settle(session, scope, MONTH, Decimal("0.90"), Decimal("0.10"))
        assert reserve(session, scope, MONTH, Decimal("0.20")) is Fit.FITS
        assert reserve(session, scope, MONTH, Decimal("0.91")) is Fit.NEVER


def test_a_budget_of_another_month_or_batch_does_not_apply(
    any_workspace: Workspace, scope: SpendScope
) -> None:
    set_budget(any_workspace, "batch", make_batch(any_workspace).batch_id, Decimal(0))
    set_budget(any_workspace, "project", "prj_default", Decimal(0), month="2026-10")
    with any_workspace.write() as session:
        assert reserve(session, scope, MONTH, Decimal(1)) is Fit.FITS


@pytest.mark.parametrize("kind", ["workspace", "project", "template", "batch", "user"])
def test_a_new_budget_counts_what_was_spent_and_reserved_before(
    any_workspace: Workspace, kind: str
) -> None:
    batch = make_batch(any_workspace)
    scope = scope_of(any_workspace, batch)
    make_attempts(
        any_workspace,
        batch,
        {"cost_usd": Decimal("0.25")},
        {"state": "unknown", "cost_usd": Decimal("0.50")},
        {"state": "open", "cost_usd": None},
        {"cost_usd": None},  # no known price: in no sum
    )
    scope_id = {
        "workspace": "", "project": "prj_default", "template": scope.template_id,
        "batch": batch.batch_id, "user": "usr_local",
    }[kind]  # fmt: skip
    for month in ("", month_of(utc_now())):
        found = set_budget(any_workspace, kind, scope_id, Decimal(3), month=month)
        assert (found.settled_usd, found.reserved_usd) == (Decimal("0.75"), Decimal("0.10"))


def test_setting_a_budget_again_changes_its_cap_only(
    any_workspace: Workspace, scope: SpendScope
) -> None:
    first = set_budget(any_workspace, "batch", scope.batch_id, Decimal(5))
    with any_workspace.write() as session:
        reserve(session, scope, MONTH, Decimal(2))
    set_budget(any_workspace, "batch", scope.batch_id, Decimal(1))
    (found,) = list_budgets(any_workspace)
    assert (found.cap_usd, found.reserved_usd) == (Decimal(1), Decimal(2))
    assert found.budget_id == first.budget_id


@pytest.mark.parametrize(
    ("kind", "cap", "month"),
    [
        ("planet", "1", ""), ("batch", "-1", ""), ("batch", "NaN", ""), ("batch", "1e12", ""),
        ("batch", "1", "November"), ("batch", "1", "2026-13"), ("batch", "1", "9999-12"),
    ],
)  # fmt: skip
def test_a_senseless_budget_is_refused(
    workspace: Workspace, kind: str, cap: str, month: str
) -> None:
    batch = make_batch(workspace)
    with pytest.raises(InvalidInput):
        set_budget(workspace, kind, batch.batch_id, Decimal(cap), month=month)


@pytest.mark.parametrize("kind", ["project", "template", "batch", "user"])
def test_a_budget_of_nothing_that_exists_is_refused(any_workspace: Workspace, kind: str) -> None:
    with pytest.raises(NotFound, match=f"No {kind} is called 'x_1'"):
        set_budget(any_workspace, kind, "x_1", Decimal(1))
    assert list_budgets(any_workspace) == []


def test_a_deleted_budget_caps_nothing_and_takes_its_alerts_along(
    any_workspace: Workspace, scope: SpendScope
) -> None:
    made = set_budget(any_workspace, "batch", scope.batch_id, Decimal(1))
    with any_workspace.write() as session:
        reserve(session, scope, MONTH, Decimal(1))
        settle(session, scope, MONTH, Decimal(1), Decimal(1))
    delete_budget(any_workspace, made.budget_id)
    with any_workspace.write() as session:
        assert session.scalar(select(func.count()).select_from(BudgetAlert)) == 0
        assert reserve(session, scope, MONTH, Decimal(1000)) is Fit.FITS
        settle(session, scope, MONTH, Decimal(1000), Decimal(1000))
    with pytest.raises(NotFound):
        delete_budget(any_workspace, made.budget_id)


def test_a_batchs_own_budget_is_the_one_for_all_time(workspace: Workspace) -> None:
    batch = make_batch(workspace)
    for month, cap in (("2026-11", 1), ("", 2), ("2026-10", 3)):
        set_budget(workspace, "batch", batch.batch_id, Decimal(cap), month=month)
    with workspace.read() as session:
        found = budget_of_batch(session, batch.batch_id)
        assert found is not None
        assert (found.month, found.cap_usd) == ("", Decimal(2))
        assert budget_of_batch(session, "bat_none") is None


def test_budgets_are_called_by_the_names_of_what_they_cap(workspace: Workspace) -> None:
    batch = make_batch(workspace, name="Bank answers")
    made = [
        set_budget(workspace, "workspace", "anything", Decimal(1)),
        set_budget(workspace, "project", "prj_default", Decimal(1)),
        set_budget(workspace, "batch", batch.batch_id, Decimal(1)),
        set_budget(workspace, "user", "usr_local", Decimal(1)),
    ]
    labels = label_budgets(workspace, made)
    assert [labels[b.budget_id] for b in made] == [
        "the workspace", "project Default", "batch Bank answers", "user Local admin",
    ]  # fmt: skip
    with workspace.write() as session:
        session.delete(session.get_one(Project, "prj_default"))
    assert label_budgets(workspace, made)[made[1].budget_id] == "project prj_default"
