"""A text's key terms, entities and relations, with every place: two passes over its chunks.

Owns how the parts work together, and the bounds. It reads no database (`extracted`).
"""

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from core.sources.terms.candidates import TermCounter
from core.sources.terms.entities import find_entities
from core.sources.terms.lexicon import Lexicon, lexicon_for
from core.sources.terms.mentions import Matcher, Span
from core.sources.terms.relations import FoundRelation, RelationCounter
from core.sources.terms.sentences import sentences
from core.sources.terms.termhood import Words, f_tfidf_c, length_weight, tf_idf

MAX_TERMS = 300
MAX_ENTITIES = 300
MAX_RELATIONS = 600
MAX_DISTINCT_ENTITIES = 200_000
MAX_ENTITY_MENTIONS = 2_000_000
LANGUAGE_CHUNKS = 200  # tell the language
MAX_TEXT_CHARS = 300  # of a stored term


class Passage(NamedTuple):
    """A chunk's text; what begins before `fresh_from` stands in the chunk before, too."""

    text: str
    fresh_from: int = 0


class FoundTerm(NamedTuple):
    """A term or entity of a text."""

    kind: str
    text: str
    score: float
    mention_count: int
    chunk_count: int


@dataclass
class Mentions:
    """Which chunk mentions which term: four numbers each, in one flat array."""

    numbers: "array[int]" = field(default_factory=lambda: array("i"))

    def add(self, term: int, chunk: int, count: int, start: int) -> None:
        self.numbers.extend((term, chunk, count, start))

    def __iter__(self) -> Iterator[tuple[int, int, int, int]]:
        numbers = iter(self.numbers)
        return zip(numbers, numbers, numbers, numbers, strict=True)

    def __len__(self) -> int:
        return len(self.numbers) // 4


@dataclass(frozen=True)
class Extraction:
    """What was found; terms are named by their index, chunks by their number from 0."""

    language: str  # "" where it is none that Seedbed knows
    terms: list[FoundTerm]
    mentions: Mentions
    relations: list[FoundRelation]


class Candidate(NamedTuple):
    """A term to look for, in every form it is written in (words in lower case)."""

    kind: str
    text: str
    forms: Sequence[Words]
    score: float


Passages = Callable[[], Iterable[Passage]]
Progress = Callable[[int], None]


def extract(passages: Passages, progress: Progress = lambda _: None) -> Extraction:
    """Terms, entities and relations of the chunks that `passages` gives, each time from the first.

    `progress` hears how many chunks have been read, each counted once a pass.
    """
    lexicon = language_of(passages())
    counter, entities = TermCounter(lexicon), _Entities(lexicon.nouns_are_capitalised)
    number = 0
    for number, passage in enumerate(passages(), start=1):
        counter.add(sentences(passage.text), passage.fresh_from)
        entities.add(number - 1, passage)
        progress(number)
    entities.keep(MAX_ENTITIES)
    known = {text.casefold() for _, text in entities.kept}
    key_terms = [
        Candidate("term", term.text, term.forms, term.score)
        for term in counter.ranked(MAX_TERMS)
        if term.text.casefold() not in known
    ]
    named = [Candidate(kind, text, (), 0.0) for kind, text in entities.kept]
    chunks = number
    return find_places(
        passages,
        lexicon,
        [*named, *key_terms],
        lambda chunk, _text: entities.spans(chunk),
        lambda done: progress(chunks + done),
    )


