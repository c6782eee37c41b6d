"""Prices: the user's before the published ones, and never a guess."""

from decimal import Decimal

import genai_prices
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.db.tables import Connection
from core.db.workspace import Workspace
from core.errors import InvalidInput
from core.providers.base import Usage
from core.providers.connections import connection_for_url, get_connection
from core.providers.prices import (
    ModelPrice,
    Rates,
    cheaper_models,
    find_price,
    published_price,
    set_price,
)

TIERED = ModelPrice(
    Decimal(2),
    Decimal("0.2"),
    Decimal(10),
    "by hand",
    Decimal("2.5"),
    (Rates(1000, Decimal(4), Decimal("0.4"), Decimal(5), Decimal(15)),),
)


def remote(protocol: str, base_url: str) -> Connection:
    return Connection(name="x", protocol=protocol, base_url=base_url, default_model="m")


OPENAI = remote("openai", "https://api.openai.com/v1")
ANTHROPIC = remote("anthropic", "https://api.anthropic.com")


def test_a_cost_is_worked_out_to_the_nano_dollar() -> None:
    price = ModelPrice(Decimal("0.25"), Decimal("0.025"), Decimal(2), "by hand")
    # 900 fresh at 0.25, 100 cached at 0.025 and 50 output at 2 dollars per million.
    assert price.cost(Usage(1000, 100, 50)) == Decimal("0.0003275")


def test_a_cost_is_rounded_up() -> None:
    price = ModelPrice(Decimal("0.0001"), Decimal(0), Decimal(0), "by hand")
    assert price.cost(Usage(1)) == Decimal("0.000000001")


def test_a_long_input_costs_the_rate_of_its_tier() -> None:
    assert TIERED.cost(Usage(1000, output_tokens=10)) == Decimal("0.0021")
    assert TIERED.cost(Usage(1001, output_tokens=10)) == Decimal("0.004154")


@given(
    given_tokens=st.integers(1, 5000),
    cached=st.integers(0, 5000),
    written=st.integers(0, 5000),
    produced=st.integers(0, 5000),
    slack=st.tuples(st.integers(0, 2000), st.integers(0, 2000)),
)
def test_no_usage_within_the_bounds_costs_more_than_the_worst_case(
    given_tokens: int, cached: int, written: int, produced: int, slack: tuple[int, int]
) -> None:
    cached = min(cached, given_tokens)
    written = min(written, given_tokens - cached)
    usage = Usage(given_tokens, cached, produced, 0, written)
    worst = TIERED.worst_case(given_tokens + slack[0], produced + slack[1])
    assert TIERED.cost(usage) <= worst


@pytest.mark.parametrize(
    ("connection", "model"),
    [(OPENAI, "gpt-5-mini"), (OPENAI, "gpt-5.5"), (OPENAI, "gpt-4o-mini-2024-07-18"),
     (ANTHROPIC, "claude-haiku-4-5"), (ANTHROPIC, "claude-sonnet-4-5-20250929")],
    ids=lambda value: value if isinstance(value, str) else value.protocol,
)  # fmt: skip
@pytest.mark.parametrize("size", [1_000, 500_000])
def test_published_prices_agree_with_the_table_they_come_from(
    connection: Connection, model: str, size: int
) -> None:
    price = published_price(connection, model)
    assert price is not None
    usage = Usage(size, 100, 200)
    expected = genai_prices.calc_price(
        genai_prices.Usage(input_tokens=size, cache_read_tokens=100, output_tokens=200),
        model,
        provider_id=connection.protocol,
    )
    assert abs(price.cost(usage) - expected.total_price) < Decimal("0.000000002")
    assert genai_prices.__version__ in price.source


def test_offline_is_free_and_unknown_hosts_have_no_price(workspace: Workspace) -> None:
    offline = get_connection(workspace, "offline")
    price = find_price(workspace, offline, "offline-1")
    assert price is not None
    assert price.worst_case(10**6, 10**6) == 0
    local = connection_for_url(workspace, "http://127.0.0.1:8000/v1", "openai", "qwen")
    assert find_price(workspace, local, "gpt-4o") is None
    assert find_price(workspace, get_connection(workspace, "openai"), "no-such-model") is None


def test_the_newest_entered_price_counts_and_says_where_it_is_from(workspace: Workspace) -> None:
    openai = get_connection(workspace, "openai")
    set_price(workspace, openai, "gpt-5-mini", Decimal(7), Decimal(8), "invoice")
    price = set_price(workspace, openai, "gpt-5-mini", Decimal("0.000000001"), Decimal(9), "letter")
    assert price == find_price(workspace, openai, "gpt-5-mini")
    assert (price.input_usd_per_mtok, price.output_usd_per_mtok) == (Decimal("1e-9"), Decimal(9))
    assert price.source.endswith("letter")
    assert price.cached_input_usd_per_mtok == price.input_usd_per_mtok


@pytest.mark.parametrize("amount", ["-1", "NaN", "Infinity", "1e9"])
def test_impossible_prices_are_refused(workspace: Workspace, amount: str) -> None:
    openai = get_connection(workspace, "openai")
    with pytest.raises(InvalidInput, match="not possible"):
        set_price(workspace, openai, "m", Decimal(amount), Decimal(1))


def test_cheaper_models_are_cheaper_and_of_the_same_publisher() -> None:
    current = published_price(ANTHROPIC, "claude-opus-4-8")
    assert current is not None
    found = cheaper_models(ANTHROPIC, "claude-opus-4-8")
    assert 1 <= len(found) <= 3
    assert all(name.startswith("claude") for name, _ in found)
    assert all(p.output_usd_per_mtok < current.output_usd_per_mtok for _, p in found)
    assert cheaper_models(remote("openai", "http://127.0.0.1:1/v1"), "gpt-4o") == []
