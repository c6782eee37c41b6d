"""Jinja2 with everything taken out that a prompt does not need.

Two walls. When a template is compiled, its syntax tree may hold only the node types below, few
nodes, little nesting, and calls of nothing but `range`. When it renders, values are plain JSON,
attributes are mapping keys, and a meter counts loop passes, characters and seconds.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Final, NoReturn

from jinja2 import StrictUndefined, TemplateSyntaxError, Undefined, meta, nodes, pass_context
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import SecurityError, TemplateAssertionError, UndefinedError
from jinja2.parser import Parser
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from core.errors import TemplateError
from core.templates.filters import FILTERS, size_of

MAX_NODES = 600
MAX_DEPTH = 10
MAX_CHARS = 2**20  # of the output, and of any value on the way
MAX_WORK = 16 * 2**20  # characters and items handled in one rendering
MAX_PASSES = 10_000  # loop passes in one rendering
MAX_RANGE = 1_000
MAX_SECONDS = 2.0
MAX_NUMBER = 10**15

METER: Final = "__meter"
UNTIMED_CHECKS = 32  # each handles at most MAX_CHARS, which takes milliseconds
STATEMENTS = (nodes.Output, nodes.TemplateData, nodes.For, nodes.If, nodes.Assign, nodes.With)
EXPRESSIONS = (
    nodes.Name, nodes.Const, nodes.Tuple, nodes.List, nodes.Dict, nodes.Pair, nodes.CondExpr,
    nodes.Filter, nodes.Test, nodes.Call, nodes.Getitem, nodes.Getattr, nodes.Slice, nodes.Concat,
    nodes.Compare, nodes.Operand, nodes.BinExpr, nodes.UnaryExpr, nodes.Keyword,
)  # fmt: skip
ALLOWED_NODES = (nodes.Template, *STATEMENTS, *EXPRESSIONS)
TESTS = frozenset(
    [
        "defined", "undefined", "none", "string", "number", "integer", "float", "boolean",
        "mapping", "sequence", "true", "false", "in", "odd", "even", "divisibleby",
        "eq", "equalto", "==", "ne", "!=", "gt", "greaterthan", ">", "ge", ">=",
        "lt", "lessthan", "<", "le", "<=",
    ]
)  # fmt: skip
LOOP_FIELDS = frozenset(["index", "index0", "revindex", "revindex0", "first", "last", "length"])


class Meter:
    """What one rendering may still use."""

    __slots__ = ("_deadline", "_passes", "_untimed", "_work")

    def __init__(self) -> None:
        self._passes = MAX_PASSES
        self._work = MAX_WORK
        self._untimed = UNTIMED_CHECKS
        self._deadline = 0.0

    def count_pass(self) -> None:
        self._passes -= 1
        if self._passes < 0:
            raise SecurityError(f"loops run more than {MAX_PASSES:,} times in all")
        self._check_time()

    def count(self, size: int) -> None:
        self._work -= size + 1
        if size > MAX_CHARS:
            raise SecurityError(f"a value is longer than {MAX_CHARS:,} characters")
        if self._work < 0:
            raise SecurityError(f"more than {MAX_WORK:,} characters are handled")
        self._check_time()

    def _check_time(self) -> None:
        # Most templates end before the clock is worth its system call.
        if self._untimed > 0:
            self._untimed -= 1
            return
        # The thread's own time: a machine that is busy or was asleep is not the template's fault.
        now = time.thread_time()
        self._deadline = self._deadline or now + MAX_SECONDS
        if now > self._deadline:
            raise SecurityError(f"it takes longer than {MAX_SECONDS:g} s")


def _meter(context: Context) -> Meter:
    meter = context.resolve_or_missing(METER)
    assert isinstance(meter, Meter)
    return meter


@pass_context
def _metered_items(context: Context, items: Any) -> Iterator[Any]:
    """A loop's items, each counted. Wrapped round every `for`."""
    meter = _meter(context)
    if not isinstance(items, list | tuple | dict | range | Undefined):
        raise SecurityError(f"a loop needs a list, not {type(items).__name__}")
    for item in items:
        meter.count_pass()
        yield item


