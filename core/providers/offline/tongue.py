"""The shape of a phrase bank in one language, and how a language is recognised by its name."""

from functools import lru_cache
from typing import NamedTuple


class Tongue(NamedTuple):
    """Whole sentences of one language, about anything; `{hour}` is the only slot."""

    names: tuple[str, ...]  # English name, own name, ISO 639-1 code; in lower case
    titles: tuple[str, ...]
    questions: tuple[str, ...]
    contexts: tuple[str, ...]  # sentences that somebody adds to a question
    answers: tuple[str, ...]


@lru_cache(maxsize=256)
def tongue_of(value: str) -> Tongue | None:
    """The bank of a language given as "German", "Deutsch", "de" or "de_AT"; None without one."""
    from core.providers.offline.phrases.eastern_phrases import EASTERN
    from core.providers.offline.phrases.germanic_phrases import GERMANIC
    from core.providers.offline.phrases.romance_phrases import ROMANCE

    named = value.strip().lower()
    code = named.replace("-", "_").split("_")[0]
    for tongue in (*GERMANIC, *ROMANCE, *EASTERN):
        if named in tongue.names or code == tongue.names[-1]:
            return tongue
    return None
