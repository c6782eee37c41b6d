"""Acting on chosen samples, and comparing scopes, over REST."""

from factories import make_batch, make_samples, make_template
from starlette.testclient import TestClient

from core.db.workspace import Workspace


def verdict_of(client: TestClient, sample_id: str) -> str:
    return str(client.get(f"/v1/samples/{sample_id}").json()["sample"]["verdict"])


def test_many_are_rejected_and_taken_back(client: TestClient, workspace: Workspace) -> None:
    ids = [s.sample_id for s in make_samples(workspace, make_batch(workspace), 3)]
    answer = client.post("/v1/reviews/rejections", json={"sample_ids": ids, "reason": "wrong"})
    assert answer.status_code == 200, answer.text
    done = answer.json()
    assert (done["decided"], done["left_alone"]) == (3, 0)
    assert verdict_of(client, ids[0]) == "rejected"
    undo = f"/v1/reviews/rejections/{done['bulk_id']}/undo"
    assert client.post(undo).json()["decided"] == 3
    assert verdict_of(client, ids[0]) == "accepted"
    assert client.post(undo).status_code == 404
    empty = client.post("/v1/reviews/rejections", json={"sample_ids": [], "reason": "wrong"})
    assert empty.status_code == 422


def test_samples_become_examples_of_a_draft(client: TestClient, workspace: Workspace) -> None:
    version = make_template(workspace)
    ids = [s.sample_id for s in make_samples(workspace, make_batch(workspace, version), 2)]
    found = client.post("/v1/draft-examples", json={"sample_ids": ids}).json()
    assert found == {"template_id": version.template_id, "added": 2, "left_out": 0}
    assert client.post("/v1/draft-examples", json={"sample_ids": ["smp_none"]}).status_code == 404


def test_more_like_some_is_estimated_and_launched_once(
    client: TestClient, workspace: Workspace
) -> None:
    batch = make_batch(workspace, make_template(workspace))
    ids = [s.sample_id for s in make_samples(workspace, batch, 4)]
    body = {"sample_ids": ids[:1], "shown_ids": ids[:1], "n": 7, "intent": "wish"}
    assert client.post("/v1/similar-batches/estimate", json=body).json()["n"] == 7
    launched = client.post("/v1/similar-batches", json=body)
    assert launched.status_code == 202, launched.text
    again = client.post("/v1/similar-batches", json=body).json()
    assert again["batch_id"] == launched.json()["batch_id"]
    assert again["n"] == 7


def test_two_scopes_are_compared_later(client: TestClient, workspace: Workspace) -> None:
    version = make_template(workspace)
    a, b = (make_batch(workspace, version).batch_id for _ in range(2))
    answer = client.post("/v1/scope-comparisons", json={"a_id": a, "b_id": b})
    assert answer.status_code == 202, answer.text
    wanted = answer.json()
    assert (wanted["state"], wanted["a"]) == ("queued", {"kind": "batch", "id": a})
    one = client.get(f"/v1/scope-comparisons/{wanted['pair_report_id']}").json()
    assert client.get("/v1/scope-comparisons").json()["items"] == [one]
    same = client.post("/v1/scope-comparisons", json={"a_id": a, "b_id": a})
    assert same.status_code == 422, same.text
    assert client.get("/v1/scope-comparisons/prp_none").status_code == 404
