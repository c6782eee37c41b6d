import re
import time
from collections.abc import Callable
from typing import Any

import pytest

from core.errors import TemplateError
from core.templates import sandbox
from core.templates.definition import build_template
from core.templates.sandbox import MAX_CHARS, PromptTemplate
from core.templates.trial import render_spread

CONTEXT: dict[str, Any] = {
    "word": "seed",
    "number": 3,
    "items": ["b", "a", "b"],
    "person": {"name": "Ada", "age": 36, "items": "own"},
    "big": "x" * 500_000,
    "long": list(range(2_000)),
    "nothing": None,
}


def rendered(text: str) -> str:
    return PromptTemplate(text, "the prompt").render(CONTEXT)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello {{ word }}.", "Hello seed."),
        ("{{ person.name }} {{ person['age'] }}", "Ada 36"),
        ("{{ person.items }}", "own"),
        ("{% if number > 2 and word %}yes{% else %}no{% endif %}", "yes"),
        ("{% for x in items %}{{ loop.index }}{{ x }}{{ '' if loop.last else ',' }}{% endfor %}",
         "1b,2a,3b"),
        ("{% for key, value in person | items %}{{ key }}={{ value }};{% endfor %}",
         "name=Ada;age=36;items=own;"),
        ("{% for k in range(3) %}{{ k }}{% endfor %}", "012"),
        ("{{ items | unique | sort | join(', ') }}", "a, b"),
        ("{{ missing | default('none') }}", "none"),
        ("{% if missing is defined %}x{% endif %}", ""),
        ("{{ person | tojson }}", '{"name": "Ada", "age": 36, "items": "own"}'),
        ("{{ 'it''s' | tojson }}", '"its"'),
        ("{{ word ~ number ~ '!' }}", "seed3!"),
        ("{{ word + 's' }} {{ number * 2 + 1 }} {{ 7 // 2 }} {{ 7 % 4 }} {{ 2 ** 5 }}",
         "seeds 7 3 3 32"),
        ("{{ word[0] }}{{ word[1:3] }}", "see"),
        ("{{ 'A' if word in ['seed', 'tree'] else 'B' }}", "A"),
        ("{% set name = person.name | upper %}{{ name }}", "ADA"),
        ("{% with x = 4 %}{{ x }}{% endwith %}", "4"),
        ("{{ 3.14159 | round(2) }} {{ '12' | int }} {{ -number }} {{ -3 | abs }}", "3.14 12 -3 3"),
        ("{{ word | replace('e', 'o') | capitalize }} {{ big | truncate(5) }}", "Sood xxxx…"),
        ("{{ items | first }}{{ items | last }}{{ items | length }}{{ long | sum }}", "bb31999000"),
        ("<b>{{ '<i>' }}</b>", "<b><i></b>"),
        ("a\n{% if true %}\nb\n{% endif %}\nc", "a\nb\nc"),
    ],
)  # fmt: skip
def test_prompts_have_what_they_need(text: str, expected: str) -> None:
    assert rendered(text) == expected


