"""Does the response go round in circles.

Source: the share of repeated word n-grams is among the quality rules of Rae et al. 2021, "Scaling
Language Models: Methods, Analysis & Insights from Training Gopher", table A1; the compression
ratio stands in for it where words are not separated by spaces.
"""

import zlib

from core.quality.check import Check, Measure, Subject, ramp
from core.templates.definition import CheckSettings

FREE_UP_TO = 0.3  # share of repeated trigrams that ordinary prose, lists and sums reach
UNUSABLE_FROM = 0.7
SHORTEST_WORDS = 8
SHORTEST_CHARS = 60
UNSPACED_CHARS_PER_WORD = 15
ORDINARY_RATIO = 0.35  # compressed size of ordinary text, as a share of its bytes, is above this


def measure(subject: Subject) -> Measure:
    share = repeated_share(subject.response)
    if share < FREE_UP_TO / 2:
        return Measure(0.0, {})
    return Measure(share, {"field": "response"})


def repeated_share(text: str) -> float:
    """Share of word trigrams that were seen before in the text; 0 for very short texts.

    For text without spaces: how far its compression ratio is below ordinary, as a share.
    """
    words = text.split()
    count = len(words) - 2
    if len(text) > UNSPACED_CHARS_PER_WORD * len(words) and len(text) >= SHORTEST_CHARS:
        raw = text.encode("utf-8", "surrogatepass")
        ratio = len(zlib.compress(raw, 1)) / len(raw)
        return max(0.0, 1.0 - ratio / ORDINARY_RATIO)
    if count + 2 < SHORTEST_WORDS:
        return 0.0
    return 1.0 - len(set(zip(words, words[1:], words[2:], strict=False))) / count


def rate(value: float, limits: CheckSettings) -> float:  # noqa: ARG001
    return ramp(value, FREE_UP_TO, UNUSABLE_FROM)


CHECK = Check(
    name="repetition",
    description="The response repeats its own phrases.",
    unit="share of repeated phrases",
    threshold=f"{FREE_UP_TO} to {UNUSABLE_FROM}",
    weight=0.8,
    rate=rate,
    measure=measure,
)
