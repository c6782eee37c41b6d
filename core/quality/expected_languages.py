"""Which languages a sample's response may be in.

In this order: what the template's `languages` name; variables whose value is the name of a
language; the language of the input, where the batch's answers keep to it; the language that nearly
all of the batch is in. Where none of them says anything, any language is right.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from core.templates.definition import CheckSettings
from core.text.language import NAMES, Confidences, language_code

KEPT_TO = 0.7  # share of answers in their input's language from which the input is a guide
NEARLY_ALL = 0.9  # share of a batch in one language from which that is the batch's language
CERTAIN = 0.8  # confidence from which a language counts as known
FEWEST_SEEN = 20  # answers of known language from which a share means something


def likely(languages: Confidences) -> str:
    """The language that a text is in; "" where it is not known well enough."""
    for code, confidence in languages.items():
        return code if confidence >= CERTAIN else ""
    return ""


class Habit(NamedTuple):
    """What a batch's answers keep to."""

    keeps_to_input: bool = False  # the language that each input is in
    code: str = ""  # the language that nearly all answers are in; "" where there is none


def habit_of(inputs: Sequence[Confidences], responses: Sequence[Confidences]) -> Habit:
    """What the answers keep to. Two sequences of equal length, of the same samples."""
    pairs = [(likely(i), likely(r)) for i, r in zip(inputs, responses, strict=True)]
    both = [given == answered for given, answered in pairs if given and answered]
    keeps = len(both) >= FEWEST_SEEN and sum(both) >= KEPT_TO * len(both)
    known = Counter(answered for _, answered in pairs if answered)
    total = sum(known.values())
    for code, number in known.most_common(1):
        if total >= FEWEST_SEEN and number >= NEARLY_ALL * total:
            return Habit(keeps, code)
    return Habit(keeps)


class Expectation(NamedTuple):
    """What a template and its batch say about languages."""

    limits: CheckSettings
    habit: Habit = Habit()

    def of(self, variables: Mapping[str, Any], of_input: Confidences) -> frozenset[str]:
        """Codes that the response may be in; empty where any is right."""
        if self.limits.languages:
            return frozenset(codes_named(self.limits.languages, variables))
        if found := codes_in(variables):
            return frozenset(found)
        own = likely(of_input) if self.habit.keeps_to_input else ""
        return frozenset(filter(None, [own or self.habit.code]))


def codes_named(entries: Iterable[str], variables: Mapping[str, Any]) -> set[str]:
    """The codes behind a template's `languages`: codes, names, or variables that hold one."""
    texts = (str(variables.get(entry, entry)) for entry in entries)
    return {code for text in texts if (code := language_code(text)) is not None}


def codes_in(variables: Mapping[str, Any]) -> set[str]:
    """The languages that variables are set to.

    Under a name with "lang" or "locale" a code counts too; elsewhere only a name, since "it" and
    "no" are words.
    """
    found = set()
    for name, value in variables.items():
        if not isinstance(value, str):
            continue
        is_about = "lang" in name or "locale" in name
        code = language_code(value)
        if code is not None and (is_about or value.strip().casefold() in _FULL_NAMES):
            found.add(code)
    return found


_FULL_NAMES: Final = frozenset(name for names in NAMES.values() for name in names)
