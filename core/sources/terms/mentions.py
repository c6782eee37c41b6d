"""Where terms and entities stand in a text. Pure; the longest term wins, none inside another."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from core.sources.terms.relations import Place
from core.sources.terms.sentences import Token
from core.sources.terms.termhood import Words


class Span(NamedTuple):
    """An entity's place in a text, by its index among the terms."""

    start: int
    end: int
    term: int


class Matcher:
    """Finds terms by their words in lower case."""

    def __init__(self, forms: Mapping[Words, int]) -> None:
        self._forms = forms
        self._longest: dict[str, int] = {}
        for words in forms:
            self._longest[words[0]] = max(self._longest.get(words[0], 0), len(words))

    def places(self, sentence: Sequence[Token], spans: Sequence[Span] = ()) -> list[Place]:
        """The terms of a sentence in order; `spans` are entities, which nothing overlaps."""
        found: list[Place] = []
        waiting = _Spans(spans)
        i = 0
        while i < len(sentence):
            token = sentence[i]
            span = waiting.at(token.start)
            if span is not None:
                end = i + 1
                while end < len(sentence) and sentence[end].start < span.end:
                    end += 1
                if i > 0 or span.start >= token.start:
                    found.append(Place(span.term, i, end))  # else it began in the sentence before
                i = end
                continue
            length, term = self._match(sentence, i, waiting.next_start)
            if length:
                found.append(Place(term, i, i + length))
            i += length or 1
        return found

    def _match(self, sentence: Sequence[Token], i: int, before: float) -> tuple[int, int]:
        for length in range(self._longest.get(sentence[i].lower, 0), 0, -1):
            part = sentence[i : i + length]
            if len(part) == length and part[-1].end <= before:
                term = self._forms.get(tuple(token.lower for token in part))
                if term is not None:
                    return length, term
        return 0, -1


class _Spans:
    """Spans in order, asked for by rising places."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._left: Iterator[Span] = iter(sorted(spans))
        self._span = next(self._left, None)

    def at(self, place: int) -> Span | None:
        """The span that covers the place."""
        while self._span is not None and self._span.end <= place:
            self._span = next(self._left, None)
        is_inside = self._span is not None and self._span.start <= place
        return self._span if is_inside else None

    @property
    def next_start(self) -> float:
        return float("inf") if self._span is None else self._span.start
