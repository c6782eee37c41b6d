"""Which letters a language is written with.

Source: Unicode Standard 16, chapters 7 to 18: the blocks of each script, main ones only.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

BLOCKS: Final = {
    "greek": "\u0370-\u03ff\u1f00-\u1fff",
    "cyrillic": "\u0400-\u052f",
    "hebrew": "\u0590-\u05ff",
    "arabic": "\u0600-\u06ff\u0750-\u077f",
    "devanagari": "\u0900-\u097f",
    "bengali": "\u0980-\u09ff",
    "tamil": "\u0b80-\u0bff",
    "telugu": "\u0c00-\u0c7f",
    "thai": "\u0e00-\u0e7f",
    "kana": "\u3040-\u30ff",
    "han": "\u3400-\u4dbf\u4e00-\u9fff",
    "hangul": "\u1100-\u11ff\uac00-\ud7af",
}
SCRIPTS: Final = {
    "el": ("greek",), "ru": ("cyrillic",), "uk": ("cyrillic",), "bg": ("cyrillic",),
    "sr": ("cyrillic",), "he": ("hebrew",), "ar": ("arabic",), "fa": ("arabic",),
    "ur": ("arabic",), "hi": ("devanagari",), "bn": ("bengali",), "ta": ("tamil",),
    "te": ("telugu",), "th": ("thai",), "zh": ("han",), "ja": ("han", "kana"),
    "ko": ("hangul", "han"),
}  # fmt: skip
LETTER: Final = re.compile(r"[^\W\d_]")
# A sign for a syllable or a word says as much as several letters.
LETTERS_PER_SIGN: Final = 3
SIGNS: Final = re.compile(f"[{BLOCKS['kana']}{BLOCKS['han']}{BLOCKS['hangul']}]")


def foreign_share(text: str, codes: Iterable[str]) -> float:
    """Share of a text's letters, 0 to 1, from scripts that none of these languages is written with.

    Latin letters are at home everywhere; 0 for a text without letters.
    """
    if text.isascii():
        return 0.0
    found = _foreign(frozenset(codes)).findall(text)
    if not found:
        return 0.0
    extra = LETTERS_PER_SIGN - 1
    foreign = len(found) + extra * sum(SIGNS.match(sign) is not None for sign in found)
    total = len(LETTER.findall(text)) + extra * len(SIGNS.findall(text))
    return min(1.0, foreign / total) if total else 0.0


@lru_cache(maxsize=64)
def _foreign(codes: frozenset[str]) -> re.Pattern[str]:
    own = {script for code in codes for script in SCRIPTS.get(code, ())}
    return re.compile("[" + "".join(b for s, b in BLOCKS.items() if s not in own) + "]")
