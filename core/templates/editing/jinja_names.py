"""Names inside Jinja texts: which are read, and renaming them without touching the rest.

Only code between Jinja's own brackets is looked at. A change is kept where the changed text reads
exactly the renamed names; otherwise the answer is None, and a person has to look.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from core.errors import TemplateError
from core.templates.sandbox import PromptTemplate

_REGION: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_TOKEN: Final = re.compile(
    r"""(?P<space>\s+)|(?P<text>'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")"""
    r"""|(?P<number>\d+(?:\.\d+)?)|(?P<name>[A-Za-z_]\w*)|(?P<other>.)""",
    re.DOTALL,
)
_BEFORE_A_TEST: Final = ("is", "|")


class _Token(NamedTuple):
    kind: str
    text: str


Rewrite = Callable[[list[_Token], int], str | None]


def names_in(text: str, *, is_condition: bool = False) -> frozenset[str]:
    """The names that a prompt or condition reads; none where it does not compile."""
    return _read(text, is_condition) or frozenset()


def _read(text: str, is_condition: bool) -> frozenset[str] | None:
    try:
        return PromptTemplate(text, "text", is_condition=is_condition).names
    except TemplateError:
        return None


def reads_name(text: str, name: str, *, is_condition: bool = False) -> bool:
    """Whether a prompt or condition reads the variable, by name or as `variables.name`."""
    read = _read(text, is_condition)
    if read is None:  # it does not compile: any mention counts
        return re.search(rf"\b{name}\b", text) is not None
    if name in read:
        return True
    pattern = rf"\bvariables\s*(\.\s*{name}\b|\[\s*['\"]{name}['\"]\s*\])"
    return re.search(pattern, text) is not None


def rename_in(text: str, old: str, new: str, *, is_condition: bool = False) -> str | None:
    """The text with the variable renamed; None where that cannot be done safely."""
    if not reads_name(text, old, is_condition=is_condition):
        return None if re.search(rf"\b{old}\b", _code(text, is_condition)) else text

    def rewrite(tokens: list[_Token], i: int) -> str | None:
        kind, written = tokens[i]
        if kind == "text" and written[1:-1] == old:
            is_key = _neighbours(tokens, i, -1)[:2] == ["[", "variables"]
            return f"{written[0]}{new}{written[0]}" if is_key else None
        if kind != "name" or written != old:
            return None
        owner = _owner(tokens, i)
        is_ours = owner == "variables" or (owner is None and _is_variable(tokens, i))
        return new if is_ours else None

    changed = _rewritten(text, rewrite, is_condition)
    before = names_in(text, is_condition=is_condition)
    after = names_in(changed, is_condition=is_condition)
    is_same = after == frozenset(new if name == old else name for name in before)
    is_gone = not reads_name(changed, old, is_condition=is_condition)
    return changed if is_same and is_gone else None


def rewrite_output(text: str, change: Callable[[str], str], *, is_condition: bool = False) -> str:
    """The text with the field after every `output.` changed: `output.a` to `output.b.a`."""

    def rewrite(tokens: list[_Token], i: int) -> str | None:
        is_field = tokens[i].kind == "name" and _owner(tokens, i) == "output"
        return change(tokens[i].text) if is_field else None

    return _rewritten(text, rewrite, is_condition)


def _rewritten(text: str, rewrite: Rewrite, is_condition: bool) -> str:
    if is_condition:
        return _rewritten_code(text, rewrite)
    return _REGION.sub(lambda found: _rewritten_code(found[0], rewrite), text)


def _rewritten_code(code: str, rewrite: Rewrite) -> str:
    if code.startswith("{#"):
        return code
    tokens = [_Token(found.lastgroup or "other", found[0]) for found in _TOKEN.finditer(code)]
    changes = [rewrite(tokens, i) for i in range(len(tokens))]
    return "".join(
        token.text if change is None else change
        for token, change in zip(tokens, changes, strict=True)
    )


def _owner(tokens: list[_Token], i: int) -> str | None:
    """`a` for the token `b` in `a.b`; None where no dot stands before it; "" for deeper ones."""
    before = _neighbours(tokens, i, -1)
    if not before or before[0] != ".":
        return None
    is_root = len(before) < 3 or before[2] != "."
    return before[1] if len(before) > 1 and is_root else ""


def _is_variable(tokens: list[_Token], i: int) -> bool:
    """Whether a name stands where a variable can: no filter, test or keyword argument."""
    before, after = _neighbours(tokens, i, -1), _neighbours(tokens, i, 1)
    if before and (before[0] in _BEFORE_A_TEST or before[:2] == ["not", "is"]):
        return False
    return not (after[:1] == ["="] and after[1:2] != ["="] and before[:1] in (["("], [","]))


def _neighbours(tokens: list[_Token], i: int, direction: int) -> list[str]:
    """The texts of up to three tokens before or after, without white space, the nearest first."""
    found: list[str] = []
    place = i + direction
    while 0 <= place < len(tokens) and len(found) < 3:
        if tokens[place].kind != "space":
            found.append(tokens[place].text)
        place += direction
    return found


def _code(text: str, is_condition: bool) -> str:
    return text if is_condition else " ".join(_regions(text))


def _regions(text: str) -> Iterator[str]:
    return (found[0] for found in _REGION.finditer(text) if not found[0].startswith("{#"))
