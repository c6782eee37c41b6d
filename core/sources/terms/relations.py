"""Which terms of a text belong together: pairs within a sentence, and what is said between them.

Pure; one pass over the sentences. Memory is bounded by the number of terms.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise
from math import log2
from typing import NamedTuple

from core.sources.terms.association import npmi
from core.sources.terms.lexicon import Lexicon
from core.sources.terms.sentences import Token

APPEARS_WITH = "appears with"
MAX_PREDICATE_WORDS = 4
MAX_PREDICATE_CHARS = 60
MAX_TERMS_PER_SENTENCE = 12
PARTICIPLE_ENDINGS = ("ed", "en")
LEAST_COUNT = 2  # sentences with a pair that no verb joins


class Place(NamedTuple):
    """A term in a sentence: which one, its first token and the one after its last."""

    term: int
    first: int
    last: int


class FoundRelation(NamedTuple):
    """Two terms, by their index, and what joins them."""

    subject: int
    predicate: str
    object: int
    weight: float  # NPMI over the sentences
    sentences: int  # with both
    chunk: int  # number of a chunk that shows it


@dataclass
class RelationCounter:
    """Counts pairs sentence by sentence; `ranked` gives the relations."""

    lexicon: Lexicon
    _sentences: int = 0
    _terms: Counter[int] = field(default_factory=Counter)
    _pairs: Counter[tuple[int, int]] = field(default_factory=Counter)
    _said: dict[tuple[int, int], Counter[tuple[int, str]]] = field(default_factory=dict)
    _chunk: dict[tuple[int, int], int] = field(default_factory=dict)

    def add(self, sentence: Sequence[Token], places: Sequence[Place], chunk: int) -> None:
        """Count one sentence; its terms in their order."""
        self._sentences += 1
        places = places[:MAX_TERMS_PER_SENTENCE]
        present = sorted({place.term for place in places})
        self._terms.update(present)
        for pair in combinations(present, 2):
            self._pairs[pair] += 1
            self._chunk.setdefault(pair, chunk)
        for left, right in pairwise(places):
            predicate = self._predicate(sentence[left.last : right.first])
            if predicate and left.term != right.term:
                pair = (min(left.term, right.term), max(left.term, right.term))
                if pair not in self._said:
                    self._said[pair] = Counter()
                    self._chunk[pair] = chunk
                self._said[pair][(left.term, predicate)] += 1

    def _predicate(self, between: Sequence[Token]) -> str:
        """The words between two terms where they are a short verb phrase, else ""."""
        words = [token.lower for token in between]
        while words and words[-1] in self.lexicon.articles:
            words.pop()
        if not 1 <= len(words) <= MAX_PREDICATE_WORDS or words[0] not in self.lexicon.verbs:
            return ""
        if not all(self._may_follow(word) for word in words[1:]) or not self._may_end(words[-1]):
            return ""
        text = " ".join(words)
        return text if len(text) <= MAX_PREDICATE_CHARS else ""

    def _may_follow(self, word: str) -> bool:
        is_known = word in self.lexicon.function or self._may_end(word)
        return bool(word) and is_known and word not in self.lexicon.articles

    def _may_end(self, word: str) -> bool:
        return (
            word in self.lexicon.verbs
            or word in self.lexicon.nominal
            or (self.lexicon.language == "en" and word.endswith(PARTICIPLE_ENDINGS))
        )

    def ranked(self, limit: int) -> list[FoundRelation]:
        """The firmest relations, one a pair: by NPMI, weighted with the log of their count."""
        found = []
        for pair, count in self._pairs.items():
            first, second = pair
            weight = npmi(count, self._terms[first], self._terms[second], self._sentences)
            if weight > 0 and (count >= LEAST_COUNT or pair in self._said):
                found.append(self._relation(pair, weight, count))
        found.sort(key=lambda r: (-r.weight * log2(1 + r.sentences), r.subject, r.object))
        return found[:limit]

    def _relation(self, pair: tuple[int, int], weight: float, count: int) -> FoundRelation:
        subject, predicate = pair[0], APPEARS_WITH
        if pair in self._said:
            said = self._said[pair]
            subject, predicate = max(said, key=lambda key: (said[key], key))
        other = pair[1] if subject == pair[0] else pair[0]
        return FoundRelation(subject, predicate, other, weight, count, self._chunk[pair])
