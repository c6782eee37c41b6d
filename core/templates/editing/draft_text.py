"""Edits of a template that is being written: plain data in, changed plain data out.

Nothing here needs a valid template, only one whose parts have the shape that forms can draw, and
nothing here changes what it was given. `read_draft` says how far a text is from being a template.
"""

import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

from pydantic import ValidationError

from core.errors import TemplateError
from core.templates.definition import TemplateDefinition, parse_template
from core.templates.yaml_text import Path, YamlDocument, dump_yaml

ORDER: Final = (
    "name", "title", "domain", "description", "shape", "source", "system", "user", "steps",
    "examples", "variables", "constraints", "output", "mapping", "model", "checks", "groups",
)  # fmt: skip
_LISTS: Final = ("steps", "examples", "variables", "constraints", "groups")
_MAPPINGS: Final = ("source", "output", "mapping", "model", "checks")
_TEXTS: Final = ("name", "title", "domain", "description", "system", "user")
# What a form can leave behind while somebody is still writing; any other misfit is of the shape.
_UNFINISHED: Final = frozenset(
    [
        "value_error", "missing", "too_short", "too_long", "string_too_short", "string_too_long",
        "string_pattern_mismatch", "greater_than", "greater_than_equal", "less_than",
        "less_than_equal", "assertion_error",
    ]
)  # fmt: skip
_KEY_LINE: Final = re.compile(r"^([A-Za-z_]\w*):(?=\s|$)", re.MULTILINE)

Data = dict[str, Any]


@dataclass(frozen=True)
class Reading:
    """What a draft's text says. `data` is None where forms cannot draw it."""

    data: Data | None
    definition: TemplateDefinition | None
    problem: TemplateError | None


@lru_cache(maxsize=64)
def read_draft(text: str) -> Reading:
    """The text as data and, where it is one, as a template; the first problem where it is none.

    Treat what it holds as read-only: the same reading serves every caller.
    """
    try:
        data = YamlDocument(text).value
    except TemplateError as error:
        return Reading(None, None, error)
    try:
        return Reading(data, TemplateDefinition.model_validate(data), None)
    except ValidationError as error:
        is_drawable = _has_shape(data) and _is_unfinished(error)
        return Reading(data if is_drawable else None, None, _located(text))


def _is_unfinished(error: ValidationError) -> bool:
    return all(problem["type"] in _UNFINISHED for problem in error.errors())


def _located(text: str) -> TemplateError:
    """The problem of a text that is no template, with its line."""
    try:
        parse_template(text)
    except TemplateError as error:
        return error
    raise AssertionError("the text is a template")


def _has_shape(data: Data) -> bool:
    """Whether every part is of the kind that the forms rely on."""
    lists = all(_all_mappings(data.get(name)) for name in _LISTS)
    mappings = all(isinstance(data.get(name) or {}, dict) for name in _MAPPINGS)
    texts = all(isinstance(data.get(name) or "", str) for name in _TEXTS)
    return lists and mappings and texts and all(map(_is_variable, data.get("variables") or ()))


def _all_mappings(items: Any) -> bool:
    return not items or (isinstance(items, list) and all(isinstance(i, dict) for i in items))


def _is_variable(variable: Mapping[str, Any]) -> bool:
    sampler = variable.get("sampler")
    named = isinstance(variable.get("name"), str)
    return named and isinstance(sampler, dict) and isinstance(sampler.get("kind"), str)


def write_draft(text: str, data: Mapping[str, Any]) -> str:
    """The text changed to say this data. Parts that stay the same keep their comments and form."""
    before = read_draft(text).data
    if before is None:
        return whole_text(data)
    changed = {key for key in {*before, *data} if before.get(key) != data.get(key)}
    spliced = _spliced(text, {key: data.get(key) for key in changed})
    return spliced if read_draft(spliced).data == data else whole_text(data)


