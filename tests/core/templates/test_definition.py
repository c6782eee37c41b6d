from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import TemplateError
from core.templates.definition import (
    TemplateDefinition,
    build_template,
    content_hash,
    parse_template,
    template_yaml,
)
from core.templates.yaml_text import YamlDocument, dump_yaml

GOOD = """\
name: small-one
title: A small one
domain: tests
system: Be brief.
user: |
  Write about {{ topic }}.
  {% if detail is defined %}
  Mention {{ detail }}.
  {% endif %}
variables:
  - name: topic
    sampler:
      kind: category
      values: [cats, {value: dogs, weight: 2}]
  - name: detail
    when: topic == "dogs"
    sampler: {kind: subcategory, parent: topic, values: {cats: [fur], dogs: [bark, tail]}}
output:
  type: object
  properties:
    answer: {type: string, minLength: 3}
mapping:
  input: About {{ topic }}
  response: "{{ output.answer }}"
groups:
  - variable: topic
    target: {cats: 0.4, dogs: 0.6}
"""


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


def test_a_good_template_has_its_defaults() -> None:
    definition = parse_template(GOOD)
    assert definition.model.max_output_tokens == 800
    assert definition.checks.accept_at == 0.8
    assert definition.shape == "instruction"
    assert [variable.name for variable in definition.variables] == ["topic", "detail"]


def test_yaml_reads_back_to_an_equal_definition_with_an_equal_hash() -> None:
    definition = parse_template(GOOD)
    again = parse_template(template_yaml(definition))
    assert again == definition
    assert content_hash(again) == content_hash(definition)
    assert build_template(definition.model_dump(mode="json")) == definition


def test_the_hash_changes_with_any_content() -> None:
    base = content_hash(parse_template(GOOD))
    for other in ("title: A smaller one", "title: A small one\ndescription: x"):
        assert content_hash(parse_template(changed("title: A small one", other))) != base


PROBLEMS: dict[str, tuple[str, str, int, str]] = {
    "unknown field": ("domain: tests", "domain: tests\ncolour: red", 4, "colour"),
    "bad name": ("name: small-one", "name: Small One", 1, "name"),
    "yaml syntax": ("title: A small one", "title: [a", 3, ""),
    "tab": ("title: A small one", "\ttitle: x", 2, ""),
    "repeated key": ("domain: tests", "domain: tests\ndomain: more", 4, "twice"),
    "alias": ("domain: tests", "domain: &a tests\ndescription: *a", 4, "Aliases"),
    "python tag": ("domain: tests", "domain: !!python/object:os.system x", 3, "tag"),
    "jinja syntax": ("Mention {{ detail }}.", "Mention {{ detail.", 9, "user"),
    "jinja forbidden": ("Mention {{ detail }}.", "Mention {{ detail.upper() }}.", 8, "range"),
    "unknown variable": ("Mention {{ detail }}.", "Mention {{ detial }}.", 8, "'detial'; there"),
    "chunk without source": ("Mention {{ detail }}.", "{{ chunk.text }}", 8, "source"),
    "unknown output field": ("output.answer", "output.reply", 24, "answer"),
    "unknown filter": ("output.answer", "output.answer | shout", 24, "shout"),
    "weight of nothing": ("weight: 2", "weight: 0", 14, "greater than 0"),
    "weight without end": ("weight: 2", "weight: 1e400", 14, "finite"),
    "repeated value": ("value: dogs", "value: cats", 14, "twice"),
    "unknown sampler": ("kind: category", "kind: dice", 12, "dice"),
    "missing sampler field": ("parent: topic, ", "", 17, "parent"),
    "parent unknown": ("parent: topic", "parent: tropic", 17, "tropic"),
    "parent value missing": ("cats: [fur], ", "", 17, "cats"),
    "parent value extra": ("cats: [fur]", "cats: [fur], cows: [moo]", 17, "cows"),
    "condition on later": ('when: topic == "dogs"', "when: later == 1", 16, "later"),
    "condition syntax": ('when: topic == "dogs"', "when: topic ==", 16, "when"),
    "reserved name": ("name: topic", "name: output", 11, "reserved"),
    "same name": ("name: detail", "name: topic", 15, "twice"),
    "schema type": ("type: string", "type: text", 18, "text"),
    "schema not object": ("type: object", "type: array", 18, "object"),
    "schema without fields": ("properties:", "required:", 18, ""),
    "group of nothing": ("variable: topic", "variable: gender", 26, "gender"),
    "group value": ("cats: 0.4", "cows: 0.4", 27, "cows"),
    "group sum": ("cats: 0.4", "cats: 0.5", 27, "1.100"),
    "too many tokens": (
        "domain: tests", "domain: tests\nmodel: {max_output_tokens: 0}", 4, "max_output_tokens"
    ),
    "thresholds": (
        "domain: tests", "domain: tests\nchecks: {accept_at: 0.2}", 4, "reject_below"
    ),
    "example": (
        "domain: tests", "domain: tests\nexamples: [{user: x, output: {answer: a}}]", 4, "answer"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "word"), PROBLEMS.values(), ids=PROBLEMS.keys())
