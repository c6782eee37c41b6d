"""Numbers, money, time and untrusted text as the pages write them."""

import re
from datetime import UTC, datetime
from decimal import Decimal

GAP = "\u00a0"  # keeps a number and its unit on one line
SPELLED_OUT = {"pii": "Personal data", "min_chars": "Shortest response, characters",
               "max_chars": "Longest response, characters"}  # fmt: skip
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|~$:<>@&=/^])")


def plain(text: str) -> str:
    """Text for a place that reads Markdown: nothing in it is a link, an image or a directive."""
    return _MARKDOWN.sub(r"\\\1", text)


def count(value: float | None) -> str:
    """1,234; an en dash where nothing is known."""
    return "–" if value is None else f"{value:,.0f}"


def money(value: Decimal | None) -> str:
    """US dollars with as many decimals as the amount needs: 12.40 USD, 0.0031 USD."""
    if value is None:
        return "–"
    amount = Decimal(value)
    decimals = 2 if amount == 0 or abs(amount) >= 1 else 4 if abs(amount) >= Decimal("0.001") else 6
    return f"{amount:,.{decimals}f}{GAP}USD"


def share(value: float | None, decimals: int = 1) -> str:
    """A fraction as a percentage."""
    return "–" if value is None else f"{100 * value:.{decimals}f}{GAP}%"


def figure(value: float | None, decimals: int = 3) -> str:
    """A score or metric."""
    return "–" if value is None else f"{value:,.{decimals}f}"


def duration(seconds: float | None) -> str:
    """under 1 s, 8 s, 4 min 12 s, 3 h 05 min."""
    if seconds is None:
        return "–"
    if seconds < 1:
        return f"under 1{GAP}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}{GAP}s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def size(value_bytes: float | None) -> str:
    """Bytes in the unit that reads best."""
    if value_bytes is None:
        return "–"
    amount = float(value_bytes)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{amount:,.0f}{GAP}{unit}" if unit == "B" else f"{amount:,.1f}{GAP}{unit}"
        amount /= 1024
    return f"{amount:,.1f}{GAP}TiB"


def ago(moment: datetime | None) -> str:
    """How long ago, roughly."""
    if moment is None:
        return "–"
    seconds = max((datetime.now(UTC) - moment).total_seconds(), 0)
    for limit, unit, name in ((60, 1, "s"), (3600, 60, "min"), (86400, 3600, "h")):
        if seconds < limit:
            return f"{seconds // unit:.0f} {name} ago"
    return f"{seconds // 86400:.0f} d ago"


def day(moment: datetime | None) -> str:
    """The date and minute, in UTC."""
    return "–" if moment is None else f"{moment:%Y-%m-%d %H:%M}"


def words(key: str) -> str:
    """A state, verdict or check for people: needs_review becomes Needs review."""
    return SPELLED_OUT.get(key) or key.replace("_", " ").capitalize()


def plural(number: int, noun: str) -> str:
    """1 batch, 2 batches; 1,234 samples."""
    ending = "" if number == 1 else "es" if noun.endswith(("ch", "s")) else "s"
    return f"{number:,}{GAP}{noun}{ending}"


def short_id(record_id: str) -> str:
    """The last letters of an id: enough to tell a few apart."""
    return record_id[-6:]


def sentence(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


def clip(text: str, length: int = 120) -> str:
    """One line of at most that length."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"