ESCAPES = {
    "class of a text": "{{ ''.__class__ }}",
    "class by subscript": "{{ ''['__class__'] }}",
    "class by built key": "{{ word['__cl' ~ 'ass__'] }}",
    "subclasses": "{{ ().__class__.__base__.__subclasses__() }}",
    "attr filter": "{{ word | attr('__class__') }}",
    "format method": "{{ '{0.__class__}'.format(word) }}",
    "format_map method": "{{ '{x.__class__}'.format_map(person) }}",
    "format filter": "{{ '%s' | format(word) }}",
    "percent format": "{{ '%(x)s' % person }}",
    "percent width": "{{ '%1000000000d' % number }}",
    "map attribute": "{{ items | map(attribute='__class__') | list }}",
    "method of a text": "{{ word.upper() }}",
    "method unprinted": "{{ word.upper }}",
    "method of a mapping": "{{ person.pop('name') }}",
    "method of a list": "{% set _ = items.append(1) %}",
    "globals of a function": "{{ range.__globals__ }}",
    "globals of a loop": "{% for x in items %}{{ loop.__init__.__globals__ }}{% endfor %}",
    "loop called": "{% for x in items recursive %}{{ loop(items) }}{% endfor %}",
    "cycler": "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "joiner": "{{ joiner('x')() }}",
    "namespace": "{% set ns = namespace(a=1) %}{{ ns.a }}",
    "lipsum": "{{ lipsum(n=1000) }}",
    "dict call": "{{ dict(a=1) }}",
    "self": "{{ self.__init__ }}",
    "request": "{{ request.application }}",
    "config": "{{ config }}",
    "include": "{% include 'secrets.txt' %}",
    "import": "{% import 'os' as os %}",
    "from import": "{% from 'os' import path %}",
    "extends": "{% extends 'base' %}",
    "block": "{% block a %}{% endblock %}",
    "macro": "{% macro a() %}{% endmacro %}{{ a() }}",
    "call block": "{% call range(3) %}{% endcall %}",
    "filter block": "{% filter upper %}a{% endfilter %}",
    "set block": "{% set a %}x{% endset %}",
    "do": "{% do items.append(1) %}",
    "autoescape": "{% autoescape true %}x{% endautoescape %}",
    "meter": "{{ __meter }}",
    "underscore name": "{{ _private }}",
    "underscore keyword": "{{ word | default(_x=1) }}",
    "filter test": "{{ 'upper' is filter }}",
    "callable test": "{{ range is callable }}",
    "list of names": "{% set a = [word, word] %}{{ a | join }}",
    "mapping of names": "{{ {'a': word} }}",
    "star arguments": "{{ range(*long) }}",
    "random": "{{ items | random }}",
    "xmlattr": "{{ person | xmlattr }}",
    "pprint": "{{ person | pprint }}",
    # Published against Jinja2's own sandbox, by CVE number where there is one.
    "2016-10745 format": "{{ '{0.__class__.__init__.__globals__}'.format(word) }}",
    "2019-10906 format_map": "{{ '{a.__class__}'.format_map({'a': 1}) }}",
    "2024-56326 format through a filter": "{{ ['{0.__class__}'] | map('format', word) | list }}",
    "2025-27516 attr gives format": "{{ '{0.__class__}' | attr('format') }}",
    "2024-22195 xmlattr keys": "{{ {'a onclick': 1} | xmlattr }}",
    "2024-56201 name of a block": "{% block a.b %}{% endblock %}",
    "underscores in hex": r"{{ ''['\x5f\x5fclass\x5f\x5f'] }}",
    "underscores in hex by filter": r"{{ word | attr('\x5f\x5fclass\x5f\x5f') }}",
    "underscores in octal": r"{{ word['\137\137class\137\137'] }}",
    "underscores by join": "{{ word[['__', 'class', '__'] | join] }}",
    "underscores by slice": "{{ word['ssalc__'[::-1]] }}",
    "underscores by replace": "{{ word['..class..' | replace('.', '_')] }}",
    "wide underscores": "{{ word.\uff3f\uff3fclass\uff3f\uff3f }}",
    "class of a number": "{{ (1).__class__ }}",
    "real part of a number": "{{ number.real }}",
    "method resolution order": "{{ [].__class__.__mro__[1] }}",
    "loop over subclasses": "{% for c in [].__class__.__base__.__subclasses__() %}{% endfor %}",
    "globals of something missing": "{{ nosuch.__init__.__globals__ }}",
    "undefined object": "{{ (nosuch | default)._undefined_name }}",
    "context of the template": "{{ self._TemplateReference__context }}",
    "url_for": "{{ url_for.__globals__.os }}",
    "get_flashed_messages": "{{ get_flashed_messages.__globals__ }}",
    "builtins": "{{ __builtins__ }}",
    "environment": "{{ environment.globals }}",
    "caller": "{{ caller() }}",
    "varargs": "{{ varargs }}{{ kwargs }}",
    "translations": "{% trans %}x{% endtrans %}",
    "debug": "{% debug %}",
    "continue": "{% for x in items %}{% continue %}{% endfor %}",
    "loop method": "{% for x in items %}{{ loop.cycle('a', 'b') }}{% endfor %}",
    "loop internals": "{% for x in items %}{{ loop._iterator }}{% endfor %}",
    "loop printed": "{% for x in items %}{{ loop }}{% endfor %}",
    "range printed": "{{ range }}",
    "range taken apart": "{{ range(3).start }}",
    "groupby": "{{ items | groupby('__class__') }}",
    "selectattr": "{{ items | selectattr('__class__') | list }}",
    "sort by attribute": "{{ items | sort(attribute='__class__') }}",
    "sum of an attribute": "{{ items | sum(attribute='__class__') }}",
    "first by do": "{% do range(3) %}",
    "encode": "{{ word.encode('utf-8') }}",
    "call of a key": "{{ person.name() }}",
    "call with a keyword": "{{ range(stop=3) }}",
    "item assigned": "{% set person['name'] = 'Eve' %}",
    "dictsort": "{{ person | dictsort }}",
    "safe": "{{ word | safe }}",
    "urlize": "{{ 'http://a' | urlize }}",
    "test of a filter": "{{ word is escaped }}",
    "lambda": "{{ (lambda: 1)() }}",
    "comprehension": "{{ [x for x in items] }}",
    "assignment expression": "{{ (a := 1) }}",
    "await": "{{ await word }}",
    "f-string": "{{ f'{word}' }}",
}


