"""Key terms of a text by statistics: candidates are counted in one pass, then ranked.

A candidate is a run of up to MAX_WORDS words between function words and marks. What stands before
a word in the whole text tells whether it is used as a noun or as a verb, so no tagger is needed.
Memory is bounded by lossy counting (Manku and Motwani, "Approximate frequency counts over data
streams", VLDB 2002): when there are too many candidates, the rarest are forgotten.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from sys import intern
from typing import Final, NamedTuple

from core.sources.terms.lexicon import Lexicon
from core.sources.terms.sentences import SPACELESS_LETTER, Token, joined
from core.sources.terms.termhood import Words, c_values, f_tfidf_c, tf_idf

MAX_WORDS = 4
MAX_CANDIDATES = 200_000  # surface forms in memory at once, some 60 MB
MAX_TERM_CHARS = 80
MIN_WORD_CHARS = 3
LEAST_PHRASE_COUNT = 2
LEAST_WORD_COUNT = 3
CAPITAL_SHARE = 0.6  # of a noun's places within sentences, where nouns are capitalised
LEAST_NOUN_SHARE = 0.1  # a word alone must at least sometimes follow an article or the like
NOMINAL_SHARE = 0.3  # of a word's places that show what it is used as
ADVERB_ENDINGS: Final = ("ly",)
PARTICIPLE_ENDINGS: Final = ("ed", "ing")
ADJECTIVE_ENDINGS: Final = ("en", "er", "es", "em", "e")


class KeyTerm(NamedTuple):
    """A term, every form it is written in (words in lower case), and its F-TFIDF-C."""

    text: str
    forms: list[Words]
    score: float


@dataclass(slots=True)
class _Usage:
    """Where a word stands: after what, and with which first letter."""

    nominal: int = 0
    verbal: int = 0
    total: int = 0
    capital: int = 0  # within sentences, not at their beginning
    inner: int = 0  # all places within sentences


@dataclass
class TermCounter:
    """Counts candidates chunk by chunk; `ranked` gives the terms."""

    lexicon: Lexicon
    chunks: int = 0
    _counts: Counter[Words] = field(default_factory=Counter)  # by surface form
    _chunks_with: Counter[Words] = field(default_factory=Counter)
    _usage: dict[str, _Usage] = field(default_factory=lambda: defaultdict(_Usage))
    _forgotten: int = 1  # counts up to this may have been dropped

    def add(self, sentences: Iterable[Sequence[Token]], fresh_from: int = 0) -> None:
        """Count one chunk; what begins before `fresh_from` was counted with the chunk before."""
        self.chunks += 1
        found: Counter[Words] = Counter()
        for sentence in sentences:
            fresh = [token for token in sentence if token.start >= fresh_from]
            self._note_usage(fresh)
            found.update(self._candidates(fresh))
        self._counts.update(found)
        self._chunks_with.update(found.keys())
        while len(self._counts) > MAX_CANDIDATES:
            self._forget()

    def _forget(self) -> None:
        kept = {words: n for words, n in self._counts.items() if n > self._forgotten}
        self._counts = Counter(kept)
        self._chunks_with = Counter({words: self._chunks_with[words] for words in kept})
        self._forgotten += 1
        if len(self._usage) > MAX_CANDIDATES:
            used = {word.lower() for words in kept for word in words}
            self._usage = defaultdict(
                _Usage, {word: usage for word, usage in self._usage.items() if word in used}
            )

    def _note_usage(self, sentence: Sequence[Token]) -> None:
        nominal, verbal = self.lexicon.nominal, self.lexicon.verbal
        before = ""
        is_inner = False
        for token in sentence:
            word = token.lower
            if word:
                usage = self._usage[word]
                usage.total += 1
                usage.nominal += before in nominal
                usage.verbal += before in verbal
                if is_inner:
                    usage.inner += 1
                    usage.capital += not token.text[0].islower()
                is_inner = True
            before = word

    def _candidates(self, sentence: Sequence[Token]) -> Iterator[Words]:
        run: list[str] = []
        for token in sentence:
            if token.lower and (
                token.lower not in self.lexicon.function or token.lower in self.lexicon.links
            ):
                run.append(intern(token.text))  # one copy of each word, not one a candidate
            elif run:
                yield from self._parts(run)
                run = []
        if run:
            yield from self._parts(run)

    def _parts(self, run: Sequence[str]) -> Iterator[Words]:
        function = self.lexicon.function
        is_edge = [word.lower() not in function for word in run]
        for start, word in enumerate(run):
            if is_edge[start] and (len(word) > 1 or SPACELESS_LETTER.match(word)):
                for end in range(start, min(start + MAX_WORDS, len(run))):
                    if is_edge[end]:
                        yield tuple(run[start : end + 1])

    def ranked(self, limit: int) -> list[KeyTerm]:
        """The best terms, best first."""
        forms: dict[Words, Counter[Words]] = defaultdict(Counter)
        for surface, count in self._counts.items():
            if count > 1 or len(surface) > 1:
                forms[tuple(self._folded(surface))][surface] += count
        self._merge_inflections(forms)
        totals = {
            key: sum(found.values()) for key, found in forms.items() if self._is_term(key, found)
        }
        values = c_values(totals)
        scored = []
        for key, c_value in values.items():
            seen_in = max(self._chunks_with[surface] for surface in forms[key])
            score = f_tfidf_c(tf_idf(totals[key], seen_in, self.chunks), c_value)
            if score > 0:
                scored.append((score, key))
        scored.sort(key=lambda pair: (-pair[0], pair[1]))
        return [self._term(forms[key], score) for score, key in scored[:limit]]

    def _folded(self, surface: Words) -> list[str]:
        words = [word.lower() for word in surface]
        if self.lexicon.nouns_are_capitalised:
            for place, word in enumerate(surface[:-1]):
                if word[0].islower():
                    words[place] = _without(words[place], ADJECTIVE_ENDINGS)
        return words

    def _merge_inflections(self, forms: dict[Words, Counter[Words]]) -> None:
        """Plurals and cases count with the shorter form, where that form stands in the text."""
        for key in sorted(forms, key=lambda key: (-len(key), -len(key[-1]), key)):
            for base in self._bases(key[-1]):
                shorter = (*key[:-1], base)
                if shorter != key and shorter in forms:
                    forms[shorter].update(forms.pop(key))
                    break

    def _bases(self, word: str) -> Iterator[str]:
        if len(word) <= MIN_WORD_CHARS:
            return
        if self.lexicon.language == "de":
            endings: Sequence[str] = ("en", "es", "n", "s", "e")
        elif self.lexicon.language in ("en", "fr", "es"):
            endings = ("s", "es")
            if word.endswith("ies"):
                yield word[:-3] + "y"
        else:
            return
        for ending in endings:
            if word.endswith(ending):
                yield word[: -len(ending)]

    def _is_term(self, key: Words, forms: Counter[Words]) -> bool:
        count = sum(forms.values())
        is_spaceless = bool(SPACELESS_LETTER.match(key[0]))
        least = LEAST_WORD_COUNT if len(key) == 1 or is_spaceless else LEAST_PHRASE_COUNT
        if count < least or sum(map(len, key)) > MAX_TERM_CHARS or len(set(key)) < len(key):
            return False
        if is_spaceless:
            return len(key) > 1
        surface = _most_common(forms)
        head = key[0] if self.lexicon.head_is_first else key[-1]
        if head in self.lexicon.weak or len(head) < MIN_WORD_CHARS:
            return False
        if self.lexicon.nouns_are_capitalised:
            return self._is_german_term(surface)
        if self.lexicon.language == "en" and head.endswith(ADVERB_ENDINGS):
            return False
        if len(key) == 1 and not self._stands_as_noun(head):
            return False
        return self._is_noun(head) and self._is_modifier(surface)

    def _stands_as_noun(self, word: str) -> bool:
        usage = self._usage[word]
        return not self.lexicon.nominal or usage.nominal >= LEAST_NOUN_SHARE * usage.total

    def _is_german_term(self, surface: Words) -> bool:
        usage = self._usage[surface[-1].lower()]
        is_noun = surface[-1][0].isupper() and usage.capital >= CAPITAL_SHARE * usage.inner
        first = self._usage[surface[0].lower()]
        is_free = surface[0][0].isupper() or (
            surface[0].endswith(ADJECTIVE_ENDINGS) and first.nominal >= NOMINAL_SHARE * first.total
        )
        return is_noun and (len(surface) == 1 or is_free)

    def _is_noun(self, word: str) -> bool:
        usage = self._usage[word]
        if usage.nominal == 0 and any(
            self._usage[base].verbal > self._usage[base].nominal
            for base in self._bases(word)
            if base in self._usage
        ):
            return False
        if self.lexicon.language == "en" and word.endswith(PARTICIPLE_ENDINGS):
            return usage.nominal > max(usage.verbal, NOMINAL_SHARE * usage.total)
        if word in self.lexicon.verbs:
            return usage.nominal > max(usage.verbal, NOMINAL_SHARE * usage.total)
        return not self.lexicon.nominal or usage.nominal >= usage.verbal

    def _is_modifier(self, surface: Words) -> bool:
        """Whether what stands before the head describes it, rather than being the verb."""
        for word in surface[:-1]:
            lower = word.lower()
            usage = self._usage[lower]
            is_verb = lower in self.lexicon.verbs or usage.verbal > usage.nominal
            if is_verb and usage.nominal <= max(usage.verbal, NOMINAL_SHARE * usage.total):
                return False
            if self.lexicon.language == "en" and lower.endswith(ADVERB_ENDINGS):
                return False
        return True

    def _term(self, forms: Counter[Words], score: float) -> KeyTerm:
        spelt = [tuple(word.lower() for word in surface) for surface in forms]
        text = joined(list(_most_common(forms)))
        return KeyTerm(text, list(dict.fromkeys(spelt)), score)


def _most_common(forms: Counter[Words]) -> Words:
    """The most frequent form; of two as frequent, the one in lower case, then the shorter one."""
    return max(
        forms,
        key=lambda surface: (
            forms[surface], surface[0][:1].islower(), -len(surface[-1]), surface
        ),
    )  # fmt: skip


def _without(word: str, endings: Sequence[str]) -> str:
    for ending in endings:
        if word.endswith(ending) and len(word) - len(ending) >= MIN_WORD_CHARS:
            return word[: -len(ending)]
    return word
