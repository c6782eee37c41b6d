import pytest

from core.templates.definition import TemplateDefinition, build_template
from core.templates.diffing import MAX_VALUE_CHARS, FieldChange, diff_definitions

BASE = {
    "name": "tickets", "title": "Tickets", "domain": "support",
    "system": "Be brief.", "user": "Write about {{ product }} in a calm voice.",
    "variables": [
        {"name": "product", "sampler": {"kind": "category", "values": ["card", "loan"]}},
        {"name": "age", "sampler": {"kind": "integer", "low": 18, "high": 80}},
    ],
    "output": {
        "type": "object", "required": ["ticket", "actions"],
        "properties": {
            "ticket": {"type": "string", "minLength": 20},
            "actions": {
                "type": "array", "minItems": 1, "maxItems": 4,
                "items": {"type": "object", "properties": {"step": {"type": "string"}}},
            },
        },
    },
    "mapping": {"input": "{{ output.ticket }}", "response": "{{ output.actions }}"},
}  # fmt: skip


def made(**changes: object) -> TemplateDefinition:
    return build_template({**BASE, **changes})


def rows(**changes: object) -> list[FieldChange]:
    return list(diff_definitions(made(), made(**changes)).fields)


def test_equal_definitions_differ_in_nothing() -> None:
    found = diff_definitions(made(), made())
    assert (found.prompts, found.fields) == ((), ())


def test_another_name_alone_is_no_difference() -> None:
    assert rows(name="other") == []


def test_prompts_differ_word_by_word_and_spell_both_texts() -> None:
    found = diff_definitions(made(), made(user="Write about {{ product }} in a worried voice."))
    (prompt,) = found.prompts
    assert prompt.name == "User prompt"
    assert "".join(p.text for p in prompt.parts if p.kind != "added") == BASE["user"]
    assert [p.text.strip() for p in prompt.parts if p.kind == "removed"] == ["calm"]
    assert [p.text.strip() for p in prompt.parts if p.kind == "added"] == ["worried"]
    assert found.fields == ()


def test_a_schema_field_is_added_removed_or_changed_keyword_by_keyword() -> None:
    output = {
        "type": "object", "required": ["ticket"],
        "properties": {
            "ticket": {"type": "string", "minLength": 40},
            "actions": {
                "type": "array", "minItems": 1, "maxItems": 3,
                "items": {
                    "type": "object",
                    "properties": {"step": {"type": "string"}, "owner": {"type": "string"}},
                },
            },
            "tone": {"type": "string", "enum": ["calm", "firm"]},
        },
    }  # fmt: skip
    assert rows(output=output) == [
        FieldChange("Output", "/ticket · minLength", "changed", "20", "40"),
        FieldChange("Output", "/actions · maxItems", "changed", "4", "3"),
        FieldChange("Output", "/actions · required", "changed", "yes", "no"),
        FieldChange("Output", "/actions[]/owner", "added", None, "type string, required no"),
        FieldChange(
            "Output", "/tone", "added", None,
            'type string, enum ["calm", "firm"], required no',
        ),
    ]  # fmt: skip


def test_a_removed_field_says_what_it_was() -> None:
    output = {
        "type": "object",
        "required": ["ticket"],
        "properties": {"ticket": {"type": "string"}},
    }
    found = rows(
        output=output,
        mapping={"input": "{{ output.ticket }}", "response": "{{ output.ticket }}"},
    )
    assert FieldChange(
        "Output", "/actions", "removed", "type array, minItems 1, maxItems 4, required yes", None
    ) in found  # fmt: skip
    assert FieldChange("Output", "/ticket · minLength", "removed", "20", None) in found


def test_a_category_changes_value_by_value() -> None:
    variables = [
        {
            "name": "product",
            "sampler": {"kind": "category", "values": [{"value": "card", "weight": 3}, "savings"]},
        },
        BASE["variables"][1],
    ]
    assert rows(variables=variables) == [
        FieldChange("Variables", "product · value card", "changed", "1", "3"),
        FieldChange("Variables", "product · value loan", "removed", "1", None),
        FieldChange("Variables", "product · value savings", "added", None, "1"),
    ]


def test_variables_in_another_order_are_a_difference() -> None:
    assert rows(variables=BASE["variables"][::-1]) == [
        FieldChange("Variables", "order", "changed", "product, age", "age, product")
    ]


def test_checks_and_settings_are_compared_with_their_defaults() -> None:
    found = rows(checks={"min_chars": 50}, model={"temperature": 0.2}, description="New.")
    assert found == [
        FieldChange("Checks", "min_chars", "changed", "20", "50"),
        FieldChange("Settings", "description", "added", None, "New."),
        FieldChange("Settings", "model · temperature", "changed", "0.8", "0.2"),
    ]


@pytest.mark.parametrize("tail", ["one", "two"])
def test_long_examples_that_differ_at_their_end_are_told_apart(tail: str) -> None:
    long = "x" * (2 * MAX_VALUE_CHARS)
    example = {"user": f"{long} {tail}", "output": {"ticket": "a" * 20, "actions": [{"step": "b"}]}}
    other = {**example, "user": f"{long} end"}
    found = diff_definitions(made(examples=[example]), made(examples=[other])).fields
    assert sorted(row.change for row in found) == ["added", "removed"]


def test_steps_are_compared_prompt_by_prompt() -> None:
    def steps(prompt: str) -> dict[str, object]:
        answer = {
            "type": "object", "required": ["text"], "properties": {"text": {"type": "string"}},
        }  # fmt: skip
        return {
            "user": "",
            "steps": [
                {"name": "question", "user": "Ask about {{ product }}.", "output": answer},
                {"name": "reply", "user": prompt, "output": answer},
            ],
            "mapping": {
                "input": "{{ output.question.text }}",
                "response": "{{ output.reply.text }}",
            },
        }

    base = {key: value for key, value in BASE.items() if key != "output"}
    before = build_template({**base, **steps("Answer {{ output.question.text }}")})
    after = build_template({**base, **steps("Kindly answer {{ output.question.text }}")})
    found = diff_definitions(before, after)
    assert [prompt.name for prompt in found.prompts] == ["Step reply, user prompt"]
    assert found.fields == ()
