"""Word lists and twins over REST."""

from typing import Any

import pytest
from factories import DEFINITION, make_batch, make_samples, make_template
from starlette.testclient import TestClient

from core.db.tables import Batch
from core.db.workspace import Workspace

LINES = "Hot: tea, coffee\nCold: juice, milk\nEarly: dawn, noon\nLate: dusk, night"
GENDER = {"name": "gender", "sampler": {"kind": "category", "values": ["woman", "man"]}}
CHANGE = {"variable": "gender", "value_from": "woman", "value_to": "man"}


@pytest.fixture
def batch(workspace: Workspace) -> Batch:
    version = make_template(
        workspace, variables=[*DEFINITION["variables"], GENDER],
        user="A {{ gender }} asks about {{ topic }}.",
    )  # fmt: skip
    batch = make_batch(workspace, version, n=8)
    rows = [{"variables": {"topic": "cards", "gender": ("woman", "man")[i % 2]}} for i in range(8)]
    make_samples(workspace, batch, 8, rows=rows)
    return batch


def test_a_published_test_is_imported_changed_retired_and_restored(client: TestClient) -> None:
    made = client.post(
        "/v1/word-lists/import", json={"text": LINES, "name": "drinks.txt", "source": "a paper"}
    )
    assert made.status_code == 201
    found = made.json()
    assert (found["name"], found["origin"]) == ("drinks", "own")
    assert found["content"]["targets"]["x"] == {"name": "hot", "words": ["tea", "coffee"]}
    body: dict[str, Any] = {k: v for k, v in found["content"].items() if k != "name"}
    changed = client.put("/v1/word-lists/drinks", json={**body, "title": "Drinks"}).json()
    assert changed["content"]["title"] == "Drinks"
    listed = client.get("/v1/word-lists").json()
    assert listed["total"] == 4
    assert client.delete("/v1/word-lists/drinks").json()["is_retired"]
    assert not client.post("/v1/word-lists/drinks/restore").json()["is_retired"]
    assert client.get("/v1/word-lists/drinks").json()["content"]["source"] == "a paper"


def test_what_is_no_word_list_is_refused(client: TestClient) -> None:
    assert client.post("/v1/word-lists/import", json={"text": "prose"}).status_code == 422
    assert client.get("/v1/word-lists/none").status_code == 404
    one_word = {"x": {"name": "a", "words": ["b"]}, "y": {"name": "c", "words": ["d", "e"]}}
    body = {"title": "t", "targets": one_word, "attributes": {}}
    assert client.put("/v1/word-lists/bad", json=body).status_code == 422


def test_twins_are_estimated_launched_and_listed(client: TestClient, batch: Batch) -> None:
    url = f"/v1/batches/{batch.batch_id}/twins"
    assert client.get(url).json()["items"] == []
    estimate = client.post(f"{url}/estimate", json=CHANGE)
    assert estimate.status_code == 200
    assert estimate.json()["n"] == 7  # up to the last woman
    headers = {"Idempotency-Key": "once"}
    made = client.post(url, json={**CHANGE, "pairs": 2}, headers=headers)
    assert made.status_code == 202
    found = made.json()
    assert (found["state"], found["planned"]) == ("queued", 3)
    assert found["report"]["variable"] == "gender"
    again = client.post(url, json={**CHANGE, "pairs": 2}, headers=headers).json()
    assert again["pair_report_id"] == found["pair_report_id"]
    assert [one["pair_report_id"] for one in client.get(url).json()["items"]] == [
        found["pair_report_id"]
    ]
    assert client.get(f"/v1/twins/{found['pair_report_id']}").json()["batch_state"] == "queued"


def test_twins_that_cannot_be_are_refused(client: TestClient, batch: Batch) -> None:
    url = f"/v1/batches/{batch.batch_id}/twins"
    assert client.post(url, json={**CHANGE, "value_from": "robot"}).status_code == 422
    assert client.post("/v1/batches/bat_0/twins", json=CHANGE).status_code == 404
    assert client.get("/v1/twins/par_0").status_code == 404
