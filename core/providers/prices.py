"""What a call costs: the user's prices first, then the dated table of `genai-prices`.

Refuses to guess: a model that neither knows has no price, and no budgeted batch starts on it.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import genai_prices
from genai_prices import data_snapshot, types
from sqlalchemy import select

from core.db.ids import new_id, utc_now
from core.db.tables import DEFAULT_PROJECT_ID, LOCAL_ADMIN_ID, Connection, PriceOverride
from core.db.types import to_nano, to_usd
from core.db.workspace import Workspace
from core.errors import InvalidInput
from core.providers.base import Usage

TOKENS_PER_MTOK = 1_000_000
MAX_USD_PER_MTOK = Decimal(1_000_000)
OLD_MODEL = re.compile(r"(?:^|[-/:])(?:claude-(?:v1|2|3)|gpt-3|gpt-4(?:-|$)|ft:|davinci|curie)")
NOT_TEXT = re.compile(
    r"audio|image|realtime|tts|whisper|transcribe|translate|live|embed|moderation|search|instruct"
    r"|codex|cyber|rosalind|davinci|curie|babbage|ada|research|safeguard|vision|preview"
)


@dataclass(frozen=True, slots=True)
class Rates:
    """US dollars per million tokens, once the input is longer than `above_input_tokens`."""

    above_input_tokens: int
    input_usd: Decimal
    cached_usd: Decimal
    cache_write_usd: Decimal
    output_usd: Decimal


@dataclass(frozen=True, slots=True)
class ModelPrice:
    """The price of one model. The first three fields are the base rates, below any tier."""

    input_usd_per_mtok: Decimal
    cached_input_usd_per_mtok: Decimal
    output_usd_per_mtok: Decimal
    source: str  # where the figures come from, with version or date
    cache_write_usd_per_mtok: Decimal | None = None  # None: writing the cache costs plain input
    tiers: tuple[Rates, ...] = ()  # dearer rates for long inputs, by rising threshold

    def cost(self, usage: Usage) -> Decimal:
        """The bill for this usage, rounded up to a nano-dollar."""
        rates = self._rates()[0]
        for tier in self.tiers:
            if usage.input_tokens > tier.above_input_tokens:
                rates = tier
        plain = usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens
        exact = (
            max(plain, 0) * rates.input_usd
            + usage.cached_tokens * rates.cached_usd
            + usage.cache_write_tokens * rates.cache_write_usd
            + usage.output_tokens * rates.output_usd
        )
        return to_usd(to_nano(exact / TOKENS_PER_MTOK))

    def worst_case(self, input_tokens: int, max_output_tokens: int) -> Decimal:
        """The most a call within these bounds can cost, at the dearest rate that can apply."""
        reachable = [r for r in self._rates() if input_tokens > r.above_input_tokens]
        input_usd = max(max(r.input_usd, r.cached_usd, r.cache_write_usd) for r in reachable)
        output_usd = max(r.output_usd for r in reachable)
        exact = input_tokens * input_usd + max_output_tokens * output_usd
        return to_usd(to_nano(exact / TOKENS_PER_MTOK))

    def _rates(self) -> tuple[Rates, ...]:
        write = self.cache_write_usd_per_mtok
        base = Rates(
            -1,
            self.input_usd_per_mtok,
            self.cached_input_usd_per_mtok,
            self.input_usd_per_mtok if write is None else write,
            self.output_usd_per_mtok,
        )
        return (base, *self.tiers)


# A provider's batch API costs half of every rate, cached input included. OpenAI: "50% cost discount
# vs. the synchronous APIs" (help.openai.com, Batch API FAQ); Anthropic: "reducing costs by 50%"
# (platform.claude.com, Batch processing). Both read 2026-11.
BATCH_API_SHARE = Decimal("0.5")
MAX_SOURCE_CHARS = 200


def halved(price: ModelPrice) -> ModelPrice:
    """The price of the same model through its provider's batch API."""
    write = price.cache_write_usd_per_mtok
    return ModelPrice(
        price.input_usd_per_mtok * BATCH_API_SHARE,
        price.cached_input_usd_per_mtok * BATCH_API_SHARE,
        price.output_usd_per_mtok * BATCH_API_SHARE,
        f"half, batch API: {price.source}"[:MAX_SOURCE_CHARS],
        None if write is None else write * BATCH_API_SHARE,
        tuple(_halved_rates(rates) for rates in price.tiers),
    )


def _halved_rates(rates: Rates) -> Rates:
    return Rates(
        rates.above_input_tokens,
        rates.input_usd * BATCH_API_SHARE,
        rates.cached_usd * BATCH_API_SHARE,
        rates.cache_write_usd * BATCH_API_SHARE,
        rates.output_usd * BATCH_API_SHARE,
    )


FREE = ModelPrice(Decimal(0), Decimal(0), Decimal(0), "offline: free of charge")