def whole_text(data: Mapping[str, Any]) -> str:
    """The YAML of a draft, parts in their usual order."""
    known = {key: data[key] for key in ORDER if key in data}
    return dump_yaml({**known, **data})


def _spliced(text: str, changes: Mapping[str, Any]) -> str:
    blocks = _blocks(text)
    for key, value in changes.items():
        written = "" if value is None else dump_yaml({key: value})
        place = next((i for i, block in enumerate(blocks) if block[0] == key), None)
        if place is not None:
            blocks[place] = (key, written + _trailing_comment(blocks[place][1]))
        elif written:
            blocks.insert(_place_for(key, [name for name, _ in blocks]), (key, written))
    return "".join(block for _, block in blocks)


def _blocks(text: str) -> list[tuple[str, str]]:
    """The text cut before each key of the first level; what stands above them is named ""."""
    starts = list(_KEY_LINE.finditer(text))
    if not starts:
        return [("", text)]
    ends = [*(found.start() for found in starts[1:]), len(text)]
    cut = [(f[1], text[f.start() : end]) for f, end in zip(starts, ends, strict=True)]
    last = cut[-1][0], cut[-1][1] if cut[-1][1].endswith("\n") else cut[-1][1] + "\n"
    return [("", text[: starts[0].start()]), *cut[:-1], last]


def _trailing_comment(block: str) -> str:
    """Empty lines and comments at a block's end: they belong to what follows."""
    lines = block.splitlines(keepends=True)
    place = len(lines)
    while place > 1 and (not lines[place - 1].strip() or lines[place - 1].startswith("#")):
        place -= 1
    return "".join(lines[place:])


def _place_for(key: str, names: Sequence[str]) -> int:
    """Where a new part goes: after the last part that usually stands before it."""
    before = ORDER[: ORDER.index(key)] if key in ORDER else ORDER
    return max((i + 1 for i, name in enumerate(names) if name in before or not name), default=0)


def value_at(data: Any, path: Path, default: Any = None) -> Any:
    """What stands at the path; the default where nothing does."""
    for step in path:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return default
    return data


def set_at(data: Data, path: Path, value: Any) -> Data:
    """The data with that value at the path; None takes the field away.

    Mappings on the way are made where they are missing. Raises KeyError or IndexError for an entry
    of a list that is not there.
    """
    changed = copy.deepcopy(data)
    target: Any = changed
    for step, following in pairwise(path):
        if isinstance(target, dict) and target.get(step) is None:
            target[step] = [] if isinstance(following, int) else {}
        target = target[step]
    if value is None and isinstance(target, dict):
        target.pop(path[-1], None)
    else:
        target[path[-1]] = value
    return changed


def insert_item(data: Data, path: Path, item: Any, place: int | None = None) -> Data:
    """The data with an entry more in the list at the path, at its end by default."""
    items = list(value_at(data, path) or ())
    items.insert(len(items) if place is None else place, copy.deepcopy(item))
    return set_at(data, path, items)


def delete_item(data: Data, path: Path, place: int) -> Data:
    """The data without that entry; a list that would be empty goes altogether."""
    items = [item for i, item in enumerate(value_at(data, path) or ()) if i != place]
    return set_at(data, path, items or None)


def move_item(data: Data, path: Path, place: int, by: int) -> Data:
    """The data with that entry moved so many places, within the list."""
    items = list(value_at(data, path) or ())
    target = min(max(place + by, 0), len(items) - 1)
    items.insert(target, items.pop(place))
    return set_at(data, path, items)


def free_name(wanted: str, taken: Sequence[str], separator: str = "_") -> str:
    """The wanted name, or the first of `name_2`, `name_3` … that is not taken."""
    if wanted not in taken:
        return wanted
    stem = re.sub(rf"{separator}\d+$", "", wanted)
    return next(
        name for i in range(2, len(taken) + 3) if (name := f"{stem}{separator}{i}") not in taken
    )
