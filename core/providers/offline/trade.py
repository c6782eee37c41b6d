"""The shape of a phrase bank about one trade, and the trades there are."""

import re
from functools import lru_cache
from typing import NamedTuple

STRONG_FROM = 2  # words of a trade that a prompt must hold before it counts


class Trade(NamedTuple):
    """How people ask and answer in one trade; none of it depends on the case."""

    words: re.Pattern[str]  # what gives the trade away in a prompt, in lower case
    details: tuple[str, ...]  # sentences that somebody adds to a question
    asks: tuple[str, ...]  # how the question ends
    openings: tuple[str, ...]  # how an answer begins
    facts: tuple[str, ...]  # sentences that explain
    steps: tuple[str, ...]  # imperatives without capital or full stop
    cautions: tuple[str, ...]  # sentences that warn
    closings: tuple[str, ...]  # how an answer ends
    items: tuple[str, ...]  # short entries of a list


@lru_cache(maxsize=256)
def trade_of(text: str) -> tuple[str, int]:
    """The trade with the most words in a prompt and their number; ("", 0) where none is clear."""
    lowered = text.lower()
    hits = {name: len(trade.words.findall(lowered)) for name, trade in trades().items()}
    name = max(hits, key=lambda key: hits[key])
    return (name, hits[name]) if hits[name] >= STRONG_FROM else ("", 0)


@lru_cache(maxsize=1)
def trades() -> dict[str, Trade]:
    """Every trade by name."""
    from core.providers.offline.phrases.desk_phrases import DESK
    from core.providers.offline.phrases.health_phrases import HEALTH
    from core.providers.offline.phrases.law_phrases import LAW
    from core.providers.offline.phrases.plant_phrases import PLANT
    from core.providers.offline.phrases.shop_phrases import SHOP

    return {"health": HEALTH, "law": LAW, "shop": SHOP, "plant": PLANT, "desk": DESK}
