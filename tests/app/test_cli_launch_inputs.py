"""What a variable draws from, as the command line takes it."""

from typing import Any

import pytest

from app.cli.launch_inputs import focus_of, input_of
from core.errors import InvalidInput
from core.templates.planning.focus import EVERYTHING, Focus


@pytest.mark.parametrize(
    ("text", "name", "chosen"),
    [
        ("tone=stern", "tone", {"value": "stern"}),
        ("tone=", "tone", {"value": ""}),
        ("level = 3", "level", {"value": 3}),
        ('tone="3"', "tone", {"value": "3"}),
        ('styles=["a", "b"]', "styles", {"value": ["a", "b"]}),
        ('parent={"sample_ids": ["smp_1"]}', "parent", {"sample_ids": ["smp_1"]}),
        ('it={"value": null}', "it", {"value": None}),
        ('it={"other": 1}', "it", {"value": {"other": 1}}),
        ("sum=a=b", "sum", {"value": "a=b"}),
    ],
)
def test_an_input_is_read_as_a_choice_or_as_a_value(
    text: str, name: str, chosen: dict[str, Any]
) -> None:
    assert input_of(text) == (name, chosen)


@pytest.mark.parametrize("text", ["tone", "=stern", " =stern"])
def test_an_input_without_a_variable_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        input_of(text)


def test_cells_and_replaced_values_make_a_focus() -> None:
    assert focus_of([], []) == EVERYTHING
    found = focus_of(["tone=calm, field=retail", '{"size": "1,5"}'], ["sex=f", "age=40"])
    assert found == Focus(
        cells=({"tone": "calm", "field": "retail"}, {"size": "1,5"}),
        replaced={"sex": "f", "age": "40"},
    )


@pytest.mark.parametrize("cell", ["tone", "=calm", "{tone}", "[1]"])
def test_a_cell_without_a_value_is_refused(cell: str) -> None:
    with pytest.raises(InvalidInput):
        focus_of([cell], [])
