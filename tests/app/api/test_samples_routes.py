from typing import Any

import pytest
from factories import make_batch, make_finding, make_samples
from starlette.testclient import TestClient

from core.db.tables import Sample
from core.db.workspace import Workspace


@pytest.fixture
def samples(workspace: Workspace) -> list[Sample]:
    verdicts = ["accepted", "needs_review", "rejected", "needs_review"]
    rows = [{"verdict": v, "quality_score": 1 - i / 10} for i, v in enumerate(verdicts)]
    return make_samples(workspace, make_batch(workspace), rows=rows, n=4)


def review(client: TestClient, sample: Sample, **body: Any) -> Any:
    url = f"/v1/samples/{sample.sample_id}/reviews"
    return client.post(url, json={"decision": "accept", "expected_revision": 0} | body)


def test_samples_are_filtered_counted_and_paged(client: TestClient, samples: list[Sample]) -> None:
    waiting = client.get("/v1/samples", params={"verdict": "needs_review", "limit": 1}).json()
    assert (len(waiting["items"]), waiting["total"]) == (1, 2)
    best = client.get("/v1/samples", params={"order": "-quality_score"}).json()["items"]
    assert best[0]["sample_id"] == samples[0].sample_id
    found = client.get(
        "/v1/samples", params={"batch_id": [samples[0].batch_id, "other"], "min_score": 0.85}
    ).json()
    assert found["total"] == 2
    assert client.get("/v1/samples", params={"search": "case number 3"}).json()["total"] == 1
    assert client.get("/v1/samples", params={"min_score": 2}).status_code == 422


def test_a_sample_comes_with_all_it_came_from(
    client: TestClient, workspace: Workspace, samples: list[Sample]
) -> None:
    make_finding(workspace, samples[1], "placeholder", evidence={"text": "[name]"})
    found = client.get(f"/v1/samples/{samples[1].sample_id}").json()
    assert found["sample"]["variables"] == samples[1].variables
    assert found["current"]["response"] == samples[1].response
    assert found["template"]["name"] == "bank-answers"
    assert found["findings"][0]["evidence"] == {"text": "[name]"}
    assert found["chunk"] is None
    assert found["attempts"] == found["reviews"] == []


def test_a_correction_is_a_row_and_the_original_stays(
    client: TestClient, samples: list[Sample]
) -> None:
    corrected = {"response": "Open the app, choose Cards and follow the steps there."}
    response = review(
        client, samples[1], decision="edit", corrected=corrected, correction_type="fact", seconds=9
    )
    assert response.status_code == 201, response.text
    row = response.json()
    assert row["corrected"]["response"] == corrected["response"]
    found = client.get(f"/v1/samples/{samples[1].sample_id}").json()
    assert found["sample"]["response"] == samples[1].response
    assert found["sample"]["verdict"] == "accepted"
    assert found["current"] == found["current"] | corrected | {"review_id": row["review_id"]}
    listed = client.get(f"/v1/samples/{samples[1].sample_id}/reviews").json()["items"]
    assert [item["review_id"] for item in listed] == [row["review_id"]]
    assert client.get("/v1/reviews").json()["items"] == listed


def test_a_decision_on_an_old_revision_is_a_conflict(
    client: TestClient, samples: list[Sample]
) -> None:
    assert review(client, samples[1]).status_code == 201
    late = review(client, samples[1], decision="reject", reason="wrong")
    assert late.status_code == 409
    assert late.json()["error"]["code"] == "conflict"


def test_a_decision_can_be_taken_back_until_none_is_left(
    client: TestClient, samples: list[Sample]
) -> None:
    made = review(client, samples[2]).json()
    undone = client.post("/v1/reviews/undo")
    assert undone.json()["undoes"] == made["review_id"]
    verdict = client.get(f"/v1/samples/{samples[2].sample_id}").json()["sample"]["verdict"]
    assert verdict == "rejected"
    assert client.post("/v1/reviews/undo").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"decision": "edit"},
        {"decision": "reject"},
        {"decision": "edit", "corrected": {}},
        {"decision": "edit", "corrected": {"response": ""}},
        {"decision": "maybe"},
        {"decision": "accept", "expected_revision": -1},
        {"decision": "accept", "seconds": -1},
        {"decision": "edit", "corrected": {"respnse": "x"}},
    ],
    ids=str,
)
def test_a_decision_that_makes_no_sense_is_refused(
    client: TestClient, samples: list[Sample], body: dict[str, Any]
) -> None:
    response = review(client, samples[1], **body)
    assert response.status_code == 422, response.text
    assert client.get("/v1/reviews").json()["items"] == []


def test_the_queue_says_what_waits(client: TestClient, samples: list[Sample]) -> None:
    review(client, samples[0])
    found = client.get("/v1/reviews/queue", params={"batch_id": samples[0].batch_id}).json()
    assert found["waiting"] == 3
    assert found["accepted"] == 1
    assert samples[0].sample_id not in found["sample_ids"]


def test_unknown_samples_are_not_found(client: TestClient) -> None:
    for path in ("/v1/samples/x", "/v1/samples/x/reviews"):
        assert client.get(path).status_code == 404
    body = {"decision": "accept", "expected_revision": 0}
    assert client.post("/v1/samples/x/reviews", json=body).status_code == 404
