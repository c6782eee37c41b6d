from typing import Any

import pytest
from factories import make_samples
from starlette.testclient import TestClient

from core.db.workspace import Workspace
from core.generation.batches import get_batch
from core.templates.starters import starter_definitions

NAME = starter_definitions()[0].name


def yaml_of(client: TestClient) -> str:
    return client.get(f"/v1/templates/{NAME}/download").text


def test_a_plan_shows_cells_and_first_samples_and_stores_nothing(client: TestClient) -> None:
    body = {"template": NAME, "n": 40, "seed": 3, "samples": 2}
    found = client.post("/v1/templates/plan", json=body).json()
    assert sum(cell["planned"] for cell in found["cells"]) == 40
    assert [one["plan_index"] for one in found["samples"]] == [0, 1]
    assert client.post("/v1/templates/plan", json=body).json() == found
    unsaved = yaml_of(client).replace(f"name: {NAME}", "name: unsaved")
    same = client.post("/v1/templates/plan", json={**body, "template": None, "yaml": unsaved})
    assert same.json()["cells"] == found["cells"]
    assert client.get("/v1/templates/unsaved").status_code == 404
    assert client.get("/v1/batches").json()["items"] == []


@pytest.mark.parametrize(
    "body",
    [{"n": 5}, {"n": 5, "template": NAME, "yaml": "a: b"}, {"n": 0, "template": NAME}],
    ids=["nothing to plan", "two templates", "no samples"],
)
def test_a_plan_that_says_too_little_or_too_much_is_refused(
    client: TestClient, body: dict[str, Any]
) -> None:
    assert client.post("/v1/templates/plan", json=body).status_code == 422


def test_a_preview_of_a_saved_and_an_unsaved_text_runs_over_one_plan(
    client: TestClient, workspace: Workspace
) -> None:
    unsaved = yaml_of(client) + "\n# a comment\n"
    unsaved = unsaved.replace("title: ", "title: New ", 1)
    sides = [{"template": NAME, "connection": "offline"},
             {"yaml": unsaved, "connection": "offline"}]  # fmt: skip
    body = {"sides": sides, "n": 2}
    headers = {"Idempotency-Key": "click"}
    answer = client.post("/v1/templates/preview", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    a, b = answer.json()
    assert (a["kind"], a["priority"], a["seed"]) == ("preview", 1, b["seed"])
    assert a["template_version_id"] != b["template_version_id"]
    again = client.post("/v1/templates/preview", json=body, headers=headers).json()
    assert [batch["batch_id"] for batch in again] == [a["batch_id"], b["batch_id"]]
    assert client.get(f"/v1/templates/{NAME}/versions").json()["items"][0]["number"] == 1


def test_a_preview_shows_prompts_verdicts_and_the_estimate(
    client: TestClient, workspace: Workspace
) -> None:
    side = {"template": NAME, "connection": "offline"}
    (batch,) = client.post("/v1/templates/preview", json={"sides": [side], "n": 2}).json()
    variables = client.post(
        "/v1/templates/plan", json={"template": NAME, "n": 2, "seed": batch["seed"]}
    ).json()["samples"][0]["variables"]
    stored = get_batch(workspace, batch["batch_id"])
    make_samples(workspace, stored, 1, variables=variables, output={"question": 3})
    found = client.get(f"/v1/previews/{batch['batch_id']}", params={"n": 500}).json()
    (sample,) = found["samples"]
    assert [message["role"] for message in sample["prompts"][0]["messages"]] == ["system", "user"]
    states = {row["path"]: row for row in sample["fields"]}
    assert states["/question"]["state"] == "wrong"
    assert states["/question"]["problems"] == ["must be text, not a number"]
    assert states["/answer"]["problems"] == ["is required but missing"]
    assert (found["sums"]["finished"], found["sums"]["compliant"]) == (1, 0)
    assert found["full_batch"]["n"] == 500
    assert client.get("/v1/previews/bat_ghost").status_code == 404


def test_eleven_samples_and_three_sides_are_no_preview(client: TestClient) -> None:
    side = {"template": NAME}
    for body in ({"sides": [side], "n": 11}, {"sides": [side] * 3}, {"sides": []}):
        assert client.post("/v1/templates/preview", json=body).status_code == 422


def test_a_template_that_does_not_render_fails_the_check(client: TestClient) -> None:
    text = yaml_of(client).replace("user: |", "user: |\n  {{ 1 / 0 }}", 1)
    refused = client.post("/v1/templates/validate", json={"yaml": text})
    assert refused.status_code == 422
    assert refused.json()["error"]["code"] == "template_invalid"
