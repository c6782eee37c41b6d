"""Corrections of estimated costs: exact, admins only, and followed by every budget."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from factories import make_batch
from hypothesis import given
from hypothesis import strategies as st
from ledger import budget_sums, ledger_sums, make_attempts, scope_of
from sqlalchemy import select

from core.db.tables import Attempt, Batch, Budget, CostCorrection, User
from core.db.workspace import Workspace
from core.errors import AccessDenied, Conflict, InvalidInput, NotFound
from core.spend.alerts import list_alerts
from core.spend.budgets import set_budget
from core.spend.correction_lists import correction_history, estimated_batches
from core.spend.corrections import (
    apportion,
    correct_batch_total,
    correct_cost,
    estimated_attempts,
)

OCTOBER = datetime(2026, 10, 31, 23, 59, 59, 999_999, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)
GUESS = {"state": "unknown", "is_estimated": True, "cost_usd": Decimal("0.10")}


@pytest.fixture
def batch(any_workspace: Workspace) -> Batch:
    return make_batch(any_workspace, name="Bank answers")


def attempts_of(workspace: Workspace, batch: Batch) -> list[Attempt]:
    query = select(Attempt).where(Attempt.batch_id == batch.batch_id).order_by(Attempt.attempt_id)
    with workspace.read() as session:
        return list(session.scalars(query))


def test_a_correction_sets_the_cost_and_keeps_the_former_one(
    any_workspace: Workspace, batch: Batch
) -> None:
    (attempt_id,) = make_attempts(any_workspace, batch, GUESS)
    corrected = correct_cost(any_workspace, attempt_id, Decimal("0.03"), " invoice 7 ")
    assert (corrected.cost_usd, corrected.is_estimated) == (Decimal("0.03"), False)
    assert corrected.state == "unknown"
    again = correct_cost(any_workspace, attempt_id, Decimal(0))
    assert again.cost_usd == 0
    with any_workspace.read() as session:
        rows = session.scalars(select(CostCorrection).order_by(CostCorrection.created_at)).all()
    assert [(r.previous_usd, r.cost_usd, r.reason) for r in rows] == [
        (Decimal("0.10"), Decimal("0.03"), "invoice 7"), (Decimal("0.03"), Decimal(0), ""),
    ]  # fmt: skip


def test_every_budget_follows_in_the_month_the_call_was_opened(
    any_workspace: Workspace, batch: Batch
) -> None:
    october, november = make_attempts(
        any_workspace,
        batch,
        {**GUESS, "created_at": OCTOBER, "finished_at": NOVEMBER},
        {**GUESS, "created_at": NOVEMBER},
    )
    scope = scope_of(any_workspace, batch)
    for kind, key in (("workspace", ""), ("template", scope.template_id), ("user", "usr_local")):
        for month in ("", "2026-10", "2026-11"):
            set_budget(any_workspace, kind, key, Decimal(9), month=month)
    correct_cost(any_workspace, october, Decimal("0.04"))
    correct_cost(any_workspace, november, Decimal("0.25"))
    with any_workspace.read() as session:
        found = {(b.scope, b.month): b.settled_usd for b in session.scalars(select(Budget))}
    for kind in ("workspace", "template", "user"):
        assert found[(kind, "2026-10")] == Decimal("0.04")
        assert found[(kind, "2026-11")] == Decimal("0.25")
        assert found[(kind, "")] == Decimal("0.29")


def test_a_total_is_spread_by_reservation_and_its_sum_is_exact(
    any_workspace: Workspace, batch: Batch
) -> None:
    reservations = ("0.10", "0.20", "0.000000001", "0.05")
    make_attempts(
        any_workspace,
        batch,
        *({**GUESS, "reserved_usd": Decimal(r)} for r in reservations),
        {"cost_usd": Decimal("0.07")},  # its bill is known
        {"state": "open", "cost_usd": None},
    )
    set_budget(any_workspace, "batch", batch.batch_id, Decimal(9))
    total = Decimal("0.123456789")
    done = correct_batch_total(any_workspace, batch.batch_id, total, "invoice")
    assert (done.calls, done.previous_usd, done.cost_usd) == (4, Decimal("0.40"), total)
    attempts = attempts_of(any_workspace, batch)
    corrected = [a for a in attempts if a.state == "unknown"]
    assert sum(a.cost_usd or 0 for a in corrected) == total
    for a in corrected:
        assert a.cost_usd is not None
        share = total * a.reserved_usd / Decimal("0.350000001")
        assert abs(a.cost_usd - share) < Decimal("0.000000001")
    assert budget_sums(any_workspace)["batch"] == ledger_sums(attempts)
    assert budget_sums(any_workspace)["batch"] == (total + Decimal("0.07"), Decimal("0.10"))


def test_a_total_that_was_mistyped_is_entered_again(any_workspace: Workspace, batch: Batch) -> None:
    make_attempts(any_workspace, batch, GUESS, GUESS, {})
    set_budget(any_workspace, "workspace", "", Decimal(9))
    correct_batch_total(any_workspace, batch.batch_id, Decimal(5))
    done = correct_batch_total(any_workspace, batch.batch_id, Decimal("0.5"))
    assert (done.calls, done.previous_usd) == (2, Decimal(5))
    assert budget_sums(any_workspace)["workspace"][0] == Decimal("0.54")


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**9), min_size=1, max_size=30))
def test_shares_are_proportional_and_add_up(total: int, weights: list[int]) -> None:
    shares = apportion(total, weights)
    assert sum(shares) == total
    whole = sum(weights) or len(weights)
    for share, weight in zip(shares, weights if sum(weights) else [1] * len(weights), strict=True):
        assert abs(share * whole - total * weight) < whole


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [(10, [1, 1, 1], [4, 3, 3]), (7, [0, 0], [4, 3]), (100, [2, 1, 0], [67, 33, 0])],
)
def test_shares_of_hand_worked_cases(total: int, weights: Sequence[int], shares: list[int]) -> None:
    assert apportion(total, weights) == shares


def test_what_must_not_be_corrected_is_refused(any_workspace: Workspace, batch: Batch) -> None:
    known, is_open, guess = make_attempts(
        any_workspace, batch, {}, {"state": "open", "cost_usd": None}, GUESS
    )
    for attempt_id in (known, is_open):
        with pytest.raises(Conflict):
            correct_cost(any_workspace, attempt_id, Decimal(1))
    for amount in ("-0.01", "NaN", "Infinity", "1e10"):
        with pytest.raises(InvalidInput):
            correct_cost(any_workspace, guess, Decimal(amount))
        with pytest.raises(InvalidInput):
            correct_batch_total(any_workspace, batch.batch_id, Decimal(amount))
    with pytest.raises(NotFound):
        correct_cost(any_workspace, "att_none", Decimal(1))
    with pytest.raises(NotFound):
        correct_batch_total(any_workspace, "bat_none", Decimal(1))
    with pytest.raises(Conflict):
        correct_batch_total(any_workspace, make_batch(any_workspace).batch_id, Decimal(1))
    assert [a.cost_usd for a in attempts_of(any_workspace, batch) if a.is_estimated] == [
        Decimal("0.10")
    ]


def test_only_an_admin_corrects(any_workspace: Workspace, batch: Batch) -> None:
    (guess,) = make_attempts(any_workspace, batch, GUESS)
    with any_workspace.write() as session:
        session.add(User(user_id="usr_ada", name="Ada", role="researcher"))
    with pytest.raises(AccessDenied):
        correct_cost(any_workspace, guess, Decimal(0), corrected_by="usr_ada")
    with pytest.raises(AccessDenied):
        correct_batch_total(any_workspace, batch.batch_id, Decimal(0), corrected_by="usr_ada")
    assert correction_history(any_workspace) == []


def test_a_correction_upwards_raises_the_alerts_it_passes(
    any_workspace: Workspace, batch: Batch
) -> None:
    (guess,) = make_attempts(any_workspace, batch, GUESS)
    set_budget(any_workspace, "workspace", "", Decimal(1))
    correct_cost(any_workspace, guess, Decimal("0.85"))
    assert [alert.percent for alert in list_alerts(any_workspace)] == [80, 50]
    correct_cost(any_workspace, guess, Decimal("0.10"))
    correct_cost(any_workspace, guess, Decimal("0.85"))
    assert len(list_alerts(any_workspace)) == 2


def test_what_waits_and_what_was_done_is_listed_by_batch(
    any_workspace: Workspace, batch: Batch
) -> None:
    other = make_batch(any_workspace, name="Trial")
    (single,) = make_attempts(any_workspace, other, {**GUESS, "cost_usd": Decimal("0.70")})
    make_attempts(any_workspace, batch, GUESS, GUESS, {})
    found = estimated_batches(any_workspace)
    assert [(b.name, b.estimated_calls, b.estimated_usd) for b in found] == [
        ("Trial", 1, Decimal("0.70")), ("Bank answers", 2, Decimal("0.20")),
    ]  # fmt: skip
    assert len(estimated_attempts(any_workspace)) == 3
    assert [a.attempt_id for a in estimated_attempts(any_workspace, other.batch_id)] == [single]
    assert len(estimated_attempts(any_workspace, limit=2, offset=2)) == 1

    correct_cost(any_workspace, single, Decimal("0.60"), "chat with support")
    correct_batch_total(any_workspace, batch.batch_id, Decimal("0.05"), "invoice")
    done = [
        (b.name, b.estimated_calls, b.corrected_calls) for b in estimated_batches(any_workspace)
    ]
    assert sorted(done) == [("Bank answers", 0, 2), ("Trial", 0, 1)]
    newest, oldest = correction_history(any_workspace)
    assert (newest.name, newest.calls, newest.previous_usd, newest.cost_usd, newest.reason) == (
        "Bank answers", 2, Decimal("0.20"), Decimal("0.05"), "invoice",
    )  # fmt: skip
    assert (oldest.name, oldest.calls) == ("Trial", 1)
    assert correction_history(any_workspace, other.batch_id) == [oldest]
