"""How much a text repeats itself: phrases that come again, pieces said over and over in a row."""

import zlib
from collections.abc import Sequence
from typing import Final

SHORTEST_WORDS: Final = 8
SHORTEST_CHARS: Final = 60
UNSPACED_CHARS_PER_WORD: Final = 15
ORDINARY_RATIO: Final = 0.35  # compressed size of ordinary text, as a share of its bytes, is above
FEWEST_TURNS: Final = 4
WORD_CHARS: Final = 3  # letters of a word that means something
Trigram = tuple[str, str, str]


def repeated_share(text: str) -> float:
    """Share of word trigrams that were seen before in the text; 0 for very short texts.

    For text without spaces: how far its compression ratio is below ordinary, as a share.
    """
    words = text.split()
    count = len(words) - 2
    if len(text) > UNSPACED_CHARS_PER_WORD * len(words) and len(text) >= SHORTEST_CHARS:
        raw = text.encode("utf-8", "surrogatepass")
        ratio = len(zlib.compress(raw, 1)) / len(raw)
        return max(0.0, 1.0 - ratio / ORDINARY_RATIO)
    if count + 2 < SHORTEST_WORDS:
        return 0.0
    return 1.0 - len(set(_trigrams(words))) / count


def most_turns(text: str) -> int:
    """How often the most repeated piece of the text comes in a row; 0 below FEWEST_TURNS.

    A piece of one word that means something counts two turns less: sums and refrains have those.
    """
    words = text.split()
    seen: dict[Trigram, int] = {}
    best = start = period = 0
    for place, trigram in enumerate(_trigrams(words)):
        distance = place - seen.get(trigram, place)
        seen[trigram] = place
        if distance != period:
            start, period = place, distance
        if period:
            turns = (place - start + 3 + period) // period
            if turns > best:
                best = max(best, turns - _discount(words[place + 3 - period : place + 3]))
    return best if best >= FEWEST_TURNS else 0


def _discount(piece: Sequence[str]) -> int:
    meaning = [word for word in piece if sum(map(str.isalpha, word)) >= WORD_CHARS]
    if not meaning:
        return 1_000_000  # numbers and marks alone are no loop
    return 0 if len(meaning) > 1 else 2


def _trigrams(words: Sequence[str]) -> "zip[Trigram]":
    return zip(words, words[1:], words[2:], strict=False)
