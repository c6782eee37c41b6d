"""Reservation factors: raised by what a provider billed beyond its reservations."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from core.db.tables import User
from core.db.workspace import Workspace
from core.errors import AccessDenied, NotFound
from core.spend.factors import (
    MAX_FACTOR,
    list_factors,
    load_factor,
    note_excess,
    reset_factor,
    scale_reservation,
)

Pairs = list[tuple[Decimal, Decimal]]


def pairs(*amounts: tuple[str, str]) -> Pairs:
    return [(Decimal(reserved), Decimal(cost)) for reserved, cost in amounts]


def note(workspace: Workspace, billed: Pairs, reserved_with: float = 1.0) -> float:
    with workspace.engine.begin() as connection:
        return note_excess(connection, "openai", "o9", billed, reserved_with)


def test_a_model_that_keeps_to_its_price_has_no_factor(any_workspace: Workspace) -> None:
    assert load_factor(any_workspace, "openai", "o9") == 1.0
    assert note(any_workspace, pairs(("0.10", "0.10"), ("0.10", "0.02"))) == 1.0
    assert list_factors(any_workspace) == []


def test_the_worst_excess_decides_with_a_margin_and_all_of_it_is_summed(
    any_workspace: Workspace,
) -> None:
    assert note(any_workspace, pairs(("0.10", "0.11"), ("0.10", "0.20"))) == pytest.approx(2.2)
    assert note(any_workspace, pairs(("0.10", "0.12"))) == pytest.approx(2.2)  # never shrinks
    assert load_factor(any_workspace, "openai", "o9") == pytest.approx(2.2)
    assert load_factor(any_workspace, "openai", "other") == 1.0
    (row,) = list_factors(any_workspace)
    assert (row.excess_calls, row.excess_usd) == (3, Decimal("0.13"))


def test_what_grown_reservations_did_not_hold_grows_on_from_there(
    any_workspace: Workspace,
) -> None:
    note(any_workspace, pairs(("0.10", "0.20")))
    # Opened before the factor rose: the same finding, not another doubling.
    assert note(any_workspace, pairs(("0.10", "0.20"))) == pytest.approx(2.2)
    assert note(any_workspace, pairs(("0.22", "0.44")), 2.2) == pytest.approx(4.84)


@pytest.mark.parametrize("billed", [("0.000000001", "5"), ("0.01", "999")])
def test_a_factor_has_a_ceiling(any_workspace: Workspace, billed: tuple[str, str]) -> None:
    assert note(any_workspace, pairs(billed)) == MAX_FACTOR


def test_a_reservation_of_nothing_is_counted_and_cannot_grow(any_workspace: Workspace) -> None:
    assert note(any_workspace, pairs(("0", "0.3"))) == 1.0
    assert list_factors(any_workspace)[0].excess_usd == Decimal("0.3")


def test_two_workers_who_note_at_once_lose_nothing(any_workspace: Workspace) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: note(any_workspace, pairs(("1", f"1.{i:02}"))), range(1, 65)))
    (row,) = list_factors(any_workspace)
    assert row.excess_calls == 64
    assert row.excess_usd == sum(Decimal(i) for i in range(1, 65)) / 100
    assert row.factor == pytest.approx(1.1 * 1.64)


def test_an_admin_resets_a_factor(any_workspace: Workspace) -> None:
    note(any_workspace, pairs(("1", "2")))
    with any_workspace.write() as session:
        session.add(User(user_id="usr_ada", name="Ada", role="viewer"))
    with pytest.raises(AccessDenied):
        reset_factor(any_workspace, "openai", "o9", reset_by="usr_ada")
    reset_factor(any_workspace, "openai", "o9")
    assert load_factor(any_workspace, "openai", "o9") == 1.0
    with pytest.raises(NotFound, match="o9 on openai"):
        reset_factor(any_workspace, "openai", "o9")


@pytest.mark.parametrize(
    ("factor", "grown"), [(1.0, "0.001"), (2.2, "0.0022"), (1.3333333333, "0.001333334")]
)
def test_a_grown_reservation_is_rounded_up_to_a_nano_dollar(factor: float, grown: str) -> None:
    assert scale_reservation(Decimal("0.001"), factor) == Decimal(grown)
