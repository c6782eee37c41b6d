"""How the databases are opened, and the column types that mean the same on both."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from factories import make_batch
from hypothesis import given
from hypothesis import strategies as st

from core.db.tables import Batch, Budget
from core.db.types import NANO_PER_USD, to_nano, to_usd
from core.db.workspace import Workspace
from core.errors import StorageFull


def test_sqlite_runs_in_wal_mode_with_full_durability(workspace: Workspace) -> None:
    with workspace.engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
        version = connection.exec_driver_sql("SELECT sqlite_version()").scalar()
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    assert tuple(map(int, str(version).split("."))) >= (3, 51, 3), "older ones lose WAL resets"


@given(st.integers(min_value=0, max_value=10**18))
def test_nano_dollars_survive_the_way_through_dollars(nano: int) -> None:
    assert to_nano(to_usd(nano)) == nano


@given(st.decimals(min_value=0, max_value=10**6, allow_nan=False, places=14))
def test_a_stored_cost_is_never_below_the_true_one(usd: Decimal) -> None:
    assert usd <= to_usd(to_nano(usd)) < usd + Decimal(1) / NANO_PER_USD


def test_money_and_times_come_back_exact(any_workspace: Workspace) -> None:
    moment = datetime(2026, 3, 29, 2, 30, tzinfo=timezone(timedelta(hours=2)))
    with any_workspace.write() as session:
        session.add(
            Budget(
                budget_id="bud_x",
                scope="user",
                scope_id="u",
                cap_usd=Decimal("0.000000001"),
                created_at=moment,
            )
        )
    with any_workspace.read() as session:
        found = session.get_one(Budget, "bud_x")
    assert found.cap_usd == Decimal("0.000000001")
    assert found.created_at == moment
    assert found.created_at.tzinfo is UTC


def test_a_time_without_a_zone_is_refused(workspace: Workspace) -> None:
    batch = make_batch(workspace)
    with pytest.raises(Exception, match="timezone"), workspace.write() as session:
        session.get_one(Batch, batch.batch_id).started_at = datetime(2026, 1, 1)


def test_a_failed_transaction_leaves_nothing(any_workspace: Workspace) -> None:
    with pytest.raises(RuntimeError), any_workspace.write() as session:
        session.add(Budget(budget_id="bud_x", scope="user", scope_id="u", cap_usd=Decimal(1)))
        session.flush()
        raise RuntimeError
    with any_workspace.read() as session:
        assert session.get(Budget, "bud_x") is None


def test_a_full_disk_is_named(workspace: Workspace) -> None:
    with pytest.raises(StorageFull), workspace.write() as session:
        pages = session.connection().exec_driver_sql("PRAGMA page_count").scalar()
        session.connection().exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        session.add_all(
            Budget(budget_id=f"bud_{i}", scope="user", scope_id=str(i) * 40, cap_usd=Decimal(1))
            for i in range(2000)
        )