def find_price(workspace: Workspace, connection: Connection, model: str) -> ModelPrice | None:
    """The newest price entered for this connection and model, else the published one, else None."""
    with workspace.read() as session:
        override = session.scalars(
            select(PriceOverride)
            .where(PriceOverride.connection == connection.name, PriceOverride.model == model)
            .order_by(PriceOverride.created_at.desc(), PriceOverride.price_override_id.desc())
            .limit(1)
        ).first()
    if override is not None:
        return ModelPrice(
            override.input_usd_per_mtok,
            override.input_usd_per_mtok,
            override.output_usd_per_mtok,
            f"entered on {override.created_at:%Y-%m-%d}"
            + (f": {override.source}" if override.source else ""),
        )
    return published_price(connection, model)


def published_price(connection: Connection, model: str) -> ModelPrice | None:
    """The price that `genai-prices` knows for the host of the connection; zero for offline."""
    if connection.protocol == "offline":
        return FREE
    provider = _publisher(connection)
    found = provider.find_model(model) if provider else None
    return None if found is None else _from_table(found)


def set_price(
    workspace: Workspace,
    connection: Connection,
    model: str,
    input_usd_per_mtok: Decimal,
    output_usd_per_mtok: Decimal,
    source: str = "",
    *,
    created_by: str = LOCAL_ADMIN_ID,
    project_id: str = DEFAULT_PROJECT_ID,
) -> ModelPrice:
    """Add a price; earlier ones stay, the newest counts. Raises InvalidInput."""
    for amount in (input_usd_per_mtok, output_usd_per_mtok):
        if not amount.is_finite() or not 0 <= amount <= MAX_USD_PER_MTOK:
            raise InvalidInput(
                f"A price of {amount} US dollars per million tokens is not possible.",
                remedy=f"Enter a number from 0 to {MAX_USD_PER_MTOK:,}.",
            )
    if not model.strip():
        raise InvalidInput("A price needs a model.", remedy="Enter the model's name.")
    with workspace.write() as session:
        session.add(
            PriceOverride(
                price_override_id=new_id("prc"),
                connection=connection.name,
                model=model,
                input_usd_per_mtok=input_usd_per_mtok,
                output_usd_per_mtok=output_usd_per_mtok,
                source=source,
                created_at=utc_now(),
                created_by=created_by,
                project_id=project_id,
            )
        )
    price = find_price(workspace, connection, model)
    assert price is not None
    return price


def cheaper_models(
    connection: Connection, model: str, limit: int = 3
) -> list[tuple[str, ModelPrice]]:
    """Text models of the same publisher with a lower output price, the closest in price first."""
    provider, current = _publisher(connection), published_price(connection, model)
    if provider is None or current is None:
        return []
    found: list[tuple[str, ModelPrice]] = []
    for candidate in provider.models:
        price = None if _is_unsuited(candidate) else _from_table(candidate)
        if (
            price is not None
            and 0 < price.output_usd_per_mtok < current.output_usd_per_mtok
            and price.input_usd_per_mtok <= current.input_usd_per_mtok
        ):
            found.append((candidate.id, price))
    # Of models at one price the later name is the newer model.
    found.sort(key=lambda item: item[0], reverse=True)
    found.sort(key=lambda item: item[1].output_usd_per_mtok, reverse=True)
    distinct = {price.output_usd_per_mtok: (name, price) for name, price in reversed(found)}
    return sorted(distinct.values(), key=lambda i: -i[1].output_usd_per_mtok)[:limit]


def _is_unsuited(model: types.ModelInfo) -> bool:
    return bool(
        model.deprecated
        or model.context_window is None
        or OLD_MODEL.search(model.id)
        or NOT_TEXT.search(model.id)
    )


def _publisher(connection: Connection) -> types.Provider | None:
    if connection.base_url is None:
        return None
    for provider in data_snapshot.get_snapshot().providers:
        if re.match(provider.api_pattern, connection.base_url):
            return provider
    return None


def _from_table(model: types.ModelInfo) -> ModelPrice | None:
    now = datetime.now(UTC)
    prices = model.get_prices(now)
    starts = sorted(
        {
            tier.start
            for p in _fields(prices)
            if isinstance(p, types.TieredPrices)
            for tier in p.tiers
        }
    )
    rates = [_rates_at(prices, start) for start in (-1, *starts)]
    if any(r is None for r in rates):
        return None
    base, *tiers = [r for r in rates if r is not None]
    return ModelPrice(
        base.input_usd,
        base.cached_usd,
        base.output_usd,
        f"genai-prices {genai_prices.__version__}, {now:%Y-%m-%d}",
        base.cache_write_usd,
        tuple(tiers),
    )


def _fields(
    prices: types.ModelPrice,
) -> tuple[Decimal | types.TieredPrices | None, ...]:
    return (
        prices.input_mtok,
        prices.cache_read_mtok,
        prices.cache_write_mtok,
        prices.output_mtok,
    )


def _rates_at(prices: types.ModelPrice, start: int) -> Rates | None:
    fresh, cached, write, output = (_price_at(p, start) for p in _fields(prices))
    if fresh is None or output is None:
        return None
    return Rates(
        start,
        fresh,
        fresh if cached is None else cached,
        fresh if write is None else write,
        output,
    )


def _price_at(price: Decimal | types.TieredPrices | None, start: int) -> Decimal | None:
    if not isinstance(price, types.TieredPrices):
        return price
    result = price.base
    for tier in price.tiers:
        if tier.start <= start:
            result = tier.price
    return result
