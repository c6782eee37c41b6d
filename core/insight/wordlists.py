"""The word lists of association tests, read from YAML in the published form X, Y, A, B."""

from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import InvalidInput

FOLDER = Path(__file__).resolve().parents[2] / "data" / "wordlists"


class WordSet(BaseModel):
    """A concept and the words that stand for it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, description="The concept, for a legend.")
    words: tuple[str, ...] = Field(min_length=2, description="Words or short phrases.")


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

    name: str = Field(pattern=r"^[a-z0-9-]+$", description="Slug, unique among the lists.")
    title: str = Field(min_length=1, description="One line for people.")
    source: str = Field(description="`own`, or the paper that published the words.")
    targets: Targets
    attributes: Attributes

    def words(self) -> list[str]:
        """Every word of the four sets, once."""
        sets = (self.targets.x, self.targets.y, self.attributes.a, self.attributes.b)
        return list(dict.fromkeys(word for word_set in sets for word in word_set.words))


def read_word_list(path: Path) -> WordList:
    """A word list from a YAML file. Raises InvalidInput naming the file and the field."""
    try:
        return WordList.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"The word list {path.name!r} is not YAML: {error}", remedy="Correct the file."
        ) from error
    except ValidationError as error:
        problem = error.errors()[0]
        place = ".".join(str(part) for part in problem["loc"]) or "the file"
        raise InvalidInput(
            f"The word list {path.name!r} does not fit at {place}: {problem['msg']}",
            remedy="Write targets x and y and attributes a and b, each with a name and words.",
        ) from error


@cache
def word_lists(folder: Path = FOLDER) -> tuple[WordList, ...]:
    """All lists of a folder, by file name."""
    return tuple(read_word_list(path) for path in sorted(folder.glob("*.yaml")))
