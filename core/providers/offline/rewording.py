"""A text in other words, without a model: exchanged words and openings. No grammar is known here.

Code between Jinja's brackets, figures and names are left alone.
"""

import re
from collections.abc import Mapping

from core.providers.offline.draw import Draw

PAIRS: Mapping[str, tuple[str, ...]] = {
    "ask": ("enquire",), "because": ("since",), "begin": ("start",), "buy": ("purchase",),
    "can you": ("could you",), "check": ("verify",), "choose": ("pick",),
    "concrete": ("specific",), "correct": ("right",), "difficult": ("hard",),
    "e-mail": ("email",), "enough": ("sufficient",), "explain": ("describe",),
    "find": ("locate",), "fix": ("repair",), "give": ("provide",), "hello": ("hi", "good day"),
    "hi": ("hello",), "how do i": ("how can i", "in what way do i"), "however": ("still",),
    "i am": ("i'm",), "important": ("essential",), "keep": ("retain",), "maybe": ("perhaps",),
    "need": ("require",), "new": ("fresh",), "often": ("frequently",), "please": ("kindly",),
    "problem": ("difficulty",), "quickly": ("fast",), "send": ("pass on",), "short": ("brief",),
    "small": ("little",), "sometimes": ("at times",), "soon": ("shortly",), "steps": ("stages",),
    "sure": ("certain",), "thank you": ("thanks", "many thanks"), "usually": ("as a rule",),
    "what should i do": ("what can i do", "what would you advise"), "worried": ("concerned",),
    "write": ("compose",),
}  # fmt: skip
CODE = re.compile(r"(\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|<[^>\n]{1,60}>)", re.DOTALL)
WORDS = re.compile(
    r"(?<![\w'’-])(?:"
    + "|".join(re.escape(word) for word in sorted(PAIRS, key=len, reverse=True))
    + r")(?![\w'’-])",
    re.IGNORECASE,
)


def reword(text: str, draw: Draw, share: float = 0.7) -> str:
    """The text with about that share of its known words exchanged, code left as it is."""
    pieces = CODE.split(text)
    return "".join(
        piece if place % 2 else WORDS.sub(lambda match: _other(match[0], draw, share), piece)
        for place, piece in enumerate(pieces)
    )


def _other(word: str, draw: Draw, share: float) -> str:
    if not draw.chance(share):
        return word
    new = draw.pick(PAIRS[word.lower()])
    return new[:1].upper() + new[1:] if word[:1].isupper() else new
