from typing import Any

from factories import make_samples
from starlette.testclient import TestClient

from core.db.tables import Batch
from core.db.workspace import Workspace
from core.templates.starters import starter_definitions

NAME = starter_definitions()[0].name


def second_version(client: TestClient) -> None:
    yaml = client.get(f"/v1/templates/{NAME}/download").text
    text = yaml.replace("title: ", "title: New ", 1)
    assert client.post("/v1/templates", json={"yaml": text}).json()["number"] == 2


def launched(client: TestClient, **changes: Any) -> dict[str, Any]:
    body = {
        "a": {"template": NAME, "version": "1", "connection": "offline"},
        "b": {"version": "2", "connection": "offline"},
        "n": 30, "name": "Which title?", **changes,
    }  # fmt: skip
    answer = client.post("/v1/comparisons", json=body, headers={"Idempotency-Key": "once"})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_both_sides_are_launched_once_and_listed(client: TestClient) -> None:
    second_version(client)
    found = launched(client)
    assert found["comparison"]["name"] == "Which title?"
    assert found["a"]["batch"]["seed"] == found["b"]["batch"]["seed"]
    assert (found["a"]["progress"]["planned"], found["outcome"]["is_final"]) == (30, False)
    again = launched(client)
    assert again["comparison"] == found["comparison"]
    assert client.get("/v1/comparisons").json()["items"] == [found["comparison"]]
    listed = client.get("/v1/comparisons", params={"template": NAME}).json()["items"]
    assert len(listed) == 1
    others = client.get("/v1/comparisons", params={"template": "grounded-qa"})
    assert others.json()["items"] == []


def test_the_outcome_comes_when_both_have_ended(client: TestClient, workspace: Workspace) -> None:
    second_version(client)
    found = launched(client)
    url = f"/v1/comparisons/{found['comparison']['comparison_id']}"
    with workspace.write() as session:
        batches = [session.get_one(Batch, found["comparison"][f"{side}_batch_id"]) for side in "ab"]
        for batch in batches:
            batch.state = "completed"
    make_samples(workspace, batches[0], 30, verdict="needs_review")
    make_samples(workspace, batches[1], 30)
    outcome = client.get(url).json()["outcome"]
    assert (outcome["is_final"], outcome["pairs"], outcome["is_same_plan"]) == (True, 30, True)
    acceptance = outcome["measures"][0]
    assert (acceptance["measure"], acceptance["better"]) == ("acceptance", "b")
    assert acceptance["sentence"].startswith("B is accepted more often")
    assert acceptance["adjusted_p"] >= acceptance["p_value"]


def test_the_same_twice_and_what_is_not_there_are_refused(client: TestClient) -> None:
    side = {"template": NAME, "connection": "offline"}
    same = client.post("/v1/comparisons", json={"a": side, "b": side, "n": 5})
    assert (same.status_code, same.json()["error"]["code"]) == (422, "invalid_input")
    ghost = client.post("/v1/comparisons", json={"a": side, "b": {"template": "ghost"}, "n": 5})
    assert ghost.status_code == 404
    assert client.get("/v1/comparisons/cmp_ghost").status_code == 404
    assert client.get("/v1/batches").json()["items"] == []
