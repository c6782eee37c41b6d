"""How varied the wording of texts is, from counts of their n-grams and from a compressor.

Exact for the texts given; no sampling, no I/O. N-grams are counted by 64-bit hashes: two different
ones meet with a chance of one in a million among six million.
"""

import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.text.alike.tokens import Alphabet, Tokens, grams, joined

IDEOGRAPH: Final = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
ORDERS: Final = (1, 2, 3)
GZIP_LEVEL: Final = 6  # of the gzip program; a container of its own size is counted with it
GZIP_WINDOW: Final = 31  # zlib's way to ask for gzip's format


class NGramFigures(NamedTuple):
    """What the n-grams of one order say."""

    distinct: float | None  # different ones over all; None where there are none
    entropy: float | None  # of their distribution, in bits


def ngram_figures(texts: Sequence[str]) -> dict[int, NGramFigures]:
    """Distinct-n and n-gram entropy of all texts together, for each of ORDERS.

    Tokens are lower-cased words, single punctuation marks, single ideographs and kana; an n-gram
    lies within one text. Entropy is of the relative frequencies, to base 2.

    Source: Li et al. 2016, A Diversity-Promoting Objective Function for Neural Conversation
    Models, section 5.2 (distinct-n); Zhang et al. 2018, Generating Informative and Diverse
    Conversational Responses via Adversarial Information Maximization, section 4.2 (Ent-n).
    """
    tokens = metric_tokens(texts)
    with ThreadPoolExecutor(2) as pool:  # numpy sorts without the interpreter's lock
        found = list(pool.map(lambda n: _figures(grams(tokens, n)), ORDERS))
    return dict(zip(ORDERS, found, strict=True))


def distinct_n(texts: Sequence[str], n: int) -> float | None:
    """Different n-grams of tokens over all n-grams of all texts; None where there is none.

    Source: Li et al. 2016, section 5.2.
    """
    return _figures(grams(metric_tokens(texts), n)).distinct


def compression_ratio(texts: Sequence[str]) -> float | None:
    """Bytes of all texts, one a line, over their bytes after gzip; None without any text.

    Source: Shaib et al. 2024, Standardizing the Measurement of Text Diversity, section 3.
    """
    packer = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, GZIP_WINDOW)
    before = after = 0
    for top in range(0, len(texts), 1024):
        some = "\n".join(texts[top : top + 1024]).encode("utf-8", "surrogatepass")
        some = b"\n" + some if top else some
        before += len(some)
        after += len(packer.compress(some))
    return before / (after + len(packer.flush())) if before else None


def metric_tokens(texts: Sequence[str]) -> Tokens:
    """The tokens of all texts, as hashes."""
    return joined(metric_alphabet().blocks([text.lower() for text in texts]))


@lru_cache(maxsize=1)
def metric_alphabet() -> Alphabet:
    """Words, and punctuation marks, ideographs and kana each alone."""
    return Alphabet(r"\w", rf"[{IDEOGRAPH}]|[^\w\s]")


def _figures(tokens: Tokens) -> NGramFigures:
    hashes = tokens.hashes
    if not len(hashes):
        return NGramFigures(None, None)
    counts = _counts(hashes)
    shares = counts / len(hashes)
    return NGramFigures(len(counts) / len(hashes), float(-(shares * np.log2(shares)).sum()))


def _counts(hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
    """How often each different hash occurs."""
    ordered = np.sort(hashes)
    is_first = np.ones(len(ordered), dtype=np.bool_)
    is_first[1:] = ordered[1:] != ordered[:-1]
    return np.diff(np.flatnonzero(is_first), append=len(ordered))
