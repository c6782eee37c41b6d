"""Terms and relations of texts: English, German, others, large ones and odd ones."""

import time
import tracemalloc
from collections.abc import Sequence

import numpy as np
import pytest

from core.sources.terms.candidates import TermCounter
from core.sources.terms.extraction import Extraction, Passage, extract
from core.sources.terms.lexicon import lexicon_for
from core.sources.terms.sentences import sentences

GERMAN = [
    "Ein Girokonto eröffnen Kunden in der App oder in einer Filiale. Für das Girokonto wird ein "
    "gültiger Personalausweis benötigt. Die Erlenbank prüft den Personalausweis innerhalb von zehn "
    "Minuten. Wer das Girokonto kündigt, muss die virtuelle Karte vorher sperren.",
    "Die virtuelle Karte steht sofort bereit. Mit der virtuellen Karte zahlen Kunden im Internet. "
    "Eine verlorene Karte sperren Kunden in der App. Nach der Sperrung schickt die Erlenbank eine "
    "neue Karte. Den Personalausweis prüft die App.",
    "Eine Überweisung erreicht die Empfängerbank am nächsten Werktag. Die Empfängerbank bestätigt "
    "jede Überweisung. Ist die Überweisung fehlerhaft, informiert die Empfängerbank den Kunden.",
]
FINNISH = [
    "Pankkitili avataan sovelluksessa, ja pankkitili suljetaan sovelluksessa. Asiakas maksaa "
    "kortilla, ja kortti suljetaan, kun kortti katoaa. Pankkitili on maksuton, kortti on maksuton.",
]


def extraction(texts: Sequence[str]) -> Extraction:
    return extract(lambda: (Passage(text) for text in texts))


def terms(found: Extraction) -> dict[str, float]:
    return {term.text: term.score for term in found.terms if term.kind == "term"}


def test_german_terms_are_nouns_with_their_adjectives() -> None:
    found = extraction(GERMAN)
    assert found.language == "de"
    assert {"Girokonto", "Karte", "virtuelle Karte", "Personalausweis", "Überweisung"} <= set(
        terms(found)
    )
    lower = {text for text in terms(found) if text[0].islower() and " " not in text}
    assert lower == set()
    (card,) = (term for term in found.terms if term.text == "virtuelle Karte")
    assert card.mention_count == 3  # "virtuellen Karte" is the same term


def test_what_is_said_between_two_terms_joins_them() -> None:
    found = extraction(GERMAN)
    said = {
        (found.terms[r.subject].text, r.predicate, found.terms[r.object].text)
        for r in found.relations
    }
    assert ("Überweisung", "erreicht", "Empfängerbank") in said
    assert all(0 < r.weight <= 1 for r in found.relations)


def test_another_language_degrades_to_its_frequent_words() -> None:
    found = extraction(FINNISH * 3)
    assert found.language == ""
    assert {"kortti", "Pankkitili"} & set(terms(found))
    assert "on" not in terms(found)


def test_scripts_without_spaces_give_short_strings() -> None:
    found = extraction(["銀行口座を開設します。銀行口座は無料です。銀行口座を閉じます。"] * 2)
    assert any("銀行口座" in text for text in terms(found))


def test_plurals_count_with_the_singular_and_longer_terms_take_theirs() -> None:
    texts = ["The card is lost. The cards are here. A debit card is blue. My debit cards. A card."]
    found = {term.text: term for term in extraction(texts * 2).terms}
    assert found["card"].mention_count == 6
    assert found["debit card"].mention_count == 4
    assert "cards" not in found


def test_the_overlap_of_chunks_is_counted_once() -> None:
    first = "The overdraft is agreed. The overdraft ends. "
    chunks = [Passage(first), Passage("The overdraft ends. An overdraft costs.", fresh_from=20)]
    (term,) = (t for t in extract(lambda: chunks).terms if t.text == "overdraft")
    assert (term.mention_count, term.chunk_count) == (3, 2)


@pytest.mark.parametrize(
    "texts", [[], [""], ["   \n"], ["!!! ??? ###"], ["a b c d"], ["x" * 30_000]]
)
def test_texts_without_terms_give_none(texts: list[str]) -> None:
    found = extraction(texts)
    assert (found.terms, found.relations, len(found.mentions)) == ([], [], 0)


def test_the_same_text_always_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = extraction(GERMAN), extraction(GERMAN)
    assert first.terms == second.terms
    assert first.relations == second.relations
    assert list(first.mentions) == list(second.mentions)


def test_progress_counts_each_chunk_twice() -> None:
    heard: list[int] = []
    extract(lambda: [Passage(text) for text in GERMAN], heard.append)
    assert heard == [1, 2, 3, 4, 5, 6]


def test_rare_candidates_are_forgotten_and_frequent_ones_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("core.sources.terms.candidates.MAX_CANDIDATES", 200)
    generator = np.random.default_rng(7)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    noise = [" ".join("".join(generator.choice(letters, 8)) for _ in range(40)) for _ in range(60)]
    counter = TermCounter(lexicon_for(["the", "is", "and", "of"]))
    for text in noise:
        counter.add(sentences(f"The interest rate falls. {text}. The interest rate rises."))
        assert len(counter._counts) <= 200
    assert "interest rate" in [term.text for term in counter.ranked(10)]


def test_two_thousand_chunks_take_seconds() -> None:
    texts = large(2_000)
    begun = time.process_time()
    assert len(extraction(texts).terms) > 50
    assert time.process_time() - begun < 25  # 3 s on an idle core


def test_the_text_is_never_held_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.sources.terms.candidates.MAX_CANDIDATES", 1_000)
    few, more = peak_bytes(large(100)), peak_bytes(large(400))
    assert more - few < 300 * 2_000  # bytes a chunk, for its mentions


def large(count: int) -> list[str]:
    """Chunks of 1,200 characters with a vocabulary that grows as that of a language does."""
    generator = np.random.default_rng(3)
    ranks = np.minimum(generator.zipf(1.3, size=count * 180), 40_000)
    words = [f"{'the ' if rank % 3 == 0 else ''}w{_spelt(int(rank))}" for rank in ranks]
    return [" ".join(words[i : i + 180]) + "." for i in range(0, len(words), 180)]


def _spelt(rank: int) -> str:
    return "".join(chr(97 + int(digit)) for digit in str(rank))


def peak_bytes(texts: list[str]) -> int:
    tracemalloc.start()
    extract(lambda: (Passage(text) for text in texts))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak
