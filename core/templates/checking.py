"""What must agree between the parts of a template: names, fields, schema, groups."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from jinja2 import nodes

from core.errors import SchemaError, TemplateError
from core.templates.people import CannotDraw, check_age_value, check_faker, check_gender_value
from core.templates.sandbox import PromptTemplate
from core.text.schema import CompiledSchema, check_schema

if TYPE_CHECKING:
    from core.templates.definition import TemplateDefinition, Variable

CONTEXT_NAMES = frozenset(["chunk", "has_source", "variables"])
RESERVED_NAMES = CONTEXT_NAMES | frozenset(
    [
        "output", "loop", "range", "true", "false", "none", "not", "and", "or", "in", "is",
        "if", "else", "elif", "for", "set", "with",
    ]
)  # fmt: skip
CHUNK_FIELDS = ("text", "heading", "fields")
Path = tuple[str | int, ...]


class Misfit(ValueError):
    """Two parts of a template disagree. `path` leads to the field to change."""

    def __init__(self, message: str, path: Path, line_inside: int = 0) -> None:
        super().__init__(message)
        self.path = path
        self.line_inside = line_inside


def check_definition(definition: "TemplateDefinition") -> None:
    """Pass silently when every name, field and group refers to something that exists.

    Raises Misfit for the first that does not.
    """
    _check_output(definition)
    names = _check_variables(definition)
    for field in ("system", "user"):
        _check_text(definition, (field,), getattr(definition, field), names)
    for field in ("input", "response"):
        text = getattr(definition.mapping, field)
        _check_text(definition, ("mapping", field), text, names | {"output"})
    _check_groups(definition)
    _check_examples(definition)


def _check_output(definition: "TemplateDefinition") -> None:
    try:
        check_schema(definition.output)
    except SchemaError as error:
        raise Misfit(str(error), ("output",)) from error
    if not definition.output.get("properties"):
        raise Misfit("the schema lists no properties", ("output",))


def _check_variables(definition: "TemplateDefinition") -> frozenset[str]:
    above: dict[str, Variable] = {}
    for place, variable in enumerate(definition.variables):
        path: Path = ("variables", place)
        if variable.name in RESERVED_NAMES:
            raise Misfit(f"the name {variable.name!r} is reserved", (*path, "name"))
        if variable.name in above:
            raise Misfit(f"the name {variable.name!r} stands twice", (*path, "name"))
        known = frozenset(above)
        if variable.when is not None:
            _check_text(definition, (*path, "when"), variable.when, known, is_condition=True)
        _check_sampler(definition, variable, above, (*path, "sampler"))
        above[variable.name] = variable
    return frozenset(above)


def _check_sampler(
    definition: "TemplateDefinition", variable: "Variable", above: dict[str, "Variable"], path: Path
) -> None:
    sampler = variable.sampler
    if sampler.kind == "subcategory":
        _check_subcategory(sampler.parent, sampler.values, above, path)
    elif sampler.kind == "expression":
        _check_text(definition, (*path, "template"), sampler.template, frozenset(above))
    elif sampler.kind == "source_field" and definition.source is None:
        raise Misfit("add `source:` to the template to read a source's column", path)
    elif sampler.kind == "faker":
        _drawable(lambda: check_faker(sampler.method, sampler.locale), (*path, "method"))
    elif sampler.kind == "persona":
        _drawable(lambda: check_faker("first_name", sampler.locale), (*path, "locale"))
        for field, check in (
            ("gender_variable", check_gender_value),
            ("age_variable", check_age_value),
        ):
            _check_person(getattr(sampler, field), above, check, (*path, field))


def _drawable(check: Any, path: Path) -> None:
    try:
        check()
    except CannotDraw as error:
        raise Misfit(str(error), path) from error


def _check_person(name: str | None, above: dict[str, "Variable"], check: Any, path: Path) -> None:
    if name is None:
        return
    if name not in above:
        raise Misfit(_unknown(name, above), path)
    for value in possible_values(above[name]) or ():
        _drawable(lambda value=value: check(value), path)


def _check_subcategory(
    parent: str, values: Mapping[str, Any], above: dict[str, "Variable"], path: Path
) -> None:
    offered = possible_values(above[parent]) if parent in above else None
    if offered is None:
        listed = [name for name in above if possible_values(above[name]) is not None]
        raise Misfit(_unknown(parent, listed, "category"), (*path, "parent"))
    missing = [value for value in offered if value not in values]
    if missing:
        raise Misfit(f"no values are listed for {parent} = {missing[0]!r}", (*path, "values"))
    extra = [value for value in values if value not in offered]
    if extra:
        raise Misfit(f"{parent} never takes the value {extra[0]!r}", (*path, "values", extra[0]))


def possible_values(variable: "Variable") -> list[str] | None:
    """The values of a category or subcategory, in order; None for any other sampler."""
    sampler = variable.sampler
    if sampler.kind == "category":
        return [item.value for item in sampler.values]
    if sampler.kind == "subcategory":
        return list(
            dict.fromkeys(item.value for items in sampler.values.values() for item in items)
        )
    return None


def _check_text(
    definition: "TemplateDefinition",
    path: Path,
    text: str,
    names: frozenset[str],
    *,
    is_condition: bool = False,
) -> None:
    where = ".".join(map(str, path))
    try:
        template = PromptTemplate(text, where, is_condition=is_condition)
    except TemplateError as error:
        message = error.message.removeprefix(f"Line {error.line}: ").removeprefix(f"{where}: ")
        raise Misfit(message, path, error.line or 0) from error
    for name in sorted(template.names - names - CONTEXT_NAMES):
        raise Misfit(_unknown(name, names), path, _line_of_name(template.tree, name))
    if "chunk" in template.names and definition.source is None:
        line = _line_of_name(template.tree, "chunk")
        raise Misfit("`chunk` is read, and the template has no `source:`", path, line)
    for owner, field, line in _fields_read(template.tree):
        known = _fields_of(owner, definition, names)
        if known is not None and field not in known:
            raise Misfit(f"{owner}.{field}: {_unknown(field, known, 'field')}", path, line)


def _fields_of(
    owner: str, definition: "TemplateDefinition", names: frozenset[str]
) -> list[str] | None:
    """The fields that may be read from a name; None where they cannot be known."""
    if owner == "output":
        is_open = "$ref" in definition.output or "allOf" in definition.output
        return None if is_open else list(definition.output["properties"])
    if owner == "variables":
        return sorted(names - {"output"})
    return list(CHUNK_FIELDS) if owner == "chunk" else None


def _fields_read(tree: nodes.Template) -> Iterator[tuple[str, str, int]]:
    for attribute in tree.find_all(nodes.Getattr):
        if isinstance(attribute.node, nodes.Name):
            yield attribute.node.name, attribute.attr, attribute.lineno
    for item in tree.find_all(nodes.Getitem):
        key = item.arg.value if isinstance(item.arg, nodes.Const) else None
        if isinstance(item.node, nodes.Name) and isinstance(key, str):
            yield item.node.name, key, item.lineno


def _line_of_name(tree: nodes.Template, name: str) -> int:
    return min((n.lineno for n in tree.find_all(nodes.Name) if n.name == name), default=0)


def _unknown(name: str, known: Any, noun: str = "variable") -> str:
    names = ", ".join(sorted(known))
    return f"no {noun} is called {name!r}; there {f'are: {names}' if names else 'are none yet'}"


def _check_groups(definition: "TemplateDefinition") -> None:
    variables = {variable.name: variable for variable in definition.variables}
    for place, group in enumerate(definition.groups):
        path: Path = ("groups", place)
        variable = variables.get(group.variable)
        if variable is None:
            raise Misfit(_unknown(group.variable, variables), (*path, "variable"))
        values = possible_values(variable)
        extra = [value for value in group.target if values is not None and value not in values]
        if extra:
            raise Misfit(
                f"{group.variable} never takes the value {extra[0]!r}", (*path, "target", extra[0])
            )


def _check_examples(definition: "TemplateDefinition") -> None:
    schema = CompiledSchema(definition.output)
    for place, example in enumerate(definition.examples):
        errors = schema.errors(example.output)
        if errors:
            raise Misfit(f"breaks the output schema: {errors[0]}", ("examples", place, "output"))
