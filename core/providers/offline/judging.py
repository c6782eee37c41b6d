"""Marks for a rubric without a model: rules of thumb over the sample, and saying so.

They see what can be counted: how much of the question the response takes up, what it says twice,
whether it ends, what it shares with its source. They know no facts. Two offline judges differ by a
small draw, as two people would.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from core.providers.offline.draw import Draw
from core.providers.offline.reading import STOP, WORD

HONEST = "By a rule of the offline provider, not by a model:"
STEM = 5  # letters that two forms of one word share
ENOUGH_WORDS = 40  # a response of so many is taken for a full one
WOBBLE = 0.16  # how far a draw moves a share of the scale, both ways together
CLOSE = 0.05  # shares of the scale nearer than this are a tie
UNFINISHED = re.compile(r"\b(?:TODO|TBD|lorem ipsum|as an ai|i cannot|i can't)\b|\[[a-z ]+\]", re.I)
ENDS = (".", "!", "?", "”", '"', "'", "’", ")", "。", "`", "…")


class Trait(NamedTuple):
    """What was counted: a share of the scale, and the sentence that says what it rests on."""

    share: float  # 0 to 1
    said: str


def judged_answer(
    schema: Mapping[str, Any] | None, template: str, variables: Mapping[str, Any], draw: Draw
) -> dict[str, Any] | None:
    """The answer to a judge's prompt; None for any other template."""
    if schema is None or not template.startswith(("judge-score-", "judge-pair-")):
        return None
    criteria = schema.get("properties") or {}
    if "parent" in variables:
        return {
            name: _marked(name, part, variables["parent"], draw) for name, part in criteria.items()
        }
    if {"first", "second"} <= variables.keys():
        return {name: _preferred(name, variables, draw) for name in criteria}
    return None


def _marked(
    name: str, part: Mapping[str, Any], sample: Mapping[str, Any], draw: Draw
) -> dict[str, Any]:
    trait = _trait(name, sample)
    marks = part["properties"]["score"]["enum"]
    level = min(1.0, max(0.0, trait.share + WOBBLE * (draw.share() - 0.5)))
    return {
        "reason": f"{HONEST} {trait.said}",
        "score": marks[round(level * (len(marks) - 1))],
    }


def _preferred(name: str, variables: Mapping[str, Any], draw: Draw) -> dict[str, Any]:
    first, second = (_trait(name, variables[side]) for side in ("first", "second"))
    gap = first.share - second.share + WOBBLE * (draw.share() - 0.5) / 2
    better = "tie" if abs(gap) < CLOSE else "first" if gap > 0 else "second"
    said = f"of the first, {_lowered(first.said)} Of the second, {_lowered(second.said)}"
    return {"reason": f"{HONEST} {said}", "better": better}


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]


def _trait(name: str, sample: Mapping[str, Any]) -> Trait:
    """The rule that fits a criterion's name; all of them together where none does."""
    source = str(sample.get("chunk") or "")
    asked, said = str(sample.get("input") or ""), str(sample.get("response") or "")
    if not said.strip():
        return Trait(0.0, "The response is empty.")
    for pattern, rule in RULES:
        if re.search(pattern, name):
            return rule(asked, said, source)
    found = [rule(asked, said, source) for _, rule in RULES]
    worst = min(found, key=lambda trait: trait.share)
    return Trait(sum(trait.share for trait in found) / len(found), worst.said)


def _stems(text: str) -> set[str]:
    words = (word.lower() for word in WORD.findall(text))
    return {word[:STEM] for word in words if len(word) > 2 and word not in STOP}


def _covered(wanted: set[str], given: set[str]) -> float:
    return len(wanted & given) / len(wanted) if wanted else 1.0


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _grounded(asked: str, said: str, source: str) -> Trait:
    if not source:
        parts = (_relevant(asked, said, source), _complete(asked, said, source))
        text = f"Facts cannot be checked by a rule. {parts[0].said} {parts[1].said}"
        return Trait((parts[0].share + parts[1].share) / 2, text)
    stems = _stems(said)
    share = _covered(stems, _stems(source)) if stems else 0.0
    return Trait(
        min(1.0, 0.25 + share * 1.2),
        f"{_percent(share)} of the response's words are in the source.",
    )


def _relevant(asked: str, said: str, source: str) -> Trait:
    del source
    share = _covered(_stems(asked), _stems(said))
    text = f"{_percent(share)} of the input's words are taken up in the response."
    return Trait(min(1.0, 0.3 + share * 1.1), text)


def _complete(asked: str, said: str, source: str) -> Trait:
    del asked, source
    words = len(WORD.findall(said))
    ends = said.rstrip().endswith(ENDS)
    ending = "" if ends else " It breaks off."
    share = min(1.0, words / ENOUGH_WORDS)
    noun = "word" if words == 1 else "words"
    return Trait(share if ends else share * 0.5, f"The response has {words} {noun}.{ending}")


def _clear(asked: str, said: str, source: str) -> Trait:
    del asked, source
    words = [word.lower() for word in WORD.findall(said)]
    different = len(set(words)) / len(words) if words else 0.0
    sentences = max(1, len(re.findall(r"[.!?。]+(?:\s|$)", said)))
    length = len(words) / sentences
    share = min(1.0, different * 1.3) * (1.0 if length <= 30 else 30 / length)
    text = f"{_percent(different)} of its words are different, {length:.0f} to a sentence."
    return Trait(share, text)


def _safe(asked: str, said: str, source: str) -> Trait:
    del asked, source
    found = UNFINISHED.search(said)
    if found:
        return Trait(0.15, f"It holds {found[0]!r}.")
    return Trait(0.95, "No refusal, placeholder or filler was found in it.")


Rule = Callable[[str, str, str], Trait]
RULES: tuple[tuple[str, Rule], ...] = (
    (r"ground|faith|support|factual|accura|correct|true|halluc", _grounded),
    (r"relev|help|answer|follow|instruct|on_topic|fit|useful", _relevant),
    (r"complet|depth|thorough|detail|cover", _complete),
    (r"clear|clarity|style|fluen|readab|concis|natural|voice|coher|consist|format", _clear),
    (r"safe|tone|harm|polite|respect|honest|refus", _safe),
)
