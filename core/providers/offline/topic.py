"""The shape of a phrase bank about one subject."""

from typing import NamedTuple


class Topic(NamedTuple):
    """What customers ask about one subject, and what is true about it."""

    name: str
    words: tuple[str, ...]  # lower-case pieces that give the subject away
    questions: tuple[str, ...]  # whole questions
    details: tuple[str, ...]  # sentences a customer adds
    facts: tuple[str, ...]  # sentences that explain
    steps: tuple[str, ...]  # imperatives without capital or full stop