@pytest.mark.parametrize("text", ESCAPES.values(), ids=ESCAPES.keys())
def test_escapes_are_refused(text: str) -> None:
    with pytest.raises(TemplateError):
        rendered(text)


BOMBS = {
    "repeated text": "{{ 'a' * 1000000000 }}",
    "repeated list": "{{ (items * 1000000000) | length }}",
    "number times text": "{{ 1000000000 * 'a' }}",
    "tower of powers": "{{ 9 ** 9 ** 9 ** 9 }}",
    "large power": "{{ 2 ** 100000 }}",
    "growing number": "{% set a = 999999999 %}{% set a = a * a %}{% set a = a * a %}{{ a * a }}",
    "doubling by plus": "{% set a = big + big + big %}",
    "doubling by join": "{% set a = big ~ big ~ big %}",
    "doubling step by step": "{% set a = word %}" + "{% set a = a ~ a %}" * 30,
    "long output": "{% for k in range(1000) %}{{ big }}{% endfor %}",
    "nested loops": "{% for a in range(1000) %}{% for b in range(1000) %}{% endfor %}{% endfor %}",
    "triple loops": "{% for a in long %}{% for b in long %}{% for c in long %}{% endfor %}"
    "{% endfor %}{% endfor %}",
    "long range": "{% for a in range(1000000000) %}{% endfor %}",
    "range filtered": "{{ range(100000000) | list | length }}",
    "replace with much": "{{ big | replace('x', big) }}",
    "replace nothing": "{{ big | replace('', 'yyyyyyyyyy') }}",
    "join with much": "{{ long | join(big) }}",
    "deep brackets": "{{ " + "(" * 2000 + "1" + ")" * 2000 + " }}",
    "deep conditions": "{% if word %}" * 60 + "x" + "{% endif %}" * 60,
    "many parts": "{{ word }}" * 700,
    "many nots": "{{ " + "not " * 5000 + "word }}",
    "long chain": "{{ " + " + ".join(["number"] * 700) + " }}",
    "list printed": "{{ long }}",
    "null printed": "{{ nothing }}",
    "division by zero": "{{ 1 / 0 }}",
    "handled too much": "{% for k in range(500) %}{{ big | upper | length }}{% endfor %}",
    "center": "{{ word | center(1000000000) }}",
    "indent": "{{ word | indent(1000000000) }}",
    "batch": "{{ items | batch(1000000000) }}",
    "slice": "{{ items | slice(1000000000) }}",
    "wordwrap": "{{ big | wordwrap(1) }}",
    "format width": "{{ '{:>1000000000}'.format(1) }}",
    "negative range": "{% for a in range(0, -1000000000, -1) %}{% endfor %}",
    "list doubled": "{% set a = long %}" + "{% set a = a + a %}" * 30,
    "list repeated": "{{ [0] * 1000000000 }}",
    "text as list as text": "{{ big | list | tojson }}",
    "list joined with itself": "{{ big | list | join(big) }}",
    "power of a fraction": "{{ (0 - 1) ** 0.5 }}",
    "beyond floats": "{{ 1e308 * 10 }}",
    "digits without end": "{{ " + "9" * 6000 + " }}",
    "growing by powers": "{{ 10 ** 15 * 10 ** 15 * 10 }}",
    "replace step by step": "{% set a = word %}"
    + "{% set a = a | replace('e', 'eeeeeeeee') %}" * 12,
    "replace in a loop": "{% for k in range(1000) %}{{ big | replace('x', 'yy') | length }}"
    "{% endfor %}",
    "sort in a loop": "{% for k in range(1000) %}{{ big | list | sort | length }}{% endfor %}",
    "deep list": "{{ " + "[" * 500 + "]" * 500 + " }}",
    "deep subscripts": "{{ items" + "[0]" * 500 + " }}",
    "long elif": "{% if word == 'a' %}" + "{% elif word == 'b' %}" * 500 + "{% endif %}",
    "comparison chain": "{{ " + " < ".join(["number"] * 700) + " }}",
    "many filters": "{{ word" + " | upper" * 700 + " }}",
    "float step": "{% for a in range(0.5) %}{% endfor %}",
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS.keys())
def test_bombs_are_refused_quickly(text: str) -> None:
    begun = time.monotonic()
    with pytest.raises(TemplateError):
        rendered(text)
    assert time.monotonic() - begun < 4


