"""A look at a batch before it is launched, and accepted samples as examples."""

from pathlib import Path
from typing import Any

import pytest
from page_seeds import seed

from core.db.tables import DEFAULT_PROJECT_ID
from core.db.workspace import Workspace
from core.errors import InvalidInput
from core.generation.lookahead import binned, look_ahead
from core.generation.picking import examples_of_sample
from core.generation.samples import SampleFilter, list_samples
from core.review.decisions import submit_review
from core.sources.importing import import_source
from core.templates.definition import build_template
from core.templates.editing.starting import minimal_template
from core.templates.editing.steps import add_step
from core.templates.editing.variables import add_variable


def with_variables() -> dict[str, Any]:
    data = minimal_template("Tickets")
    for name, kind in (("product", "category"), ("days", "integer"), ("who", "persona")):
        data = add_variable(data, name, kind)
    data["user"] = "{{ who.name }} writes about {{ product }} after {{ days }} days."
    return data


def test_quotas_values_and_prompts_are_those_of_the_batch(workspace: Workspace) -> None:
    definition = build_template(with_variables())
    look = look_ahead(workspace, definition, n=40, seed=7, project_id=DEFAULT_PROJECT_ID)
    assert [(c.values, c.planned) for c in look.cells] == [
        ({"product": "first"}, 20), ({"product": "second"}, 20),
    ]  # fmt: skip
    assert look.names == ["product"]
    assert look.variable_names == ["product", "days", "who"]
    assert len(look.rows) == 40
    first = look.rows[0]
    (prompt,) = look.prompts[0]
    expected = f"{first['who']['name']} writes about {first['product']} after {first['days']} days."
    assert prompt.text.endswith(expected)
    assert look.notes == []


def test_later_steps_and_missing_rows_are_shown_with_stand_ins(
    workspace: Workspace, tmp_path: Path
) -> None:
    data = add_step(add_step(minimal_template("Chain")))
    data = add_variable(data, "row", "table_row")
    data["variables"][0]["sampler"] = {
        "kind": "table_row", "source": "orders.csv", "columns": ["id"]
    }  # fmt: skip
    data["steps"][0]["user"] = "Order {{ row.id }}."
    definition = build_template(data)
    look = look_ahead(workspace, definition, n=2, seed=1, project_id=DEFAULT_PROJECT_ID)
    assert [prompt.step for prompt in look.prompts[0]] == ["draft", "revision"]
    assert "orders.csv" in " ".join(look.notes)
    assert "Order a value." in look.prompts[0][0].text
    file = tmp_path / "orders.csv"
    file.write_text("id,city\nA1,Bonn\nA2,Kiel\n")
    import_source(workspace, file)
    look = look_ahead(workspace, definition, n=2, seed=1, project_id=DEFAULT_PROJECT_ID)
    assert {row["row"]["id"] for row in look.rows} == {"A1", "A2"}
    assert "orders.csv" not in " ".join(look.notes)


@pytest.mark.parametrize(
    ("values", "bins"),
    [
        ([1, 1, 3], [("1", 2), ("2", 0), ("3", 1)]),
        ([0.5], [("0–0.2", 0), ("0.2–0.4", 0), ("0.4–0.6", 1), ("0.6–0.8", 0), ("0.8–1", 0)]),
    ],
)
def test_numbers_are_counted_by_value_or_by_interval(
    values: list[float], bins: list[tuple[str, int]]
) -> None:
    assert binned(values) == bins


def test_an_accepted_sample_becomes_an_example(workspace: Workspace) -> None:
    seed(workspace)
    sample = list_samples(workspace, SampleFilter(verdict="accepted"), limit=1)[0]
    (example,) = examples_of_sample(workspace, sample.sample_id)
    assert example["output"] == sample.output
    assert str(sample.variables["topic"]) in example["user"]
    assert "step" not in example
    with pytest.raises(InvalidInput, match="other steps"):
        examples_of_sample(workspace, sample.sample_id, ["draft"])


def test_an_example_is_the_answer_as_a_person_corrected_it(workspace: Workspace) -> None:
    seed(workspace)
    sample = list_samples(workspace, SampleFilter(verdict="accepted"), limit=1)[0]
    assert sample.output is not None
    corrected = {**sample.output, "answer": "A better answer, and a longer one than before it was."}
    submit_review(
        workspace, sample.sample_id, "edit", corrected={"output": corrected},
        correction_type="fact", expected_revision=sample.revision,
    )  # fmt: skip
    (example,) = examples_of_sample(workspace, sample.sample_id)
    assert example["output"] == corrected
