"""YAML in and out: the plain subset that templates need, with the line of every field.

`yes`, `on` and dates stay text, aliases are refused (a few of them can expand to gigabytes), and a
repeated key is an error instead of a silent loss.
"""

import re
from typing import Any

import yaml

from core.errors import TemplateError

MAX_YAML_CHARS = 1024 * 1024
MAX_YAML_DEPTH = 40
PLAIN_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "seq", "map")
)
Path = tuple[str | int, ...]


class _Loader(yaml.SafeLoader):
    """SafeLoader with JSON's scalars: true, false, null, numbers, text."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise self._problem("aliases (*name) are not available")
        self._depth = getattr(self, "_depth", 0) + 1
        if self._depth > MAX_YAML_DEPTH:
            raise self._problem(f"nested deeper than {MAX_YAML_DEPTH} levels")
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def _problem(self, message: str) -> yaml.composer.ComposerError:
        mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
        return yaml.composer.ComposerError(None, None, message, mark)


for _tag, _pattern, _first in (
    ("bool", r"true|false|True|False", "tfTF"),
    ("null", r"null|~|", "n~\0"),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)", "-+0123456789"),
    ("float", r"[-+]?(?:0|[1-9][0-9]*)(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?", "-+0123456789"),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), [*_first, ""]
    )


class YamlDocument:
    """One parsed YAML mapping that knows where each of its fields stands.

    Raises TemplateError with the line of a syntax error.
    """

    def __init__(self, text: str) -> None:
        if len(text) > MAX_YAML_CHARS:
            raise TemplateError(f"The text is longer than {MAX_YAML_CHARS:,} characters.")
        try:
            loader = _Loader(text.removeprefix("\ufeff"))
            self._root = loader.get_single_node()
            self.value = _value(loader, self._root)
        except yaml.MarkedYAMLError as error:
            raise _template_error(error) from error
        except (yaml.YAMLError, ValueError) as error:
            raise TemplateError(f"The text is not YAML: {error}.") from error
        except RecursionError as error:
            raise TemplateError("The text is nested too deeply.") from error

    def line_of(self, path: Path, line_inside: int = 0) -> int:
        """The line, from 1, of the field at the path, or of its nearest parent that is there.

        `line_inside` counts lines within a block of text, from 1; 0 means the field itself.
        """
        assert self._root is not None
        node, mark = self._root, self._root.start_mark
        for step in path:
            found = _child(node, step)
            if found is not None:
                mark, node = found
        is_block = isinstance(node, yaml.ScalarNode) and node.style in ("|", ">")
        if line_inside and is_block:
            return node.start_mark.line + 1 + line_inside
        return mark.line + 1


def _value(loader: _Loader, root: yaml.Node | None) -> Any:
    if not isinstance(root, yaml.MappingNode):
        raise TemplateError(
            "A template is a mapping of fields.", remedy="Start with `name: my-template`.", line=1
        )
    _check_nodes(root)
    return loader.construct_document(root)


def _check_nodes(root: yaml.Node) -> None:
    waiting: list[yaml.Node] = [root]
    while waiting:
        node = waiting.pop()
        if node.tag not in PLAIN_TAGS:
            raise yaml.constructor.ConstructorError(
                None, None, f"the tag {node.tag!r} is not available", node.start_mark
            )
        if isinstance(node, yaml.SequenceNode):
            waiting.extend(node.value)
        if not isinstance(node, yaml.MappingNode):
            continue
        seen: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} stands twice", key.start_mark
                )
            seen.add(key.value)
            waiting.append(value)


def _child(node: yaml.Node, step: str | int) -> tuple[yaml.Mark, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return key.start_mark, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark, node.value[step]
    return None


def _template_error(error: yaml.MarkedYAMLError) -> TemplateError:
    mark = error.problem_mark or error.context_mark
    problem = error.problem or error.context or "the text is not YAML"
    return TemplateError(
        f"{problem[:1].upper()}{problem[1:]}.",
        remedy="Correct the YAML there or just above.",
        line=None if mark is None else mark.line + 1,
    )


class _Dumper(yaml.SafeDumper):
    """Writes long texts as blocks, and repeats a list instead of aliasing it."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002
        return True


# The same scalars are read as text here as in the loader, so only these need quotes.
_Dumper.yaml_implicit_resolvers = _Loader.yaml_implicit_resolvers


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    is_block = "\n" in text and not any(line != line.rstrip() for line in text.split("\n"))
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if is_block else None)


_Dumper.add_representer(str, _represent_text)


def dump_yaml(data: Any) -> str:
    """YAML of JSON-like data, keys in the given order, that YamlDocument reads back unchanged."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
