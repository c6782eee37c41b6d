"""Reserving and settling against a reference model, in bursts, and from several sides at once."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from factories import make_batch, make_template
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger import budget_sums, ledger_sums, open_call, scope_of, settle_call
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db.ids import new_id
from core.db.tables import Attempt, Batch, Budget, BudgetAlert
from core.db.types import NANO_PER_USD, to_nano
from core.db.workspace import Workspace
from core.spend.budgets import SpendScope, delete_budget, put_budget, set_budget
from core.spend.reservations import Fit, reserve, settle

BURST = 256
PRICES = tuple(Decimal(p) for p in ("0.10", "0.07", "0.013", "0.000000001"))
MONTHS = ("2026-10", "2026-11")


@dataclass
class ModelBudget:
    """A budget as the specification has it: three integers and the levels that were told."""

    cap: int
    settled: int = 0
    reserved: int = 0
    told: list[int] = field(default_factory=list)
    armed_above: int = 0

    def reached(self) -> int:
        is_past = [p for p in (50, 80, 100) if self.settled * 100 >= self.cap * p]
        return max(is_past, default=0) if self.settled else 0


@dataclass
class Model:
    """All budgets by (scope, id, month), and the calls that are open."""

    scopes: list[SpendScope]
    budgets: dict[tuple[str, str, str], ModelBudget] = field(default_factory=dict)
    open_calls: list[tuple[int, str, int]] = field(default_factory=list)

    def applying(self, who: int, month: str) -> list[ModelBudget]:
        scope = self.scopes[who]
        ids = {
            ("workspace", "*"), ("project", scope.project_id), ("template", scope.template_id),
            ("batch", scope.batch_id), ("user", scope.user_id),
        }  # fmt: skip
        return [b for (s, i, m), b in self.budgets.items() if (s, i) in ids and m in ("", month)]

    def reserve(self, who: int, month: str, amount: int) -> Fit:
        budgets = self.applying(who, month)
        if amount and any(b.settled + amount > b.cap for b in budgets):
            return Fit.NEVER
        if amount and any(b.settled + b.reserved + amount > b.cap for b in budgets):
            return Fit.LATER
        for budget in budgets:
            budget.reserved += amount
        self.open_calls.append((who, month, amount))
        return Fit.FITS

    def settle(self, call: tuple[int, str, int], cost: int) -> None:
        self.open_calls.remove(call)
        for budget in self.applying(*call[:2]):
            budget.reserved -= call[2]
            budget.settled += cost
            passed = range(budget.armed_above + 1, budget.reached() + 1)
            budget.told += [p for p in (50, 80, 100) if p in passed]
            budget.armed_above = max(budget.armed_above, budget.reached())

    def cap(self, key: tuple[str, str, str], cap: int) -> None:
        budget = self.budgets[key]
        budget.cap, budget.armed_above = cap, 0
        budget.armed_above = budget.reached()


def usd(nano: int) -> Decimal:
    return Decimal(nano) / NANO_PER_USD


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("reserve"), st.integers(0, 1), st.integers(0, 1), st.integers(0, 9)),
        st.tuples(st.just("settle"), st.integers(0, 9), st.integers(0, 12)),
        st.tuples(st.just("cap"), st.integers(0, 5), st.integers(0, 20)),
    ),
    max_size=40,
)
CAPS = st.lists(st.one_of(st.none(), st.integers(0, 30)), min_size=6, max_size=6)


@pytest.fixture
def two_batches(any_workspace: Workspace) -> list[SpendScope]:
    """Two batches of one template and two projects."""
    version = make_template(any_workspace)
    batches = [
        make_batch(any_workspace, version, state="running"),
        make_batch(any_workspace, version, state="running", project_id="prj_other"),
    ]
    return [scope_of(any_workspace, batch) for batch in batches]


@settings(
    max_examples=60, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(caps=CAPS, steps=STEPS)
def test_any_sequence_ends_where_the_reference_model_ends(
    any_workspace: Workspace,
    two_batches: list[SpendScope],
    caps: list[int | None],
    steps: list[tuple[Any, ...]],
) -> None:
    first, second = two_batches
    keys = [
        ("workspace", "*", ""), ("workspace", "*", MONTHS[0]),
        ("project", "prj_default", MONTHS[1]), ("template", first.template_id, ""),
        ("batch", second.batch_id, ""), ("user", "usr_local", MONTHS[1]),
    ]  # fmt: skip
    model = Model(two_batches)
    with any_workspace.engine.connect() as connection, connection.begin() as transaction:
        with Session(connection, join_transaction_mode="rollback_only") as session:
            for key, cap in zip(keys, caps, strict=True):
                if cap is not None:
                    put_budget(session, *key[:2], usd(cap), month=key[2])
                    model.budgets[key] = ModelBudget(cap)
            for step in steps:
                take(step, session, model, keys)
            compare(session, model)
        transaction.rollback()


def take(
    step: tuple[Any, ...], session: Session, model: Model, keys: list[tuple[str, str, str]]
) -> None:
    match step:
        case ("reserve", who, when, nano):
            found = reserve(session.connection(), model.scopes[who], MONTHS[when], usd(nano))
            assert found is model.reserve(who, MONTHS[when], nano)
        case ("settle", which, cost) if model.open_calls:
            call = model.open_calls[which % len(model.open_calls)]
            who, month, nano = call
            settle(session.connection(), model.scopes[who], month, usd(nano), usd(cost))
            model.settle(call, cost)
        case ("cap", which, cap) if keys[which] in model.budgets:
            key = keys[which]
            put_budget(session, *key[:2], usd(cap), month=key[2])
            model.cap(key, cap)


def compare(session: Session, model: Model) -> None:
    session.expire_all()
    budgets = session.scalars(select(Budget)).all()
    assert len(budgets) == len(model.budgets)
    for budget in budgets:
        expected = model.budgets[(budget.scope, budget.scope_id, budget.month)]
        assert to_nano(budget.cap_usd) == expected.cap
        assert to_nano(budget.settled_usd) == expected.settled
        assert to_nano(budget.reserved_usd) == expected.reserved
        assert budget.alerted_percent == expected.armed_above
        alerts = select(BudgetAlert.percent).where(BudgetAlert.budget_id == budget.budget_id)
        assert sorted(session.scalars(alerts)) == sorted(expected.told)


def burst(count: int, act: Callable[[int], Any]) -> list[Any]:
    """What `act` returns for 0 … count-1, each in a thread of its own, let go at one moment."""
    barrier = threading.Barrier(count)

    def at_once(i: int) -> Any:
        barrier.wait(60)
        return act(i)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(at_once, range(count)))


@pytest.fixture
def scope(any_workspace: Workspace) -> SpendScope:
    return scope_of(any_workspace, make_batch(any_workspace, state="running"))


def test_a_burst_never_passes_the_cap_and_uses_it_up_to_one_call(
    any_workspace: Workspace,
) -> None:
    version = make_template(any_workspace)
    scopes = [
        scope_of(any_workspace, make_batch(any_workspace, version, state="running"))
        for _ in range(16)
    ]
    cap = Decimal("5.00")
    set_budget(any_workspace, "workspace", "", cap)
    set_budget(any_workspace, "user", "usr_local", cap * 2)

    def ask(i: int) -> tuple[Fit, Decimal]:
        with any_workspace.engine.begin() as connection:
            amount = PRICES[i // 16 % len(PRICES)]
            return open_call(connection, scopes[i % 16], amount), amount

    answers = burst(BURST, ask)
    granted = sum(amount for fit, amount in answers if fit is Fit.FITS)
    assert cap - max(PRICES) <= granted <= cap
    assert {fit for fit, _ in answers} == {Fit.FITS, Fit.LATER}
    assert budget_sums(any_workspace) == {"workspace": (0, granted), "user": (0, granted)}


def test_a_cap_lowered_in_a_burst_stops_new_calls_at_once(
    any_workspace: Workspace, scope: SpendScope
) -> None:
    set_budget(any_workspace, "batch", scope.batch_id, Decimal(100))
    order: list[str] = []  # appended to under the budget's lock, so in the order of the commits

    def ask(i: int) -> None:
        if i == BURST // 8:
            with any_workspace.write() as session:
                put_budget(session, "batch", scope.batch_id, Decimal("0.01"))
                order.append("lowered")
            return
        with any_workspace.engine.begin() as connection:
            fit = open_call(connection, scope, Decimal("0.02"))
            order.append(str(fit))

    burst(BURST, ask)
    lowered = order.index("lowered")
    assert set(order[:lowered]) <= {"fits"}
    assert set(order[lowered + 1 :]) <= {"never"}
    assert len(order) == BURST


def test_each_level_is_told_once_however_many_settle_at_once(
    any_workspace: Workspace, scope: SpendScope
) -> None:
    set_budget(any_workspace, "workspace", "", Decimal("6.40"))

    def spend(i: int) -> None:
        with any_workspace.engine.begin() as connection:
            settle(connection, scope, "2026-11", Decimal(0), Decimal("0.10"))

    burst(64, spend)
    with any_workspace.read() as session:
        told = sorted(session.scalars(select(BudgetAlert.percent)))
    assert told == [50, 80, 100]
    assert budget_sums(any_workspace)["workspace"][0] == Decimal("6.40")


def test_workers_on_the_same_budgets_never_wait_in_a_circle(
    any_workspace: Workspace, two_batches: list[SpendScope]
) -> None:
    for month in ("", *MONTHS):
        for kind, key in (("workspace", ""), ("user", "usr_local"), ("template", None)):
            set_budget(
                any_workspace, kind, key or two_batches[0].template_id, Decimal(100), month=month
            )

    def work(i: int) -> None:
        who, amount = two_batches[i % 2], Decimal("0.001")
        for _ in range(25):
            with any_workspace.engine.begin() as connection:
                for month in MONTHS[i % 3 == 0 :]:
                    assert reserve(connection, who, month, amount) is Fit.FITS
                for month in MONTHS[i % 3 == 0 :]:
                    settle(connection, who, month, amount, amount)

    burst(8, work)  # a circle would be an OperationalError
    with any_workspace.read() as session:
        budgets = session.scalars(select(Budget)).all()
    assert {b.reserved_usd for b in budgets} == {Decimal(0)}
    assert max(b.settled_usd for b in budgets) == Decimal("0.001") * 25 * (5 * 2 + 3)


@pytest.mark.parametrize("kind", ["workspace", "project", "template", "user", "batch"])
def test_a_budget_made_while_calls_open_and_settle_misses_none(
    any_workspace: Workspace, scope: SpendScope, kind: str
) -> None:
    key = {
        "workspace": "", "project": scope.project_id, "template": scope.template_id,
        "user": scope.user_id, "batch": scope.batch_id,
    }[kind]  # fmt: skip
    is_over = threading.Event()
    amount, cost = Decimal("0.002"), Decimal("0.001")

    def call_on_and_on() -> int:
        calls = 0
        while not is_over.is_set() and calls < 2000:
            attempt_id = new_id("att")
            with any_workspace.engine.begin() as connection:
                assert open_call(connection, scope, amount, attempt_id) is Fit.FITS
            with any_workspace.engine.begin() as connection:
                settle_call(connection, scope, attempt_id, amount, cost)
            calls += 1
        return calls

    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(call_on_and_on) for _ in range(4)]
        try:
            for _ in range(20):
                budget = set_budget(any_workspace, kind, key, Decimal(1000))
                delete_budget(any_workspace, budget.budget_id)
            set_budget(any_workspace, kind, key, Decimal(1000))
        finally:
            is_over.set()
        assert all(future.result() for future in running)
    with any_workspace.read() as session:
        attempts = session.scalars(select(Attempt).where(Attempt.batch_id == scope.batch_id)).all()
    assert budget_sums(any_workspace)[kind] == ledger_sums(attempts)


def test_a_call_opened_in_october_settles_in_october(
    any_workspace: Workspace, scope: SpendScope
) -> None:
    for month in MONTHS:
        set_budget(any_workspace, "workspace", "", Decimal(1), month=month)
    with any_workspace.engine.begin() as connection:
        assert reserve(connection, scope, "2026-10", Decimal("0.9")) is Fit.FITS
        assert reserve(connection, scope, "2026-10", Decimal("0.2")) is Fit.LATER
        assert reserve(connection, scope, "2026-11", Decimal("0.2")) is Fit.FITS
        settle(connection, scope, "2026-10", Decimal("0.9"), Decimal("0.5"))
    with any_workspace.read() as session:
        found = {b.month: (b.settled_usd, b.reserved_usd) for b in session.scalars(select(Budget))}
    assert found == {
        "2026-10": (Decimal("0.5"), Decimal(0)), "2026-11": (Decimal(0), Decimal("0.2")),
    }  # fmt: skip


def test_a_budget_of_zero_lets_free_calls_through_and_no_other(
    any_workspace: Workspace, scope: SpendScope
) -> None:
    set_budget(any_workspace, "user", scope.user_id, Decimal(0))
    with any_workspace.engine.begin() as connection:
        assert reserve(connection, scope, "2026-11", Decimal(0)) is Fit.FITS
        assert reserve(connection, scope, "2026-11", Decimal("0.000000001")) is Fit.NEVER


@pytest.fixture
def statements(workspace: Workspace) -> Iterator[list[str]]:
    """What the database is asked, statement by statement."""
    from sqlalchemy import event

    asked: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement.split()[0])

    event.listen(workspace.engine, "before_cursor_execute", note)
    yield asked
    event.remove(workspace.engine, "before_cursor_execute", note)


def test_the_hot_path_asks_the_database_once(workspace: Workspace, statements: list[str]) -> None:
    batch: Batch = make_batch(workspace)
    scope = scope_of(workspace, batch)
    with workspace.engine.begin() as connection:
        statements.clear()
        reserve(connection, scope, "2026-11", Decimal(0))
        assert statements == []
        reserve(connection, scope, "2026-11", Decimal(1))
        assert statements == ["UPDATE"]
    set_budget(workspace, "batch", batch.batch_id, Decimal(10))
    with workspace.engine.begin() as connection:
        statements.clear()
        reserve(connection, scope, "2026-11", Decimal(1))
        settle(connection, scope, "2026-11", Decimal(1), Decimal(1))
        assert statements == ["UPDATE", "UPDATE"]
