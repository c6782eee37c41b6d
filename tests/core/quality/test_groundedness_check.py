"""Numbers, names and sentences that the source does not have are found; rewording is not."""

import time

import pytest

from core.quality.check import Subject, Surroundings
from core.quality.checks import groundedness
from core.quality.claims import Ground, uncovered
from core.quality.toxic_words import ToxicWords
from core.templates.definition import CheckSettings

CHUNK = (
    "Transfers within the euro area arrive on the next business day. The fee for a paper order is "
    "1,500.50 euros a year. Ms Okafor founded the branch in Lisbon with twelve colleagues."
)


def missing(response: str, *others: str) -> list[list[str]]:
    return [claim.missing for claim in uncovered(response, Ground(CHUNK, others))[1]]


@pytest.mark.parametrize(
    "response",
    [
        "The transfer arrives on the next business day.",
        "According to the text, a paper order costs a fee of 1.500,50 euros each year.",
        "Okafor's branch is in Lisbon. She had 12 colleagues.",
        "I hope this helps! Let me know if you have other questions.",
        "Yes.",
        "1. The branch was founded in Lisbon.\n2. Transfers arrive on business days.",
    ],
)
def test_what_the_chunk_says_is_covered(response: str) -> None:
    assert missing(response) == []


@pytest.mark.parametrize(
    ("response", "lacking"),
    [
        ("The fee is 1,600 euros.", ["1,600"]),
        ("The branch in Porto was founded by Okafor.", ["Porto"]),
        ("Transfers arrive on the next business day. Refunds need written proof from customers.",
         ["refunds", "need", "written", "proof", "customers"]),
    ],
)  # fmt: skip
def test_what_it_does_not_say_is_named(response: str, lacking: list[str]) -> None:
    assert missing(response) == [lacking]


def test_what_was_asked_counts_as_said() -> None:
    assert missing("For 300 euros the fee is due.") == [["300"]]
    assert missing("For 300 euros the fee is due.", "Is it due for 300 euros?") == []


def subject(response: str, **around: object) -> Subject:
    known = Surroundings(ToxicWords(), {}, chunk=CHUNK)._replace(**around)
    return Subject(None, "", response, "", (), surroundings=known)


def test_the_value_is_the_share_of_covered_claims_and_the_evidence_the_rest() -> None:
    response = "Transfers arrive on the next business day. The fee is 99 euros."
    value, evidence = groundedness.measure(subject(response))
    assert value == 0.5
    (span,) = evidence["spans"]
    assert span["missing"] == ["99"]
    assert response[span["start"] : span["end"]] == "The fee is 99 euros."
    assert groundedness.rate(0.5, CheckSettings()) < 1
    assert groundedness.rate(0.5, CheckSettings(groundedness=0.5)) == 1
    assert groundedness.rate(0.0, CheckSettings(groundedness=0)) == 1


def test_without_a_chunk_or_across_languages_nothing_is_said() -> None:
    assert groundedness.measure(subject("It costs 7.", chunk="")).value == 1
    other = {"languages": {"de": 0.9}, "chunk_languages": {"en": 0.9}}
    assert groundedness.measure(subject("Es kostet 7 Euro.", **other)).value == 1


@pytest.mark.parametrize("piece", ["1.", "1,", "a. ", "A ", ".a", "- 1) ", "!x", "é'"])
def test_hostile_text_takes_no_more_than_a_moment(piece: str) -> None:
    text = piece * (50_000 // len(piece))
    started = time.process_time()
    uncovered(text, Ground(CHUNK))
    assert time.process_time() - started < 2
