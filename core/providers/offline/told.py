"""What a request says about its case: the situation, rules to follow, values to set."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

# From the most telling name to the least: a scenario says more than its area.
SITUATIONS = ("scenario", "situation", "problem", "symptom", "case", "matter", "moment", "premise",
              "story", "aspect", "subject", "topic")  # fmt: skip
HELD_BACK = ("held_back", "hidden_fact", "detail")
SITUATION_FIELDS = ("scenario", "question", "rule", "text")
GUIDANCE = re.compile(r"^(?!.*(?:kind|tone|style))(?:.*_)?(?:rule|principle|policy|regulation)$")
GUIDANCE_FIELDS = ("rule", "consequence", "definition", "answer")
MIN_GUIDANCE_WORDS = 4
INSTRUCTION = re.compile(
    r"`([a-z_][\w.]*)` (?:to|is|as)\s+"
    r"(?:\"([^\"\n]{1,80})\"|(true|false|null|-?\d+(?:\.\d+)?)(?![\w.]\w))"
)
TRUTHS = {"true": True, "yes": True, "false": False, "no": False}


def situations(variables: Mapping[str, Any]) -> list[str]:
    """What the case is, the most telling first; a row of knowledge counts as one."""
    found = [variables[key] for key in SITUATIONS if isinstance(variables.get(key), str)]
    rows = [
        value[key]
        for value in variables.values()
        if isinstance(value, Mapping)
        for key in SITUATION_FIELDS
        if "first_name" not in value and isinstance(value.get(key), str)
    ]
    return [text.strip() for text in (*rows[:1], *found) if text.strip()]


def held_back(variables: Mapping[str, Any]) -> str:
    """A fact that comes out late in a talk; "" where there is none."""
    return next((str(variables[key]) for key in HELD_BACK if variables.get(key)), "")


def guidance(variables: Mapping[str, Any]) -> list[str]:
    """Rules that an answer should work in, as whole sentences."""
    found: list[Any] = []
    for name, value in variables.items():
        if isinstance(value, Mapping):
            found += [value[key] for key in GUIDANCE_FIELDS if key in value]
        elif _is_rule(name):
            found.append(value)
    return [
        as_sentence(text) for text in found
        if isinstance(text, str) and len(text.split()) >= MIN_GUIDANCE_WORDS
    ]  # fmt: skip


@lru_cache(maxsize=4096)
def _is_rule(name: str) -> bool:
    is_of_a_kind = name.endswith("_rule") and name != "house_rule"
    return not is_of_a_kind and GUIDANCE.search(name) is not None


def remarks(variables: Mapping[str, Any]) -> list[str]:
    """What the rule of a kind says, such as `flaw_rule`: something for a reviewer to notice."""
    return [
        value for name, value in variables.items()
        if name.endswith("_rule") and name != "house_rule" and isinstance(value, str)
    ]  # fmt: skip


def instructions(prompt: str) -> dict[str, str]:
    """What the prompt wants set, by field: from "Set `urgency` to true" or "`left` is 3"."""
    if "`" not in prompt:
        return {}
    return {
        match[1].rpartition(".")[2]: match[2] if match[2] is not None else match[3]
        for match in INSTRUCTION.finditer(prompt)
    }


def truth(value: Any) -> bool | None:
    """True or false, also from "yes" and "no"; None for anything else."""
    return value if isinstance(value, bool) else TRUTHS.get(str(value).lower())


def as_sentence(text: str) -> str:
    """The text with a capital letter and a full stop."""
    text = text.strip()
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?", "…", "”")) else text + "."


def texts_in(value: Any, least: int = 40) -> Iterable[str]:
    """Every text of at least that many characters inside a value, in order."""
    if isinstance(value, str):
        if len(value) >= least:
            yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from texts_in(part, least)
    elif isinstance(value, list):
        for part in value:
            yield from texts_in(part, least)
