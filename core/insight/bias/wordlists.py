"""The lists of association tests, in the published form X, Y, A, B: their shape, and Seedbed's own.

A list of words is a WEAT, one of sentences a SEAT. What a project keeps of its own is
`core.insight.bias.own_wordlists`, other people's formats are `core.insight.bias.wordlist_formats`.
"""

from functools import cache
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from core.errors import InvalidInput

FOLDER = Path(__file__).resolve().parents[3] / "data" / "wordlists"
MAX_WORDS = 2_000  # of one set; published sentence sets have some hundreds
MAX_WORD_CHARS = 500

Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1,
                                        max_length=MAX_WORD_CHARS)]  # fmt: skip


class WordSet(BaseModel):
    """A concept and the words that stand for it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=100, description="The concept, for a legend.")
    words: tuple[Word, ...] = Field(
        min_length=2, max_length=MAX_WORDS, description="Words, phrases or sentences."
    )


class Targets(BaseModel):
    """The two concepts whose associations are compared."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    x: WordSet
    y: WordSet


class Attributes(BaseModel):
    """The two poles that the concepts may lean to."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    a: WordSet
    b: WordSet


class WordList(BaseModel):
    """One association test."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(
        pattern=r"^[a-z0-9-]+$", max_length=100, description="Slug, unique among the lists."
    )
    title: str = Field(min_length=1, max_length=200, description="One line for people.")
    source: str = Field(max_length=300, description="`own`, or the paper that published the words.")
    targets: Targets
    attributes: Attributes

    def words(self) -> list[str]:
        """Every word of the four sets, once."""
        return list(dict.fromkeys(word for word_set in self.sets() for word in word_set.words))

    def sets(self) -> tuple[WordSet, WordSet, WordSet, WordSet]:
        """X, Y, A and B."""
        return self.targets.x, self.targets.y, self.attributes.a, self.attributes.b


def read_word_list(path: Path) -> WordList:
    """A word list from a YAML file. Raises InvalidInput naming the file and the field."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"The word list {path.name!r} is not YAML: {error}", remedy="Correct the file."
        ) from error
    return checked_list(content, path.name)


def checked_list(content: object, called: str) -> WordList:
    """The word list of such a content. Raises InvalidInput with its name and the field."""
    try:
        return WordList.model_validate(content)
    except ValidationError as error:
        problem = error.errors()[0]
        place = ".".join(str(part) for part in problem["loc"]) or "the file"
        raise InvalidInput(
            f"The word list {called!r} does not fit at {place}: {problem['msg']}",
            remedy="Write targets x and y and attributes a and b, each with a name and words.",
        ) from error


@cache
def word_lists(folder: Path = FOLDER) -> tuple[WordList, ...]:
    """The lists that Seedbed brings, by file name. A project's are
    `own_wordlists.project_lists`."""
    return tuple(read_word_list(path) for path in sorted(folder.glob("*.yaml")))
