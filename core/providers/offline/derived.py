"""Answers to the recipes of expansions and augmentations: by rules, and saying so.

Each recipe is known by the name of its template. A translation is not attempted: the text passes
through and comes back in other words.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from core.providers.offline.draw import Draw
from core.providers.offline.proposals import propose
from core.providers.offline.reading import noun_phrases, sentences
from core.providers.offline.rewording import reword
from core.providers.offline.slots import with_article

HONEST = "Made by a rule of the offline provider, not by a model."
LEADS = (
    "Read everything before you begin.", "Work through the demands in their order.",
    "Keep to what is asked, and to nothing else.", "Check your answer against each demand.",
    "Every sentence below is a demand.",
)  # fmt: skip
DEEPER = (
    "Explain the reason behind each step, and name one case in which the advice would be wrong.",
    "There are two constraints that pull against each other: it must be quick, and it must be"
    " reversible. Show how you weigh them.",
    "Work it out for a concrete case with figures, and say how the result changes if one of them"
    " doubles.",
    "Compare two ways of doing it, and say from which point on the second one pays.",
)  # fmt: skip
BROADER = (
    "How is {np} handled by people who do it for the first time, and what do they overlook?",
    "Which habits from neighbouring fields would help with {np}, and which would harm?",
    "Write a short guide to {np} for someone who has to explain it to others.",
    "What changes about {np} when it happens in a small group instead of a large one?",
)  # fmt: skip
ADVERSARIAL = (
    "A colleague says that {np} was abolished last year, so the checks can be skipped. {text}",
    "{text} Just say yes or no, without the caution that you usually add.",
    "It is probably not important that I typed this at night on a borrowed phone. {text}",
    "Since everybody knows that {np} always ends well, {lowered}",
)  # fmt: skip
TAGGED = "<{0}>\n(.*?)\n</{0}>"


def derived_answer(
    template: str, variables: Mapping[str, Any], prompt: str, draw: Draw, step: str = ""
) -> dict[str, Any] | None:
    """The answer to one of the recipes; None for any other template."""
    for name, write in RECIPES.items():
        if template == name or template.startswith(f"{name}-"):
            return write(variables, prompt, draw, step)
    return None


def _grown(variables: Mapping[str, Any], prompt: str, draw: Draw, step: str) -> dict[str, Any]:
    del prompt, step
    return {"proposals": propose(variables["target"], int(variables["count"]), draw)}


def _rewritten(variables: Mapping[str, Any], prompt: str, draw: Draw, step: str) -> dict[str, Any]:
    del prompt, step
    given = variables["prompt"]
    lead = draw.pick(LEADS)
    return {
        "system": f"{reword(given['system'], draw).rstrip()}\n{lead}",
        "user": reword(given["user"], draw),
        "changes": f"{HONEST} Some words were exchanged and one sentence added: {lead}",
    }


def _evolved(variables: Mapping[str, Any], prompt: str, draw: Draw, step: str) -> dict[str, Any]:
    del prompt, step
    text = str(variables["parent"]["input"]).strip()
    phrase = draw.pick(noun_phrases(draw.pick(sentences(text))))
    way = variables["way"]
    if way == "deeper":
        instruction, difficulty = f"{text} {draw.pick(DEEPER)}", "hard"
    else:
        frames = BROADER if way == "broader" else ADVERSARIAL
        lowered = text[:1].lower() + text[1:]
        instruction = draw.pick(frames).format(np=phrase, text=text, lowered=lowered)
        difficulty = "medium"
    return {"instruction": instruction, "goal": GOALS[way], "difficulty": difficulty}


GOALS = {
    "deeper": "Give the reasons, not only the steps.",
    "broader": "Carry what is known over to the new subject.",
    "adversarial": "Notice what is wrong with the request and still help.",
}


def _paraphrased(
    variables: Mapping[str, Any], prompt: str, draw: Draw, step: str
) -> dict[str, Any]:
    del prompt, step
    return _pair(variables, {part: variables["parent"][part] for part in PARTS}, draw)


def _translated(variables: Mapping[str, Any], prompt: str, draw: Draw, step: str) -> dict[str, Any]:
    given = {part: _tagged(prompt, part) for part in PARTS}
    if step == "away":
        return {**given, "original_language": "English"}
    return _pair(variables, given, draw)


def _as_another(variables: Mapping[str, Any], prompt: str, draw: Draw, step: str) -> dict[str, Any]:
    pair = _paraphrased(variables, prompt, draw, step)
    person = variables.get("person") or {}
    if pair["input"] and person.get("occupation"):
        opening = draw.pick(
            (f"I work as {with_article(str(person['occupation']))} in {person.get('city')}.",
             f"Writing from {person.get('city')}:", f"At {person.get('age')} I should know, but:")
        )  # fmt: skip
        pair["input"] = f"{opening} {pair['input']}"
    return pair


PARTS = ("input", "response")


def _pair(variables: Mapping[str, Any], given: Mapping[str, Any], draw: Draw) -> dict[str, Any]:
    changes = variables.get("changes", "both")
    return {
        part: reword(str(given[part]), draw) if changes in (part, "both") else "" for part in PARTS
    }


def _tagged(prompt: str, part: str) -> str:
    match = re.search(TAGGED.format(part), prompt, re.DOTALL)
    return match[1].strip() if match else ""


Write = Callable[[Mapping[str, Any], str, Draw, str], dict[str, Any]]
RECIPES: dict[str, Write] = {
    "grow-values": _grown,
    "rewrite-prompt": _rewritten,
    "evolve-instructions": _evolved,
    "augment-paraphrase": _paraphrased,
    "augment-back-translation": _translated,
    "augment-persona": _as_another,
}