def _metered_filter(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @pass_context
    def run(context: Context, value: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(value, Undefined) and name not in ("default", "d"):
            str(value)  # raises, naming the variable
        meter = _meter(context)
        meter.count(size_of(value))
        result = function(value, *args, **kwargs)
        meter.count(size_of(result))
        return result

    return run


@pass_context
def _printable(context: Context, value: Any) -> str:
    """What `{{ value }}` prints. A list would print as Python: it is refused instead."""
    if isinstance(value, Undefined):
        return str(value)  # raises, naming the variable
    if not isinstance(value, str | int | float):
        kind = "nothing (null)" if value is None else f"a {type(value).__name__}"
        raise SecurityError(f"{kind} is printed: choose a field, or use | join or | tojson")
    text = str(value)
    _meter(context).count(len(text))
    return text


def _bounded_range(*bounds: int) -> range:
    result = range(*bounds)
    if len(result) > MAX_RANGE:
        raise SecurityError(f"range() gives more than {MAX_RANGE:,} numbers")
    return result


class _Generator(CodeGenerator):
    """Sends `~` through the environment, where its result is measured."""

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802
        self.write("environment.call_concat(context, (")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write("))")


class PromptEnvironment(ImmutableSandboxedEnvironment):
    """The one environment in which templates compile and render."""

    code_generator_class = _Generator
    intercepted_binops: ClassVar[frozenset[str]] = frozenset(  # type: ignore[misc]
        ["+", "-", "*", "/", "//", "%", "**"]
    )

    def __init__(self) -> None:
        super().__init__(
            undefined=StrictUndefined,
            autoescape=False,
            trim_blocks=True,
            lstrip_blocks=True,
            optimized=False,  # folding constants would run outside the meter
            finalize=_printable,
            cache_size=0,
        )
        self.globals = {"range": _bounded_range}
        self.filters = {name: _metered_filter(name, f) for name, f in FILTERS.items()}
        self.filters[METER] = _metered_items
        self.tests = {name: test for name, test in self.tests.items() if name in TESTS}

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, LoopContext) and attribute in LOOP_FIELDS:
            return getattr(obj, attribute)
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Undefined):
            str(obj)  # raises, naming the variable
        is_key = isinstance(obj, Mapping) and isinstance(argument, str | int)
        is_place = isinstance(obj, list | tuple | str) and isinstance(argument, int)
        if is_key or is_place:
            try:
                return obj[argument]
            except LookupError:
                pass
        return self.undefined(obj=obj, name=argument)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        for side in (left, right):
            if isinstance(side, Undefined):
                str(side)  # raises, naming the variable
        if operator == "+" and isinstance(left, str | list) and type(left) is type(right):
            _meter(context).count(len(left) + len(right))
        else:
            _check_numbers(operator, left, right)
        return super().call_binop(context, operator, left, right)

    def call_concat(self, context: Context, parts: tuple[Any, ...]) -> str:
        texts = [_printable(context, part) for part in parts]
        _meter(context).count(sum(map(len, texts)))
        return "".join(texts)


def _check_numbers(operator: str, left: Any, right: Any) -> None:
    for side in (left, right):
        if not isinstance(side, int | float):
            raise SecurityError(
                f"{operator!r} works on numbers, not on {type(side).__name__}: join texts with ~"
            )
        if abs(side) > MAX_NUMBER:
            raise SecurityError(f"a number is larger than {MAX_NUMBER:,}")
    if operator == "**" and abs(right) > 16:
        raise SecurityError("a power above 16 is asked for")


ENVIRONMENT: Final = PromptEnvironment()


class PromptTemplate:
    """A compiled text or condition. `names` are the variables it reads from outside.

    Raises TemplateError, whose `line` counts within the text, for syntax errors and for whatever
    the sandbox does not allow. `where` names the text in messages.
    """

    def __init__(self, source: str, where: str, *, is_condition: bool = False) -> None:
        self.where = where
        self.tree = _parsed(source, where, is_condition)
        self.names = frozenset(meta.find_undeclared_variables(self.tree)) - {"range"}
        self._template = ENVIRONMENT.from_string(_with_metered_loops(self.tree))
        self._constant = _constant_text(self.tree)

    def render(self, context: Mapping[str, Any]) -> str:
        """The text.

        Raises TemplateError when a variable is missing or a limit is passed.
        """
        if self._constant is not None:
            return self._constant
        parts: list[str] = []
        length = 0
        try:
            for part in self._template.root_render_func(self._context(context)):
                parts.append(part)
                length += len(part)
                if length > MAX_CHARS:
                    raise SecurityError(f"the text is longer than {MAX_CHARS:,} characters")
        except _FAILURES as error:
            self._refuse(error)
        return "".join(parts)

    def is_true(self, context: Mapping[str, Any]) -> bool:
        """Whether the condition holds.

        Raises TemplateError as `render` does.
        """
        inner = self._context(context)
        try:
            for _ in self._template.root_render_func(inner):
                pass
            return bool(inner.vars["result"])
        except _FAILURES as error:
            self._refuse(error)

    def _context(self, context: Mapping[str, Any]) -> Context:
        # Shared: the variables are not copied a second time, together with the globals.
        variables = {**ENVIRONMENT.globals, **context, METER: Meter()}
        return self._template.new_context(variables, shared=True)

    def _refuse(self, error: Exception) -> NoReturn:
        if isinstance(error, UndefinedError):
            message = f"{self.where}: {error.message}"
            remedy = "Guard it with {% if … is defined %}, or give it a value in every sample."
        else:
            message = f"{self.where}: {error}"
            remedy = ""
        raise TemplateError(message.rstrip(".") + ".", remedy=remedy) from error


