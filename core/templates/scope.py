"""What a text of a template may read where it stands, and how a misfit is told.

Pure. Knows names and fields, not values: those are drawn in `plan`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

from jinja2 import nodes

from core.errors import TemplateError
from core.templates.sandbox import PromptTemplate

if TYPE_CHECKING:
    from core.templates.definition import Variable
    from core.templates.samplers.base import Value

CONTEXT_NAMES = frozenset(["chunk", "has_source", "variables"])
CHUNK_FIELDS = ("text", "heading", "fields", "terms", "entities")
OPEN_KEYWORDS = ("$ref", "allOf", "anyOf", "oneOf", "if", "patternProperties")
Path = tuple[str | int, ...]


class Misfit(ValueError):
    """Two parts of a template disagree. `path` leads to the field to change."""

    def __init__(self, message: str, path: Path = (), line_inside: int = 0) -> None:
        super().__init__(message)
        self.path = path
        self.line_inside = line_inside

    def inside(self, *path: str | int) -> "Misfit":
        """The same problem, seen from the part that holds this one at `path`."""
        return Misfit(str(self), (*path, *self.path), self.line_inside)


@dataclass(frozen=True)
class Scope:
    """The variables above a place in the template, and what else may be read there."""

    has_source: bool  # the template declares `source:`
    variables: Mapping[str, "Variable"] = field(default_factory=dict)
    output: Mapping[str, Any] | None = None  # JSON Schema, where `output` may be read

    def with_output(self, schema: Mapping[str, Any]) -> Self:
        """The same scope where `output` of that schema may be read too."""
        return replace(self, output=schema)

    def values_of(self, name: str) -> "list[Value] | None":
        """The values that a variable can take, in order; None where they cannot be listed."""
        return self.variables[name].sampler.values_taken()

    def check_name(self, name: str, path: Path) -> None:
        """Pass silently when a variable of that name stands above; else raise Misfit."""
        if name not in self.variables:
            raise Misfit(unknown(name, self.variables), path)

    def check_text(self, text: str, path: Path, *, is_condition: bool = False) -> PromptTemplate:
        """The compiled text, every name and field of which can be read here.

        Raises Misfit with the line inside the text.
        """
        template = _compiled(text, path, is_condition)
        self._check_names(template, path)
        for owner, fields, line in fields_read(template.tree):
            problem = self._unknown_field(owner, fields)
            if problem:
                raise Misfit(problem, path, line)
        return template

    def _check_names(self, template: PromptTemplate, path: Path) -> None:
        known = frozenset(self.variables) | ({"output"} if self.output is not None else set())
        for name in sorted(template.names - known - CONTEXT_NAMES):
            raise Misfit(unknown(name, known), path, _line_of_name(template.tree, name))
        if "chunk" in template.names and not self.has_source:
            line = _line_of_name(template.tree, "chunk")
            raise Misfit("`chunk` is read, and the template has no `source:`", path, line)

    def _unknown_field(self, owner: str, fields: tuple[str, ...]) -> str:
        if owner == "variables":
            known: Iterable[str] | None = self.variables
        elif owner == "chunk":
            known = CHUNK_FIELDS
        elif owner == "output":
            return _missing_in_schema(self.output or {}, fields)
        elif owner in self.variables:
            known = self.variables[owner].sampler.fields()
        else:
            known = None
        if known is None or fields[0] in known:
            return ""
        return f"{owner}.{fields[0]}: {unknown(fields[0], known, 'field')}"


def unknown(name: str, known: Iterable[str], noun: str = "variable") -> str:
    """The sentence for a name that is not there, with those that are."""
    names = ", ".join(sorted(known))
    return f"no {noun} is called {name!r}; there {f'are: {names}' if names else 'are none yet'}"


def _compiled(text: str, path: Path, is_condition: bool) -> PromptTemplate:
    where = ".".join(map(str, path))
    try:
        return PromptTemplate(text, where, is_condition=is_condition)
    except TemplateError as error:
        message = error.message.removeprefix(f"Line {error.line}: ").removeprefix(f"{where}: ")
        raise Misfit(message, path, error.line or 0) from error


def _missing_in_schema(schema: Mapping[str, Any], fields: tuple[str, ...]) -> str:
    """Why `output.a.b` is no field of the schema; empty where it is, or cannot be known."""
    read = "output"
    for name in fields:
        properties = schema.get("properties")
        is_open = any(keyword in schema for keyword in OPEN_KEYWORDS)
        is_open |= schema.get("additionalProperties", False) is not False
        if is_open or not isinstance(properties, Mapping):
            return ""
        read = f"{read}.{name}"
        if name not in properties:
            return f"{read}: {unknown(name, properties, 'field')}"
        inner = properties[name]
        schema = inner if isinstance(inner, Mapping) else {}
    return ""


def fields_read(tree: nodes.Template) -> Iterator[tuple[str, tuple[str, ...], int]]:
    """(name, fields, line) of every `name.field.field` that a text reads.

    A name that the text sets itself, in a loop or with `set`, is left out.
    """
    own = {node.name for node in tree.find_all(nodes.Name) if node.ctx in ("store", "param")}
    inner: set[int] = set()
    for node in tree.find_all((nodes.Getattr, nodes.Getitem)):
        if id(node) in inner or not isinstance(node, nodes.Getattr | nodes.Getitem):
            continue
        inner.add(id(node.node))
        base, fields = _chain(node)
        if isinstance(base, nodes.Name) and base.name not in own and fields:
            yield base.name, fields, node.lineno


def _chain(node: nodes.Node) -> tuple[nodes.Node, tuple[str, ...]]:
    """The node at the start of `a.b.c`, and the fields read from it up to the first computed."""
    fields: list[str] = []
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        key = node.attr if isinstance(node, nodes.Getattr) else _constant(node.arg)
        fields = [key, *fields] if isinstance(key, str) else []
        node = node.node
    return node, tuple(fields)


def _constant(node: nodes.Node) -> Any:
    return node.value if isinstance(node, nodes.Const) else None


def _line_of_name(tree: nodes.Template, name: str) -> int:
    return min((n.lineno for n in tree.find_all(nodes.Name) if n.name == name), default=0)