EXPRESSION = re.compile(r"\{\{ (.*) \}\}", re.DOTALL)
EXPRESSIONS = {
    name: found[1]
    for name, text in {**ESCAPES, **BOMBS}.items()
    if (found := EXPRESSION.fullmatch(text)) and "}}" not in found[1]
}
SCHEMA = {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}}
PLACED: dict[str, Any] = {
    "name": "placed",
    "title": "Placed",
    "domain": "tests",
    "system": "Be brief.",
    "steps": [{"name": "first", "user": "Go.", "output": SCHEMA}],
    "variables": [
        {"name": name, "sampler": {"kind": "given", "default": value}}
        for name, value in CONTEXT.items()
    ],
    "mapping": {"input": "x", "response": "{{ output.first.a }}"},
}
TONE = {"name": "tone", "sampler": {"kind": "category", "values": ["a", "b"]}}
AGE = {"name": "age", "sampler": {"kind": "integer", "low": 1, "high": 9}}


def in_when(condition: str) -> dict[str, Any]:
    return {"variables": [*PLACED["variables"], {**TONE, "when": condition}]}


def in_constraint(condition: str) -> dict[str, Any]:
    both = [*PLACED["variables"], TONE, AGE]
    constraint = {"kind": "rule", "when": "age > 0", "then": condition}
    return {"variables": both, "constraints": [constraint]}


def in_rule(condition: str) -> dict[str, Any]:
    return {"checks": {"rules": [{"name": "r", "condition": condition, "message": "m"}]}}


def in_expression(text: str) -> dict[str, Any]:
    sampler = {"kind": "expression", "template": text}
    return {"variables": [*PLACED["variables"], {"name": "made", "sampler": sampler}]}


def in_step(text: str) -> dict[str, Any]:
    return {"steps": [{**PLACED["steps"][0], "user": text}]}


def in_system_of_a_step(text: str) -> dict[str, Any]:
    return {"steps": [{**PLACED["steps"][0], "system": text}]}


def in_mapping(text: str) -> dict[str, Any]:
    return {"mapping": {**PLACED["mapping"], "input": text}}


# As a condition these only hold or not: they give something that cannot be printed.
HARMLESS = {
    "method unprinted", "range printed", "list printed", "null printed", "real part of a number",
    "undefined object", "power of a fraction",
}  # fmt: skip