_FAILURES = (
    SecurityError, UndefinedError, TemplateAssertionError, TypeError, ValueError, ArithmeticError,
    LookupError, AttributeError, RecursionError, MemoryError,
)  # fmt: skip


def _parsed(source: str, where: str, is_condition: bool) -> nodes.Template:
    try:
        tree = _condition(source) if is_condition else ENVIRONMENT.parse(source)
        _check_tree(tree)
    except TemplateSyntaxError as error:
        raise TemplateError(f"{where}: {error.message}.", line=error.lineno) from error
    except RecursionError as error:
        raise TemplateError(f"{where}: it is nested too deeply.") from error
    except ValueError as error:  # a number of more digits than Python reads
        raise TemplateError(f"{where}: {error}.") from error
    return tree


def _condition(source: str) -> nodes.Template:
    parser = Parser(ENVIRONMENT, source, state="variable")
    expression = parser.parse_expression()
    if not parser.stream.eos:
        raise TemplateSyntaxError("a condition is one expression", parser.stream.current.lineno)
    body: list[nodes.Node] = [
        nodes.Assign(nodes.Name("result", "store"), expression, lineno=1),
    ]
    tree = nodes.Template(body, lineno=1)
    tree.set_environment(ENVIRONMENT)
    return tree


def _constant_text(tree: nodes.Template) -> str | None:
    """The text of a template without any expression or statement, None for any other."""
    outputs = [node for node in tree.body if isinstance(node, nodes.Output)]
    pieces = [piece for node in outputs for piece in node.nodes]
    texts = [piece.data for piece in pieces if isinstance(piece, nodes.TemplateData)]
    if len(outputs) < len(tree.body) or len(texts) < len(pieces):
        return None
    text = "".join(texts)
    return text if len(text) <= MAX_CHARS else None


def _with_metered_loops(tree: nodes.Template) -> nodes.Template:
    for loop in list(tree.find_all(nodes.For)):
        loop.iter = nodes.Filter(loop.iter, METER, [], [], None, None, lineno=loop.lineno)
    tree.set_environment(ENVIRONMENT)
    return tree


def _check_tree(tree: nodes.Template) -> None:
    waiting: list[tuple[nodes.Node, int]] = [(tree, 0)]
    count = 0
    while waiting:
        node, depth = waiting.pop()
        count += 1
        if count > MAX_NODES:
            raise TemplateSyntaxError(f"it has more than {MAX_NODES} parts", node.lineno or 1)
        if depth > MAX_DEPTH:
            raise TemplateSyntaxError(
                f"it is nested deeper than {MAX_DEPTH} levels", node.lineno or 1
            )
        problem = _objection(node)
        if problem:
            raise TemplateSyntaxError(problem, node.lineno or 1)
        waiting.extend((child, depth + 1) for child in node.iter_child_nodes())


def _objection(node: nodes.Node) -> str:
    """Why this node is not allowed, or an empty text."""
    if not isinstance(node, ALLOWED_NODES):
        return f"{type(node).__name__.lower()} is not available in templates"
    names = [getattr(node, field, None) for field in ("name", "attr", "key")]
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        names.append(node.arg.value)
    for name in names:
        if isinstance(name, str) and name.startswith("_"):
            return f"{name!r} starts with an underscore, which templates may not use"
    return _special_objection(node)


def _special_objection(node: nodes.Node) -> str:
    if isinstance(node, nodes.Call):
        is_range = isinstance(node.node, nodes.Name) and node.node.name == "range"
        if not is_range or node.kwargs or node.dyn_args or node.dyn_kwargs:
            return "only range(…) can be called; use a filter, such as | upper, instead"
    if isinstance(node, nodes.Filter) and node.name not in FILTERS:
        return f"the filter {node.name!r} is not available; there are {', '.join(sorted(FILTERS))}"
    if isinstance(node, nodes.Test) and node.name not in TESTS:
        return f"the test {node.name!r} is not available"
    if isinstance(node, nodes.For) and node.recursive:
        return "recursive loops are not available"
    is_literal = isinstance(node, nodes.List | nodes.Dict) or (
        isinstance(node, nodes.Tuple) and node.ctx == "load"
    )
    # A list of names could hold the same list many times over, and so on: its text would explode.
    if is_literal and not all(map(_is_constant, node.iter_child_nodes())):
        return "a list or mapping written in a template may hold only plain values"
    return ""


def _is_constant(node: nodes.Node) -> bool:
    if isinstance(node, nodes.Const):
        return True
    inner = list(node.iter_child_nodes())
    is_container = isinstance(node, nodes.List | nodes.Tuple | nodes.Dict | nodes.Pair | nodes.Neg)
    return is_container and all(map(_is_constant, inner))
