import threading
from typing import Any

import pytest
from factories import make_batch, make_samples
from starlette.testclient import TestClient

from core.db.workspace import Workspace
from core.jobs.workflows import WorkerContext, run_batch

TEMPLATE = "banking-expert-answer"
GROW = {"operation": "grow_values", "template_id": TEMPLATE, "variable": "mood", "count": 6}


def launch(client: TestClient, path: str = "/v1/expansions", **body: Any) -> Any:
    response = client.post(path, json=body)
    assert response.status_code == 202, response.text
    return response.json()["batch"]


def run(workspace: Workspace, batch_id: str) -> None:
    assert run_batch(WorkerContext(workspace, "wrk_test", threading.Event()), batch_id) == (
        "completed"
    )


def test_values_are_grown_decided_and_put_into_the_template(
    client: TestClient, workspace: Workspace
) -> None:
    batch = launch(client, **GROW)
    assert (batch["kind"], batch["state"], batch["n"]) == ("expansion", "queued", 3)
    run(workspace, batch["batch_id"])
    query = {"batch_id": batch["batch_id"], "state": "proposed"}
    rows = client.get("/v1/candidates", params=query).json()["items"]
    assert len(rows) >= 3
    ids = [row["candidate_id"] for row in rows[:2]]
    body = {"candidate_ids": ids, "decision": "accepted"}
    decided = client.post("/v1/candidates/decisions", json=body).json()
    assert [row["state"] for row in decided] == ["accepted", "accepted"]
    version = client.get(f"/v1/templates/{TEMPLATE}/versions").json()["items"][0]
    application = {"candidate_ids": ids, "template_version_id": version["template_version_id"]}
    applied = client.post("/v1/candidates/application", json=application).json()
    assert all(row["text"] in applied["yaml"] for row in rows[:2])
    assert client.get(f"/v1/templates/{TEMPLATE}/versions").json()["items"] == [version]
    refused = {**application, "candidate_ids": [rows[2]["candidate_id"]]}
    assert client.post("/v1/candidates/application", json=refused).status_code == 422
    listed = client.get("/v1/expansions", params={"operation": "grow_values"}).json()["items"]
    assert [item["batch_id"] for item in listed] == [batch["batch_id"]]
    assert client.get("/v1/samples").json()["items"] == []


def test_a_prompt_is_rewritten_and_saved_as_a_named_version(
    client: TestClient, workspace: Workspace
) -> None:
    version = client.get(f"/v1/templates/{TEMPLATE}/versions").json()["items"][0]
    batch = launch(client, operation="rewrite_prompt", template_id=TEMPLATE, count=1)
    run(workspace, batch["batch_id"])
    query = {"batch_id": batch["batch_id"]}
    row = client.get("/v1/candidates", params=query).json()["items"][0]
    ids = [row["candidate_id"]]
    client.post("/v1/candidates/decisions", json={"candidate_ids": ids, "decision": "accepted"})
    saved = client.post(
        f"/v1/candidates/{ids[0]}/versions",
        json={"template_version_id": version["template_version_id"]},
    )
    assert saved.status_code == 201
    assert saved.json()["number"] == 2
    assert saved.json()["name"].startswith("Variant: ")
    assert ids[0] in saved.json()["note"]


def test_an_instruction_is_evolved_and_kept_as_a_scenario(
    client: TestClient, workspace: Workspace
) -> None:
    batch = launch(
        client, operation="evolve", template_id=TEMPLATE, count=2, direction="deeper",
        instruction="How do I block a card?",
    )  # fmt: skip
    run(workspace, batch["batch_id"])
    rows = client.get("/v1/candidates", params={"operation": "evolve"}).json()["items"]
    ids = [row["candidate_id"] for row in rows if row["state"] == "proposed"]
    client.post("/v1/candidates/decisions", json={"candidate_ids": ids, "decision": "accepted"})
    body = {"candidate_ids": ids, "domain": "banking"}
    kept = client.post("/v1/candidates/scenarios", json=body).json()
    assert kept == {"added": len(ids)}
    assert client.post("/v1/candidates/scenarios", json=body).json() == {"added": 0}


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("expansions", {**GROW, "variable": "nothing"}, 422),
        ("expansions", {**GROW, "template_id": "nothing"}, 404),
        ("expansions", {**GROW, "template_id": None}, 422),
        ("expansions", {**GROW, "typo": 1}, 422),
        ("expansions", {**GROW, "connection": "openai"}, 409),
        ("candidates/decisions", {"candidate_ids": ["cnd_x"], "decision": "accepted"}, 404),
        ("augmentations", {"operation": "noise", "parents": {}}, 422),
        ("augmentations", {"operation": "mirror", "parents": {}}, 422),
    ],
    ids=str,
)
def test_what_cannot_work_is_refused(
    client: TestClient, path: str, body: dict[str, Any], status: int
) -> None:
    response = client.post(f"/v1/{path}", json=body)
    assert response.status_code == status, response.text
    assert response.json()["error"]["message"]
    assert client.get("/v1/expansions").json()["items"] == []


def test_the_same_key_launches_one_expansion(client: TestClient) -> None:
    key = {"Idempotency-Key": "grow-1"}
    batches = [client.post("/v1/expansions", json=GROW, headers=key).json() for _ in range(2)]
    assert batches[0]["batch"]["batch_id"] == batches[1]["batch"]["batch_id"]


def test_an_estimate_comes_before_the_launch(client: TestClient) -> None:
    found = client.post("/v1/expansions/estimate", json=GROW).json()
    assert (found["n"], found["cost_usd"]) == (3, "0")
    assert client.get("/v1/expansions").json()["items"] == []


def test_samples_are_derived_and_listed_with_their_kind(
    client: TestClient, workspace: Workspace
) -> None:
    parents = make_samples(workspace, make_batch(workspace), 3)
    body = {"operation": "noise", "parents": {"batch_ids": [parents[0].batch_id]}, "variants": 2}
    assert client.post("/v1/augmentations/estimate", json=body).json()["n"] == 6
    batch = launch(client, "/v1/augmentations", **body)
    assert (batch["kind"], batch["n"], batch["model"]) == ("augmentation", 6, "rule")
    run(workspace, batch["batch_id"])
    made = client.get("/v1/samples", params={"batch_id": batch["batch_id"]}).json()["items"]
    assert len(made) == 6
    assert {row["domain"] for row in made} == {"banking"}
