"""Renaming variables and steps in every text that reads them."""

from typing import Any

import pytest

from core.templates.editing.constraints import (
    add_constraint,
    change_constraint,
    exclude_variables,
    in_words,
    set_right,
)
from core.templates.editing.draft_text import read_draft, whole_text
from core.templates.editing.jinja_names import names_in, reads_name, rename_in
from core.templates.editing.renaming import rename_variable, uses_of
from core.templates.editing.starting import minimal_template
from core.templates.editing.steps import add_step, delete_step, move_step, rename_step, steps_read
from core.templates.editing.variables import add_variable


@pytest.mark.parametrize(
    ("text", "renamed"),
    [
        ("{{ old }} and {{old|upper}}", "{{ new }} and {{new|upper}}"),
        ("{{ old.name }} {{ x.old }}", "{{ new.name }} {{ x.old }}"),
        ("{{ variables.old }} {{ variables['old'] }}", "{{ variables.new }} {{ variables['new'] }}"),  # noqa: E501
        ("{% for old in xs %}{{ old }}{% endfor %}{{ old }}", "{% for new in xs %}{{ new }}{% endfor %}{{ new }}"),  # noqa: E501
        ("{{ variables . old }}", "{{ variables . new }}"),
        ("{% if old == 'old' %}old{% endif %}", "{% if new == 'old' %}old{% endif %}"),
        ("{%- if not old -%} a {%- endif %}", "{%- if not new -%} a {%- endif %}"),
        ("{% for x in old %}{{ x }}{% endfor %}", "{% for x in new %}{{ x }}{% endfor %}"),
        ("{{ a.b.old }} old {# old #}", "{{ a.b.old }} old {# old #}"),
        ("{{ old_2 }} {{ my_old }}", "{{ old_2 }} {{ my_old }}"),
    ],
)  # fmt: skip
def test_a_name_is_renamed_only_where_it_is_the_variable(text: str, renamed: str) -> None:
    read = any(n in text for n in ("{{ old }}", "variables", "if old", "not old", "in old", "old."))
    if not read:
        assert not reads_name(text, "old")
        assert rename_in(text, "old", "new") in (text, None)
        return
    assert rename_in(text, "old", "new") == renamed


@pytest.mark.parametrize(
    "text",
    [
        "{% set new = 1 %}{{ old }}{{ new }}",
        "{{ old",
    ],
    ids=["new name is set", "no template"],
)
def test_a_name_that_means_two_things_is_left_to_a_person(text: str) -> None:
    assert rename_in(text, "old", "new") is None


def test_a_condition_is_code_from_end_to_end() -> None:
    assert rename_in("old == 'a' and x", "old", "new", is_condition=True) == "new == 'a' and x"
    assert names_in("old is defined", is_condition=True) == {"old"}


def full() -> dict[str, Any]:
    data = minimal_template("Tickets")
    for name, kind in (("level", "category"), ("part", "subcategory"), ("who", "persona")):
        data = add_variable(data, name, kind)
    data["variables"][2]["sampler"]["age_variable"] = "level"
    data["variables"][0]["sampler"]["values"] = ["18-29", "65+"]
    data["variables"][1]["sampler"]["values"] = {"18-29": ["general"], "65+": ["general"]}
    data["variables"][1]["when"] = "level == '65+'"
    data["user"] = "About {{ level }}."
    data["mapping"]["input"] = "{{ variables.level }}"
    data["constraints"] = [
        {"kind": "inequality", "left": "level", "operator": "!=", "right": "part"},
        {"kind": "exclusion", "values": {"level": ["65+"], "part": ["general"]}},
        {"kind": "rule", "when": "level == '18-29'", "then": "part is defined"},
    ]
    data["groups"] = [{"variable": "level", "target": {"65+": 0.5, "18-29": 0.5}}]
    data["checks"] = {"rules": [{"name": "r", "condition": "level != ''", "message": "m"}]}
    return data


def test_a_renamed_variable_is_renamed_in_every_part() -> None:
    done = rename_variable(full(), "level", "severity")
    assert done.left == []
    text = whole_text(done.data)
    assert "level" not in text
    assert done.data["constraints"][1]["values"] == {"severity": ["65+"], "part": ["general"]}
    assert set(done.changed) >= {
        "user prompt", "condition of part", "sampler of part", "sampler of who", "constraint 1",
        "constraint 2", "constraint 3", "target shares of level", "mapping of the input", "rule r",
    }  # fmt: skip


def test_a_place_that_cannot_be_renamed_is_named() -> None:
    data = full()
    data["user"] = "{% set severity = 3 %}{{ severity }} {{ level }}"
    done = rename_variable(data, "level", "severity")
    assert done.left == ["user prompt"]
    assert done.data["user"] == data["user"]
    assert uses_of(done.data, "level") == ["user prompt"]


def test_a_name_that_is_taken_is_refused() -> None:
    with pytest.raises(ValueError, match="already"):
        rename_variable(full(), "level", "part")


def test_the_first_step_takes_the_prompt_and_output_that_were_there() -> None:
    data = minimal_template("Chain")
    one = add_step(data)
    assert read_draft(whole_text(one)).definition is not None
    assert one["mapping"]["response"] == "{{ output.draft.text }}"
    assert "user" not in one
    two = add_step(one)
    assert read_draft(whole_text(two)).definition is not None
    assert steps_read(two) == [("draft", "revision")]
    assert delete_step(one, 0) == {**data, "mapping": data["mapping"]}


def test_a_renamed_step_is_renamed_where_its_answer_is_read() -> None:
    data = rename_step(add_step(add_step(minimal_template("Chain"))), 0, "question")
    assert data["steps"][0]["name"] == "question"
    assert "output.question" in data["steps"][1]["user"]
    assert data["mapping"]["response"] == "{{ output.question.text }}"
    assert read_draft(whole_text(data)).definition is not None


def test_steps_that_change_places_keep_what_they_read() -> None:
    data = add_step(add_step(add_step(minimal_template("Chain"))))
    moved = move_step(data, 2, -1)
    assert [s["name"] for s in moved["steps"]] == ["draft", "revision_2", "revision"]
    reading = read_draft(whole_text(moved))
    assert reading.data is not None
    assert reading.problem is not None, "a step reads one that comes after it"


@pytest.mark.parametrize("kind", ["inequality", "exclusion", "rule"])
def test_a_new_constraint_of_each_kind_is_valid_at_once(kind: str) -> None:
    data = add_constraint(full() | {"constraints": []}, kind)
    reading = read_draft(whole_text(data))
    assert reading.definition is not None, reading.problem
    assert in_words(data["constraints"][0])


def test_a_constraint_changes_kind_and_sides() -> None:
    data = change_constraint(full(), 0, "rule")
    assert data["constraints"][0] == {"kind": "rule", "then": "level != part"}
    data = set_right(full(), 0, "3")
    assert data["constraints"][0]["right"] == 3
    assert set_right(full(), 0, "part")["constraints"][0]["right"] == "part"
    assert set_right(full(), 0, "nan")["constraints"][0]["right"] == "nan"
    excluded = exclude_variables(full(), 1, ["part", "level"])
    assert excluded["constraints"][1]["values"] == {"part": ["general"], "level": ["65+"]}
