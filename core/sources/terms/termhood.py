"""How much a word sequence is a term: C-value and F-TFIDF-C. Pure mathematics."""

from collections.abc import Callable, Mapping
from math import log, log2

Words = tuple[str, ...]


def length_weight(length: int) -> float:
    """log2(length + 1): single words count too, where the original log2 gives them nothing.

    Source: Lossio-Ventura, Jonquet, Roche and Teisseire, "Yet another ranking function for
    automatic multiword term extraction", PolTAL 2014.
    """
    return log2(length + 1)


def c_values(
    frequencies: Mapping[Words, int], weight: Callable[[int], float] = length_weight
) -> dict[Words, float]:
    """The C-value of each candidate: its frequency, less what it owes to longer candidates.

    weight(|a|) * f(a) for a candidate that no longer one contains, else weight(|a|) * (f(a) - the
    mean frequency of those that contain it, without what these owe to still longer ones).

    Source: Frantzi, Ananiadou and Mima, "Automatic recognition of multi-word terms: the
    C-value/NC-value method", International Journal on Digital Libraries 3(2), 2000, section 2.2;
    there the weight is log2.
    """
    nested: dict[Words, list[int]] = {}  # frequency inside of longer candidates, how many of them
    values: dict[Words, float] = {}
    for words in sorted(frequencies, key=lambda words: (-len(words), words)):
        inside, longer = nested.get(words, (0, 0))
        own = frequencies[words]
        values[words] = weight(len(words)) * (own - inside / longer if longer else own)
        for part in _parts(words):
            if part in frequencies:
                entry = nested.setdefault(part, [0, 0])
                entry[0] += own - inside
                entry[1] += 1
    return values


def _parts(words: Words) -> set[Words]:
    size = len(words)
    return {
        words[start : start + length]
        for length in range(1, size)
        for start in range(size - length + 1)
    }


def tf_idf(frequency: int, chunk_frequency: int, chunks: int) -> float:
    """Frequency times ln(1 + chunks / chunk_frequency): a word of every chunk says least.

    Source: Spärck Jones, "A statistical interpretation of term specificity and its application in
    retrieval", Journal of Documentation 28(1), 1972; 1 is added so that one chunk alone has scores.
    """
    return frequency * log(1 + chunks / max(chunk_frequency, 1))


def f_tfidf_c(tfidf: float, c_value: float) -> float:
    """The harmonic mean of TF-IDF and C-value; 0 where either is not positive.

    Source: Lossio-Ventura, Jonquet, Roche and Teisseire, "Combining C-value and keyword extraction
    methods for biomedical terms extraction", LBM 2013.
    """
    if tfidf <= 0 or c_value <= 0:
        return 0.0
    return 2 * tfidf * c_value / (tfidf + c_value)
