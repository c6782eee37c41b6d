"""Slips as people make them at a keyboard, put into a text by a seed. Pure.

The same text, rate, kinds and seed give the same result on any machine. Words with digits, links
and anything in braces are left alone: a slip there would change what the text says.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from core.text.hashing import canonical_json

if TYPE_CHECKING:
    import numpy as np

KEY_ROWS: Final = ("qwertyuiop", "asdfghjkl", "zxcvbnm")  # of a US keyboard
SPLIT: Final = re.compile(r"(\s+)")
# Letters alone, with punctuation around them: no figures, links, code or placeholders.
WORD: Final = re.compile(r"^([\"'(\[„“‘]*)([^\W\d_]+(?:['’-][^\W\d_]+)*)([.,;:!?)\]\"'”’…]*)$")
LEAST_WORDS: Final = 4  # a text with fewer keeps all of its words
LEAST_LETTERS: Final = 3  # a shorter word shows no slip that can be understood


def add_noise(
    text: str, *, rate: float, seed: int, kinds: Sequence[str] | None = None, key: str = ""
) -> str:
    """The text with about `rate` slips per word, at least one where a word can bear one.

    `kinds` are some of NOISE_KINDS, None all of them; `key` tells texts of one seed apart. A rate
    of 0 changes nothing. Raises ValueError for an unknown kind or a rate outside 0 to 1.
    """
    chosen = list(NOISE_KINDS if kinds is None else kinds)
    if unknown := set(chosen) - set(NOISE_KINDS):
        raise ValueError(f"unknown kinds of noise: {', '.join(sorted(unknown))}")
    if not 0 <= rate <= 1:
        raise ValueError(f"a rate of {rate} is not from 0 to 1")
    pieces = SPLIT.split(text)
    able = [place for place in range(0, len(pieces), 2) if _can_slip(pieces[place])]
    if not able or not chosen or rate == 0:
        return text
    random = _generator(seed, key, text)
    hit = [place for place in able if random.random() < rate]
    for place in hit:
        _slip(pieces, place, chosen, random)
    if "".join(pieces) == text:  # no place was hit, or none of them could slip in these ways
        for number in random.permutation(len(able)):
            _slip(pieces, able[int(number)], chosen, random)
            if "".join(pieces) != text:
                break
    return "".join(pieces)


def _generator(seed: int, key: str, text: str) -> "np.random.Generator":
    import numpy as np  # here: a worker that makes no noise stays light

    digest = hashlib.sha256(canonical_json([seed, key, text]).encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))


def _can_slip(piece: str) -> bool:
    match = WORD.match(piece)
    return match is not None and len(match[2]) >= LEAST_LETTERS


def _slip(
    pieces: list[str], place: int, kinds: Sequence[str], random: "np.random.Generator"
) -> None:
    """Put one slip at the place; another kind is tried where the drawn one changes nothing."""
    for number in random.permutation(len(kinds)):
        before = pieces[place : place + 2]
        NOISE_KINDS[kinds[int(number)]](pieces, place, random)
        if pieces[place : place + 2] != before:
            return


def _in_word(
    change: Callable[[str, "np.random.Generator"], str],
) -> Callable[[list[str], int, "np.random.Generator"], None]:
    """A change of a word's letters that leaves the punctuation around it."""

    def apply(pieces: list[str], place: int, random: "np.random.Generator") -> None:
        match = WORD.match(pieces[place])
        assert match is not None
        pieces[place] = match[1] + change(match[2], random) + match[3]

    return apply


def _typo(word: str, random: "np.random.Generator") -> str:
    """Two letters change places, one is lost, or one stands twice."""
    at = int(random.integers(1, len(word) - 1))  # the first letter is what people get right
    kind = int(random.integers(3))
    if kind == 0:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word[:at] + (word[at] * 2 if kind == 1 else "") + word[at + 1 :]


def _neighbour(word: str, random: "np.random.Generator") -> str:
    """A letter becomes one beside it on the keyboard."""
    places = [at for at, letter in enumerate(word) if letter.lower() in NEIGHBOURS]
    if not places:
        return word
    at = places[int(random.integers(len(places)))]
    near = NEIGHBOURS[word[at].lower()]
    letter = near[int(random.integers(len(near)))]
    return word[:at] + (letter.upper() if word[at].isupper() else letter) + word[at + 1 :]


def _case(word: str, random: "np.random.Generator") -> str:
    """A capital is lost, comes too late, or stays on."""
    if word[0].isupper():
        return word.lower() if random.random() < 0.5 else word[:2].upper() + word[2:]
    return word.upper() if random.random() < 0.3 else word[0].upper() + word[1:]


def _drop(pieces: list[str], place: int, random: "np.random.Generator") -> None:  # noqa: ARG001
    """The word is left out, with the space after it."""
    match = WORD.match(pieces[place])
    assert match is not None
    if match[1] or match[3] or sum(bool(piece) for piece in pieces[::2]) <= LEAST_WORDS:
        return  # quotes, brackets and the ends of sentences keep their marks
    if pieces[place + 1 : place + 2] == [" "]:
        pieces[place] = pieces[place + 1] = ""


def _space(pieces: list[str], place: int, random: "np.random.Generator") -> None:
    """The space after the word is lost or doubled; a figure or link keeps its own."""
    if pieces[place + 1 : place + 2] == [" "] and WORD.match(pieces[place + 2]):
        pieces[place + 1] = "" if random.random() < 0.7 else "  "


def _neighbours() -> dict[str, str]:
    near: dict[str, str] = {}
    for number, row in enumerate(KEY_ROWS):
        for at, letter in enumerate(row):
            beside = row[max(at - 1, 0) : at] + row[at + 1 : at + 2]
            below = KEY_ROWS[number + 1][max(at - 1, 0) : at + 1] if number < 2 else ""
            above = KEY_ROWS[number - 1][at : at + 2] if number else ""
            near[letter] = beside + below + above
    return near


NEIGHBOURS: Final = _neighbours()
NOISE_KINDS: Final[dict[str, Callable[[list[str], int, "np.random.Generator"], None]]] = {
    "typo": _in_word(_typo),
    "neighbour": _in_word(_neighbour),
    "case": _in_word(_case),
    "drop": _drop,
    "space": _space,
}
