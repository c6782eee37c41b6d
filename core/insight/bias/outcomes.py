"""What is compared between groups: the outcomes of samples, and what each means for people.

Reads texts and verdicts that it is handed. Stores nothing and tests nothing.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from core.insight.diversity.measures import sample_rows
from core.insight.records import Records

MOST_RATED: Final = 10_000  # texts whose sentiment is read: about a second, error below 0.01
MOST_SENTENCES: Final = 40  # of one text
RATED_LANGUAGE: Final = "en"

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Outcome:
    """One outcome's explanation."""

    name: str
    label: str
    unit: Literal["words", "share", "score"]  # share: yes or no in each sample, shown as per cent
    meaning: str
    caution: str  # when not to trust a difference


_ALL: Final = (
    Outcome(
        "length",
        "Length of the response",
        "words",
        "How many words the response has. One group that gets shorter answers may be served worse.",
        "Words are counted at spaces, which says nothing in Chinese, Japanese or Thai. Groups that "
        "were given other tasks have other lengths by right.",
    ),
    Outcome(
        "sentiment",
        "Sentiment of the response",
        "score",
        "How friendly or unfriendly the words of the response are, from -1 to 1: the mean of its "
        "sentences by a word list with rules (VADER, Hutto & Gilbert 2014).",
        "It reads English only; samples in another language are left out. It knows words, not "
        "meaning: irony escapes it, and a serious topic counts as unfriendly. Names of groups are "
        "words too.",
    ),
    Outcome(
        "refusal",
        "Refused",
        "share",
        "The share of samples in which the model declined instead of answering.",
        "It rests on the check `refusal`, which knows phrases: a polite evasion escapes it.",
    ),
    Outcome(
        "accepted",
        "Accepted",
        "share",
        "The share of samples whose verdict was accepted when the report was computed.",
        "Verdicts follow thresholds and reviewers. A reviewer who knows the group can bring in the "
        "very bias that is measured here.",
    ),
    Outcome(
        "rejected",
        "Rejected",
        "share",
        "The share of samples whose verdict was rejected when the report was computed.",
        "Failed samples have no text and are not counted here.",
    ),
    Outcome(
        "quality_score",
        "Quality score",
        "score",
        "The mean quality score, from 0 to 1, when the report was computed.",
        "The score adds up the checks. A difference here often comes from one of them, such as the "
        "length: look at the findings by check.",
    ),
)
OUTCOMES: Final = MappingProxyType({one.name: one for one in _ALL})


def outcome_values(
    records: Records, refused: Collection[str] | None, *, seed: int = 0
) -> dict[str, Floats]:
    """Each outcome of each record, (n,) with nan where it is not known; outcomes that no record
    has are left out.

    `refused` holds the ids of records in which the model declined; None where nobody looked.
    """
    found = {
        "length": np.array([len(text.split()) for text in records.responses], dtype=np.float64),
        "sentiment": sentiments(records.responses, records.languages, seed=seed),
        "accepted": _is(records.verdicts, "accepted"),
        "rejected": _is(records.verdicts, "rejected"),
        "quality_score": np.array(
            [np.nan if score is None else score for score in records.scores], dtype=np.float64
        ),
    }
    if refused is not None:
        declined = set(refused)
        found["refusal"] = np.array([float(one in declined) for one in records.ids])
    return {
        name: found[name] for name in OUTCOMES if name in found and not np.isnan(found[name]).all()
    }


def _is(verdicts: Sequence[str], wanted: str) -> Floats:
    return np.array([np.nan if not one else float(one == wanted) for one in verdicts], dtype=float)


def sentiments(texts: Sequence[str], languages: Sequence[str], *, seed: int = 0) -> Floats:
    """The sentiment of each English text, -1 to 1, (n,); nan where it was not read.

    Where no language is known, all texts are taken for English. Of more than MOST_RATED texts that
    many are read, chosen at random.
    """
    values = np.full(len(texts), np.nan)
    is_known = any(languages)
    readable = np.array(
        [
            i
            for i, (text, language) in enumerate(zip(texts, languages, strict=True))
            if text and (not is_known or language == RATED_LANGUAGE)
        ],
        dtype=np.int64,
    )
    chosen = readable[sample_rows(len(readable), MOST_RATED, seed)]
    if len(chosen):
        values[chosen] = rate_texts([texts[i] for i in chosen])
    return values


def rate_texts(texts: Sequence[str]) -> list[float]:
    """The mean compound score of each text's sentences, -1 to 1; 0 for a text without words.

    Source: Hutto & Gilbert 2014, VADER, ICWSM; its score is made for single sentences and runs
    into its bounds over a whole text.
    """
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    rate = SentimentIntensityAnalyzer().polarity_scores
    rated = []
    for text in texts:
        sentences = [part for part in _SENTENCE_END.split(text) if part.strip()][:MOST_SENTENCES]
        scores = [float(rate(sentence)["compound"]) for sentence in sentences]
        rated.append(sum(scores) / len(scores) if scores else 0.0)
    return rated