@pytest.mark.parametrize("place", [in_when, in_constraint, in_rule])
def test_no_condition_of_a_template_lets_them_through(
    place: Callable[[str], dict[str, Any]],
) -> None:
    for name, condition in EXPRESSIONS.items():
        if name in HARMLESS:
            continue
        with pytest.raises(TemplateError):
            render_spread(build_template({**PLACED, **place(condition)}))
            pytest.fail(f"{name} went through")


@pytest.mark.parametrize("place", [in_expression, in_step, in_system_of_a_step, in_mapping])
def test_no_text_of_a_template_lets_them_through(place: Callable[[str], dict[str, Any]]) -> None:
    for name, text in {**ESCAPES, **BOMBS}.items():
        with pytest.raises(TemplateError):
            render_spread(build_template({**PLACED, **place(text)}))
            pytest.fail(f"{name} went through")


def test_the_places_themselves_let_plain_texts_through() -> None:
    for place in (in_when, in_constraint, in_rule):
        assert render_spread(build_template({**PLACED, **place("number == 3")}))
    for place in (in_expression, in_step, in_system_of_a_step, in_mapping):
        assert render_spread(build_template({**PLACED, **place("{{ word }}")}))


def test_there_are_sixty_escapes_and_bombs() -> None:
    assert len(ESCAPES) >= 60
    assert len(BOMBS) >= 40
    assert len(EXPRESSIONS) >= 60


def test_a_rendering_that_takes_long_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "MAX_SECONDS", -1.0)
    with pytest.raises(TemplateError, match="takes longer"):
        rendered("{% for k in range(50) %}x{% endfor %}")


def test_plain_text_around_the_limit_is_measured() -> None:
    with pytest.raises(TemplateError, match="longer than"):
        PromptTemplate("{{ text }}", "it").render({"text": "x" * (MAX_CHARS + 1)})
    assert len(PromptTemplate("{{ text }}", "it").render({"text": "x" * MAX_CHARS})) == MAX_CHARS


def test_a_missing_variable_is_named_with_a_remedy() -> None:
    with pytest.raises(TemplateError, match=r"the prompt: 'colour' is undefined.*is defined"):
        rendered("{{ colour }}")
    with pytest.raises(TemplateError, match="has no attribute 'height'"):
        rendered("{{ person.height }}")


@pytest.mark.parametrize(
    "text",
    ["{{ colour | upper }}", "{{ colour + 1 }}", "{{ colour.red }}", "{{ 'a' ~ colour }}",
     "{% for x in colour %}{% endfor %}", "{% if colour %}{% endif %}"],
)  # fmt: skip
def test_a_missing_variable_is_an_error_wherever_it_is_used(text: str) -> None:
    with pytest.raises(TemplateError, match="colour"):
        rendered(text)


def test_syntax_errors_carry_their_line() -> None:
    with pytest.raises(TemplateError) as caught:
        PromptTemplate("one\ntwo {{ word\nthree }} {% nope %}", "it")
    assert caught.value.line == 3


@pytest.mark.parametrize(
    ("condition", "holds"),
    [("number == 3", True), ("word in ['a']", False), ("not missing is defined", True),
     ("person.age > 30 and items", True)],
)  # fmt: skip
def test_conditions_are_single_expressions(condition: str, holds: bool) -> None:
    assert PromptTemplate(condition, "it", is_condition=True).is_true(CONTEXT) is holds


@pytest.mark.parametrize("condition", ["", "a b", "x }} {{ y", "a = 1", "''.__class__", "{{ a }}"])
def test_what_is_no_condition_is_refused(condition: str) -> None:
    with pytest.raises(TemplateError):
        PromptTemplate(condition, "it", is_condition=True)


def test_a_template_cannot_change_the_values_it_gets() -> None:
    context = {"person": {"name": "Ada"}}
    with pytest.raises(TemplateError):
        PromptTemplate("{% set person.name = 'Eve' %}", "it").render(context)
    assert context == {"person": {"name": "Ada"}}
