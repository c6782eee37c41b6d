"""Thresholds, groups, trends and alerts over HTTP."""

import pytest
from factories import make_batch, make_finding, make_samples
from starlette.testclient import TestClient

from core.db.ids import new_id
from core.db.tables import Batch, QualityAlert, TemplateVersion
from core.db.workspace import Workspace


@pytest.fixture
def batch(workspace: Workspace) -> Batch:
    """Four samples, one of them with a near duplicate at 0.8."""
    batch = make_batch(workspace, generated=4)
    samples = make_samples(workspace, batch, 4)
    make_finding(workspace, samples[1], "near_duplicate", 0.8, score=1.0)
    return batch


def test_thresholds_are_listed_tried_moved_and_taken_back(client: TestClient, batch: Batch) -> None:
    url = f"/v1/batches/{batch.batch_id}/thresholds"
    listed = {row["name"]: row for row in client.get(url).json()["items"]}
    assert listed["near_duplicate"]["value"] == 0.85
    assert listed["min_chars"]["high"] is None
    changes = {"changes": {"near_duplicate": 0.7}}
    tried = client.post(f"{url}/preview", json=changes).json()
    assert tried["before"]["accepted"] == 4
    assert tried["after"] == {"accepted": 3, "needs_review": 1, "rejected": 0}
    assert tried["moves"][0]["samples"] == 1
    applied = client.patch(url, json=changes)
    assert applied.json() == {"verdicts": {"accepted": 3, "needs_review": 1}}
    listed = {row["name"]: row for row in client.get(url).json()["items"]}
    assert (listed["near_duplicate"]["value"], listed["near_duplicate"]["of_template"]) == (
        0.7, 0.85,
    )  # fmt: skip
    saved = client.post(f"{url}/save", json={"changes": {}, "note": "Stricter."})
    assert (saved.status_code, saved.json()["number"]) == (201, 2)
    assert client.delete(url).json() == {"verdicts": {"accepted": 4}}


def test_a_curve_and_costs_are_computed_from_what_is_stored(
    client: TestClient, batch: Batch
) -> None:
    url = f"/v1/batches/{batch.batch_id}/thresholds"
    points = client.get(f"{url}/near_duplicate/curve").json()
    accepted = {point["value"]: point["accepted"] for point in points}
    assert (accepted[0.5], accepted[0.85]) == (3, 4)
    costs = client.get(f"{url}/costs").json()
    assert costs == [{"check": "near_duplicate", "found": 0, "held_back": 0, "accepted": 4}]
    assert client.get(f"{url}/colour/curve").status_code == 404


def test_thresholds_that_cannot_be_are_refused(client: TestClient, batch: Batch) -> None:
    url = f"/v1/batches/{batch.batch_id}/thresholds"
    refused = client.patch(url, json={"changes": {"near_duplicate": 7}})
    assert refused.status_code == 422
    unknown = client.post("/v1/batches/bat_none/thresholds/preview", json={"changes": {}})
    assert unknown.status_code == 404


def test_groups_and_trends_are_read(client: TestClient, batch: Batch) -> None:
    found = client.get("/v1/quality-groups", params={"by": "variable:topic"}).json()["items"]
    assert {row["key"]: row["samples"] for row in found} == {
        "cards": 1, "loans": 1, "savings": 1, "transfers": 1,
    }  # fmt: skip
    assert found[0]["acceptance"]["value"] == 1.0
    assert client.get("/v1/quality-groups", params={"by": "colour"}).status_code == 422
    trend = client.get("/v1/quality-trends").json()["items"]
    assert [point["batch_id"] for point in trend] == [batch.batch_id]


def test_alerts_are_listed_dismissed_and_restored(
    client: TestClient, workspace: Workspace, batch: Batch
) -> None:
    with workspace.write() as session:
        template_id = session.get_one(TemplateVersion, batch.template_version_id).template_id
        session.add(
            QualityAlert(
                alert_id=new_id("alr"), batch_id=batch.batch_id, template_id=template_id,
                kind="defects", measure="echo", value=0.2, baseline=0.1, p_value=0.001,
                message="Echo: 20 % of the samples.",
            )
        )  # fmt: skip
    (alert,) = client.get("/v1/quality-alerts").json()["items"]
    url = f"/v1/quality-alerts/{alert['alert_id']}"
    assert client.post(f"{url}/dismiss").json()["dismissed_at"]
    assert client.get("/v1/quality-alerts").json()["items"] == []
    assert client.get("/v1/quality-alerts", params={"with_dismissed": True}).json()["items"]
    assert client.post(f"{url}/restore").json()["dismissed_at"] is None
    assert client.post("/v1/quality-alerts/alr_none/dismiss").status_code == 404


def test_the_queue_can_be_ordered_in_every_way(client: TestClient, batch: Batch) -> None:
    for order in ("uncertainty", "disagreement", "coverage", "stratified", "random", "oldest"):
        found = client.get("/v1/reviews/queue", params={"order": order}).json()
        assert len(found["sample_ids"]) == 4
    assert client.get("/v1/reviews/queue", params={"order": "colour"}).status_code == 422
