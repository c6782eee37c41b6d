import time
from typing import Any

import pytest

from core.errors import TemplateError
from core.templates import sandbox
from core.templates.sandbox import MAX_CHARS, PromptTemplate

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
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS.keys())
def test_bombs_are_refused_quickly(text: str) -> None:
    begun = time.monotonic()
    with pytest.raises(TemplateError):
        rendered(text)
    assert time.monotonic() - begun < 4


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
