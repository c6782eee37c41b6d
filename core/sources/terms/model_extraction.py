"""What a model named in the chunks, as an extraction: only what the text really says is kept.

Pure; the answers are read elsewhere.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.sources.terms.entities import ENTITY_KINDS
from core.sources.terms.extraction import (
    MAX_ENTITIES,
    MAX_RELATIONS,
    MAX_TERMS,
    Candidate,
    Extraction,
    Passages,
    Progress,
    find_places,
    language_of,
)
from core.sources.terms.mentions import Span
from core.sources.terms.relations import FoundRelation
from core.sources.terms.sentences import sentences
from core.sources.terms.termhood import Words

MAX_TERM_WORDS = 8  # what is longer is a sentence
MAX_NAMED = MAX_TERMS + MAX_ENTITIES
KINDS = ("term", *ENTITY_KINDS)


@dataclass
class Named:
    """Terms and relations that answers named, counted by their text in any case."""

    texts: dict[str, Counter[tuple[str, str]]] = field(default_factory=dict)  # (kind, text)
    relations: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    shown_in: dict[tuple[str, str, str], int] = field(default_factory=dict)  # number of a chunk

    def add(self, chunk: int, output: Mapping[str, Any]) -> None:
        """One answer of a chunk, in the shape of the recipe's output."""
        for term in output.get("terms", ()):
            text = " ".join(str(term["text"]).split())
            is_short = len(text.split()) <= MAX_TERM_WORDS
            if text and is_short and term["kind"] in KINDS:
                self.texts.setdefault(text.casefold(), Counter())[(term["kind"], text)] += 1
        for relation in output.get("relations", ()):
            subject, predicate, object_ = (
                " ".join(str(relation[name]).split()) for name in ("subject", "predicate", "object")
            )
            key = (subject.casefold(), predicate, object_.casefold())
            if subject and predicate and object_ and key[0] != key[2]:
                self.relations[key] += 1
                self.shown_in.setdefault(key, chunk)

    def candidates(self) -> dict[str, Candidate]:
        """The most frequent terms by their text in lower case."""
        ranked = sorted(self.texts, key=lambda key: (-self.texts[key].total(), key))[:MAX_NAMED]
        found: dict[str, Candidate] = {}
        for key in ranked:
            kind, text = max(self.texts[key], key=lambda pair: (self.texts[key][pair], pair))
            found[key] = Candidate(kind, text, _forms(text), 0.0)
        return found


def _forms(text: str) -> list[Words]:
    """The text as words, where it is made of words alone."""
    parts = list(sentences(text))
    is_words = len(parts) == 1 and all(token.lower for token in parts[0])
    return [tuple(token.lower for token in parts[0])] if is_words else []


def extraction_of(
    passages: Passages, named: Named, progress: Progress = lambda _: None
) -> Extraction:
    """Where the named terms stand, and the relations between those that do."""
    by_text = named.candidates()
    keys = list(by_text)
    candidates = list(by_text.values())
    spans = _Spans(candidates)
    found = find_places(passages, language_of(passages()), candidates, spans.find, progress)
    numbers = {(term.kind, term.text): i for i, term in enumerate(found.terms)}
    places = {
        key: numbers[(candidate.kind, candidate.text)]
        for key, candidate in zip(keys, candidates, strict=True)
        if (candidate.kind, candidate.text) in numbers
    }
    return Extraction(found.language, found.terms, found.mentions, _relations(named, places, found))


def _relations(named: Named, places: Mapping[str, int], found: Extraction) -> list[FoundRelation]:
    """Relations between terms that stand in the text, weighed by the share of the rarer term's
    chunks whose answers name them."""
    kept: list[FoundRelation] = []
    for (subject, predicate, object_), count in named.relations.items():
        if subject in places and object_ in places:
            ends = places[subject], places[object_]
            rarer = min(found.terms[end].chunk_count for end in ends)
            weight = min(count / max(rarer, 1), 1.0)
            chunk = named.shown_in[(subject, predicate, object_)]
            kept.append(FoundRelation(ends[0], predicate, ends[1], weight, count, chunk))
    kept.sort(key=lambda r: (-r.weight * r.sentences, r.subject, r.object, r.predicate))
    return kept[:MAX_RELATIONS]


class _Spans:
    """Places of the terms that are more than words: dates, amounts, codes."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        odd = {c.text.casefold(): i for i, c in enumerate(candidates) if not c.forms}
        self._numbers = odd
        ordered = sorted(odd, key=lambda text: (-len(text), text))
        joined = "|".join(r"\s+".join(map(re.escape, text.split())) for text in ordered)
        self._pattern = re.compile(rf"(?<!\w)(?:{joined})(?!\w)", re.IGNORECASE) if odd else None

    def find(self, _chunk: int, text: str) -> list[Span]:
        if self._pattern is None:
            return []
        return [
            Span(match.start(), match.end(), number)
            for match in self._pattern.finditer(text)
            if (number := self._numbers.get(" ".join(match[0].split()).casefold())) is not None
        ]


def named_in(answers: Iterable[tuple[int, Mapping[str, Any]]]) -> Named:
    """What these answers name, each with the number of its chunk."""
    named = Named()
    for chunk, output in answers:
        named.add(chunk, output)
    return named
