"""Reserving and settling: exact, atomic, on every budget that applies."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from factories import make_batch
from sqlalchemy import select

from core.db.ids import new_id, utc_now
from core.db.tables import Attempt, Budget
from core.db.workspace import Workspace
from core.errors import InvalidInput
from core.spend.budgets import SpendScope, list_budgets, month_of, set_budget
from core.spend.reservations import Fit, reserve, settle

SCOPE = SpendScope("prj_default", "tpl_a", "bat_a", "usr_local")
MONTH = "2026-11"


def budget(workspace: Workspace, scope: str = "batch") -> Budget:
    with workspace.read() as session:
        return session.scalars(select(Budget).where(Budget.scope == scope)).one()


def test_256_threads_never_pass_the_cap(any_workspace: Workspace) -> None:
    set_budget(any_workspace, "batch", "bat_a", Decimal("5.00"))

    def spend(_: int) -> Fit:
        with any_workspace.write() as session:
            return reserve(session, SCOPE, MONTH, Decimal("0.10"))

    with ThreadPoolExecutor(16) as pool:
        fits = list(pool.map(spend, range(256)))
    assert fits.count(Fit.FITS) == 50
    assert budget(any_workspace).reserved_usd == Decimal("5.00")


def test_a_call_must_fit_every_budget_that_applies(any_workspace: Workspace) -> None:
    set_budget(any_workspace, "batch", "bat_a", Decimal(1))
    set_budget(any_workspace, "workspace", "", Decimal("0.05"))
    with any_workspace.write() as session:
        assert reserve(session, SCOPE, MONTH, Decimal("0.10")) is Fit.NEVER
    assert budget(any_workspace).reserved_usd == 0


def test_room_held_by_calls_in_flight_may_come_free(any_workspace: Workspace) -> None:
    set_budget(any_workspace, "batch", "bat_a", Decimal(1))
    with any_workspace.write() as session:
        assert reserve(session, SCOPE, MONTH, Decimal("0.90")) is Fit.FITS
        assert reserve(session, SCOPE, MONTH, Decimal("0.20")) is Fit.LATER
        settle(session, SCOPE, MONTH, Decimal("0.90"), Decimal("0.10"))
        assert reserve(session, SCOPE, MONTH, Decimal("0.20")) is Fit.FITS
        assert reserve(session, SCOPE, MONTH, Decimal("0.91")) is Fit.NEVER


def test_a_budget_of_another_month_or_batch_does_not_apply(workspace: Workspace) -> None:
    set_budget(workspace, "batch", "bat_b", Decimal(0))
    set_budget(workspace, "project", "prj_default", Decimal(0), month="2026-10")
    with workspace.write() as session:
        assert reserve(session, SCOPE, MONTH, Decimal(1)) is Fit.FITS


@pytest.mark.parametrize("scope", ["workspace", "project", "template", "batch", "user"])
def test_a_new_budget_counts_what_was_spent_and_reserved_before(
    any_workspace: Workspace, scope: str
) -> None:
    batch = make_batch(any_workspace)
    with any_workspace.write() as session:
        for state, cost in (("succeeded", "0.25"), ("unknown", "0.50"), ("open", None)):
            session.add(attempt(batch.batch_id, state, cost))
    template_id = template_of(any_workspace, batch.template_version_id)
    scope_id = {
        "workspace": "", "project": "prj_default", "template": template_id,
        "batch": batch.batch_id, "user": "usr_local",
    }[scope]  # fmt: skip
    for month in ("", month_of(utc_now())):
        found = set_budget(any_workspace, scope, scope_id, Decimal(3), month=month)
        assert (found.settled_usd, found.reserved_usd) == (Decimal("0.75"), Decimal("0.10"))


def attempt(batch_id: str, state: str, cost: str | None) -> Attempt:
    return Attempt(
        attempt_id=new_id("att"), batch_id=batch_id, plan_index=0, purpose="generate", number=1,
        state=state, connection="offline", model="m", request_key="k", worker_id="w",
        reserved_usd=Decimal("0.10"), cost_usd=None if cost is None else Decimal(cost),
    )  # fmt: skip


def template_of(workspace: Workspace, version_id: str) -> str:
    from core.db.tables import TemplateVersion

    with workspace.read() as session:
        return session.get_one(TemplateVersion, version_id).template_id


def test_setting_a_budget_again_changes_its_cap_only(workspace: Workspace) -> None:
    set_budget(workspace, "batch", "bat_a", Decimal(5))
    with workspace.write() as session:
        reserve(session, SCOPE, MONTH, Decimal(2))
    set_budget(workspace, "batch", "bat_a", Decimal(1))
    (found,) = list_budgets(workspace)
    assert (found.cap_usd, found.reserved_usd) == (Decimal(1), Decimal(2))


@pytest.mark.parametrize(
    ("scope", "cap", "month"),
    [("planet", "1", ""), ("batch", "-1", ""), ("batch", "1", "November"), ("batch", "NaN", "")],
)
def test_a_senseless_budget_is_refused(
    workspace: Workspace, scope: str, cap: str, month: str
) -> None:
    with pytest.raises(InvalidInput):
        set_budget(workspace, scope, "x", Decimal(cap), month=month)
