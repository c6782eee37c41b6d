from factories import make_batch, make_samples, make_template
from starlette.testclient import TestClient

from core.db.workspace import Workspace

ROWS = [{"variables": {"topic": topic}} for topic in ("loans", "savings", "transfers")]


def thin_batch(workspace: Workspace) -> str:
    """Of four topics, one has no sample."""
    batch = make_batch(workspace, n=12)
    make_samples(workspace, batch, rows=ROWS * 3)
    return batch.batch_id


def test_gaps_of_a_grid_are_listed_estimated_and_filled(
    client: TestClient, workspace: Workspace
) -> None:
    url = f"/v1/insights/{thin_batch(workspace)}/gaps"
    found = client.get(url).json()
    assert (found["names"], found["cells"], found["filled"]) == (["topic"], 4, 3)
    assert found["coverage"] == 0.75
    (gap,) = found["gaps"]
    assert (gap["label"], gap["wanted"], gap["present"], gap["missing"]) == ("topic cards", 3, 0, 3)
    body = {"gap_ids": [gap["gap_id"]], "n": 20}
    estimated = client.post(f"{url}/estimate", json=body).json()
    assert (estimated["n"], estimated["cost_usd"]) == (20, "0")
    key = {"Idempotency-Key": "fill-1"}
    made = client.post(f"{url}/fill", json=body, headers=key)
    assert made.status_code == 202
    assert made.json()["focus"] == {"cells": [{"topic": "cards"}]}
    assert made.json()["origin"]["operation"] == "fill_gap"
    again = client.post(f"{url}/fill", json=body, headers=key).json()
    assert again["batch_id"] == made.json()["batch_id"]
    (fill,) = client.get(url).json()["fills"]
    assert (fill["state"], fill["n"], fill["covered_then"]) == ("queued", 20, 0.75)
    assert [g["label"] for g in fill["gaps"]] == ["topic cards"]


def test_what_every_cell_wants_can_be_raised(client: TestClient, workspace: Workspace) -> None:
    url = f"/v1/insights/{thin_batch(workspace)}/gaps"
    found = client.get(url, params={"at_least": 5}).json()
    assert {gap["wanted"] for gap in found["gaps"]} == {5}
    assert len(found["gaps"]) == 4


def test_unknown_gaps_and_scopes_are_refused(client: TestClient, workspace: Workspace) -> None:
    url = f"/v1/insights/{thin_batch(workspace)}/gaps"
    body = {"gap_ids": ["cell_none"], "n": 20}
    assert client.post(f"{url}/fill", json=body).status_code == 404
    assert client.post(f"{url}/fill", json=body | {"n": 0}).status_code == 422
    assert client.get("/v1/insights/bat_none/gaps").status_code == 404
    assert client.get("/v1/insights/x/gaps").status_code == 404


def test_a_reference_is_measured_by_a_worker_and_read(
    client: TestClient, workspace: Workspace
) -> None:
    left = thin_batch(workspace)
    other = make_batch(workspace, make_template(workspace, "other"))
    make_samples(workspace, other)
    url = f"/v1/insights/{left}/references"
    assert client.get(f"{url}/{other.batch_id}").json()["state"] == "none"
    asked = client.post(url, json={"reference_id": other.batch_id, "part": "inputs"})
    assert (asked.status_code, asked.json()["state"]) == (202, "queued")
    assert asked.json()["report"]["part"] == "inputs"
    assert [found["reference_id"] for found in client.get(url).json()] == [other.batch_id]
    (job,) = client.get("/v1/jobs").json()["items"]
    assert job["name"] == "measure_coverage"
    assert client.post(url, json={"reference_id": left}).status_code == 422
    assert client.post(url, json={"reference_id": "src_none"}).status_code == 404