def test_problems_carry_their_line(old: str, new: str, line: int, word: str) -> None:
    with pytest.raises(TemplateError) as caught:
        parse_template(changed(old, new))
    assert caught.value.line == line, str(caught.value)
    assert word in str(caught.value)


def sampler(kind: str, **fields: Any) -> dict[str, Any]:
    data = yaml.safe_load(GOOD)
    data["variables"].append({"name": "extra", "sampler": {"kind": kind, **fields}})
    return dict(data)


@pytest.mark.parametrize(
    ("kind", "fields", "word"),
    [
        ("integer", {"low": 5, "high": 1}, "swap"),
        ("number", {"low": 5, "high": 1}, "swap"),
        ("date", {"start": "2026-02-01", "end": "2026-01-01"}, "swap"),
        ("date", {"start": "2026-02-30", "end": "2026-03-01"}, "start"),
        ("faker", {"method": "no_such_thing"}, "no_such_thing"),
        ("faker", {"method": "seed_instance"}, "no method"),
        ("faker", {"method": "add_provider"}, "no method"),
        ("faker", {"method": "date_of_birth"}, "kind: date"),
        ("faker", {"method": "binary"}, "not reproducible"),
        ("faker", {"method": "profile"}, "dict"),
        ("faker", {"method": "company", "locale": "xx_XX"}, "locale"),
        ("persona", {"locale": "qq"}, "locale"),
        ("persona", {"gender_variable": "sex"}, "sex"),
        ("persona", {"gender_variable": "topic"}, "no gender"),
        ("persona", {"age_variable": "topic"}, "no age"),
        ("expression", {"template": "{{ later }}"}, "later"),
        ("source_field", {"column": "x"}, "source:"),
        ("category", {"values": []}, "at least 1"),
        ("category", {"values": [True]}, "quotes"),
        ("subcategory", {"parent": "topic", "values": {"cats": [], "dogs": ["x"]}}, "cats"),
    ],
)
def test_samplers_that_cannot_work_are_refused(kind: str, fields: Any, word: str) -> None:
    with pytest.raises(TemplateError, match=word):
        build_template(sampler(kind, **fields))


@pytest.mark.parametrize("method", ["company", "job", "uuid4", "pyint", "boolean", "iban", "word"])
def test_faker_methods_that_give_text_or_numbers_are_accepted(method: str) -> None:
    assert isinstance(build_template(sampler("faker", method=method)), TemplateDefinition)


def test_numbers_as_values_are_text() -> None:
    definition = build_template(sampler("category", values=[1, 2.5, "x"]))
    values = definition.variables[-1].sampler
    assert [item.value for item in getattr(values, "values")] == ["1", "2.5", "x"]  # noqa: B009


def test_build_names_the_field_and_the_line_inside_it() -> None:
    data = yaml.safe_load(GOOD)
    data["user"] = "one\n{{ two"
    with pytest.raises(TemplateError, match=r"^user, line 2: "):
        build_template(data)


@pytest.mark.parametrize("text", ["", "just text", "- a\n- b", "\x00", "a: b: c", "? [a]\n: b"])
def test_what_is_no_mapping_is_refused(text: str) -> None:
    with pytest.raises(TemplateError):
        parse_template(text)


def test_an_alias_bomb_is_refused() -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{k}: &a{k} [*a{k - 1}, *a{k - 1}]" for k in range(1, 40)]
    with pytest.raises(TemplateError, match="Aliases"):
        parse_template("\n".join(lines))


def test_deep_and_long_texts_are_refused() -> None:
    with pytest.raises(TemplateError, match="deeper"):
        parse_template("a: " + "[" * 5000)
    with pytest.raises(TemplateError, match="longer"):
        parse_template("a: " + "x" * 2_000_000)


def test_scalars_mean_what_they_say() -> None:
    value = YamlDocument(
        "a: yes\nb: 2026-01-01\nc: 010\nd: 12:30\ne: true\nf:\ng: 1.5\nh: 1e3"
    ).value
    assert value == {
        "a": "yes", "b": "2026-01-01", "c": "010", "d": "12:30", "e": True, "f": None, "g": 1.5,
        "h": 1000.0,
    }  # fmt: skip


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9)
    | st.floats(allow_nan=False, allow_infinity=False, width=32)
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20)
    | st.sampled_from(["yes", "null", "~", "1e5", "- a", "a: b", "#x", " x ", "1_000", "a\nb\n"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(value=st.dictionaries(st.text("abcxyz", min_size=1), json_values))
def test_yaml_reads_back_what_it_wrote(value: dict[str, Any]) -> None:
    assert YamlDocument(dump_yaml(value)).value == value


def test_files_of_the_starter_library_fit_their_yaml() -> None:
    folder = Path(__file__).resolve().parents[3] / "data" / "templates"
    for path in folder.glob("*.yaml"):
        definition = parse_template(path.read_text("utf-8"))
        assert parse_template(template_yaml(definition)) == definition
        assert path.stem == definition.name