def find_places(
    passages: Passages,
    lexicon: Lexicon,
    candidates: Sequence[Candidate],
    spans: Callable[[int, str], Sequence[Span]] = lambda _chunk, _text: (),
    progress: Progress = lambda _: None,
) -> Extraction:
    """Where the candidates stand, and how they relate; those without a mention are left out."""
    matcher = Matcher({form: i for i, found in enumerate(candidates) for form in found.forms})
    relations, mentions = RelationCounter(lexicon), Mentions()
    totals, seen_in = Counter[int](), Counter[int]()
    chunk = -1
    for chunk, passage in enumerate(passages()):
        first: dict[int, int] = {}
        counts = Counter[int]()
        entities = spans(chunk, passage.text)
        for sentence in sentences(passage.text):
            places = matcher.places(sentence, entities)
            for place in places:
                start = sentence[place.first].start
                first.setdefault(place.term, start)
                counts[place.term] += 1
                totals[place.term] += start >= passage.fresh_from
            if sentence[0].start >= passage.fresh_from:
                relations.add(sentence, places, chunk)
        seen_in.update(counts.keys())
        for term, count in counts.items():
            mentions.add(term, chunk, count, first[term])
        progress(chunk + 1)
    terms = [
        _found(candidate, max(totals[i], seen_in[i] > 0), seen_in[i], chunk + 1)
        for i, candidate in enumerate(candidates)
    ]
    return _without_unseen(
        Extraction(lexicon.language, terms, mentions, relations.ranked(MAX_RELATIONS))
    )


def _found(candidate: Candidate, mentions: int, seen_in: int, chunks: int) -> FoundTerm:
    score = candidate.score
    if not score:
        # An entity's C-value is its frequency alone: no longer candidate contains it.
        weight = length_weight(len(candidate.text.split())) * mentions
        score = f_tfidf_c(tf_idf(mentions, seen_in, chunks), weight)
    return FoundTerm(candidate.kind, candidate.text, score, mentions, seen_in)


def _without_unseen(found: Extraction) -> Extraction:
    """The extraction without terms that no chunk mentions, numbered anew."""
    numbers = {old: new for new, old in enumerate(
        i for i, term in enumerate(found.terms) if term.chunk_count
    )}  # fmt: skip
    mentions = Mentions()
    for term, chunk, count, start in found.mentions:
        mentions.add(numbers[term], chunk, count, start)
    relations = [
        relation._replace(subject=numbers[relation.subject], object=numbers[relation.object])
        for relation in found.relations
    ]
    return Extraction(found.language, [found.terms[i] for i in numbers], mentions, relations)


def language_of(passages: Iterable[Passage]) -> Lexicon:
    """The lexicon of the language that the first of these chunks are written in."""
    return lexicon_for(
        token.lower
        for passage in islice(passages, LANGUAGE_CHUNKS)
        for sentence in sentences(passage.text)
        for token in sentence
        if token.lower
    )


class _Entities:
    """Every entity mention of a text, in flat arrays; the most frequent are kept."""

    def __init__(self, nouns_are_capitalised: bool) -> None:
        self.kept: list[tuple[str, str]] = []
        self._nouns_are_capitalised = nouns_are_capitalised
        self._numbers: dict[tuple[str, str], int] = {}
        self._counts: Counter[int] = Counter()
        self._mentions: array[int] = array("q")  # start, end, number
        self._begins: array[int] = array("q")  # of each chunk's mentions
        self._renumbered: dict[int, int] = {}

    def add(self, chunk: int, passage: Passage) -> None:
        assert chunk == len(self._begins)
        self._begins.append(len(self._mentions))
        if len(self._mentions) >= 3 * MAX_ENTITY_MENTIONS:
            return
        for found in find_entities(passage.text, nouns_are_capitalised=self._nouns_are_capitalised):
            key = (found.kind, found.text[:MAX_TEXT_CHARS])
            if key not in self._numbers and len(self._numbers) >= MAX_DISTINCT_ENTITIES:
                continue
            number = self._numbers.setdefault(key, len(self._numbers))
            self._counts[number] += 1
            self._mentions.extend((found.start, found.end, number))

    def keep(self, limit: int) -> None:
        """Forget all but the most frequent."""
        names = list(self._numbers)
        best = sorted(self._counts, key=lambda number: (-self._counts[number], number))[:limit]
        self.kept = [names[number] for number in best]
        self._renumbered = {number: place for place, number in enumerate(best)}

    def spans(self, chunk: int) -> list[Span]:
        """The kept entities of a chunk."""
        begin = self._begins[chunk]
        is_last = chunk + 1 == len(self._begins)
        end = len(self._mentions) if is_last else self._begins[chunk + 1]
        part = self._mentions[begin:end]
        return [
            Span(part[i], part[i + 1], self._renumbered[part[i + 2]])
            for i in range(0, len(part), 3)
            if part[i + 2] in self._renumbered
        ]
