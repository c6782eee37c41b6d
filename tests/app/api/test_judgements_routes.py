"""Rubrics and judgements through the API: save, estimate, launch, read, report."""

import threading

import pytest
from factories import make_batch, make_samples
from starlette.testclient import TestClient

from core.db.workspace import Workspace
from core.jobs.workflows import WorkerContext, run_batch

RUBRIC = {
    "name": "short-and-true",
    "title": "Short and true",
    "criteria": [
        {"name": "accuracy", "question": "Is it true?", "weight": 3, "anchors": {"1": "No."}},
        {"name": "clarity", "question": "Is it clear?"},
    ],
}


@pytest.fixture
def rubric_id(client: TestClient) -> str:
    saved = client.post("/v1/rubrics", json={"definition": RUBRIC, "note": "begin"})
    assert saved.status_code == 201, saved.text
    return str(saved.json()["rubric_id"])


def finish(workspace: Workspace, batch_id: str) -> None:
    context = WorkerContext(workspace, "wrk_test", threading.Event())
    assert run_batch(context, batch_id) == "completed"


def test_a_rubric_is_saved_listed_and_read(client: TestClient, rubric_id: str) -> None:
    again = client.post("/v1/rubrics", json={"definition": RUBRIC}).json()
    assert again["number"] == 1
    changed = client.post("/v1/rubrics", json={"definition": {**RUBRIC, "title": "New"}}).json()
    assert changed["number"] == 2
    (row,) = client.get("/v1/rubrics").json()["items"]
    assert (row["name"], row["version_count"]) == ("short-and-true", 2)
    assert client.get("/v1/rubrics/short-and-true").json()["rubric_id"] == rubric_id
    versions = client.get(f"/v1/rubrics/{rubric_id}/versions").json()["items"]
    assert [v["number"] for v in versions] == [2, 1]
    assert versions[1]["definition"]["criteria"][0]["anchors"] == {"1": "No."}
    refused = client.post("/v1/rubrics", json={"definition": {**RUBRIC, "criteria": []}})
    assert refused.status_code == 422
    assert "criteria" in refused.text
    assert client.get("/v1/rubrics/nothing").status_code == 404


def test_a_starter_becomes_a_rubric_of_ones_own(client: TestClient) -> None:
    starters = client.get("/v1/rubrics/starters").json()
    name = starters[0]["name"]
    taken = client.post(f"/v1/rubrics/starters/{name}")
    assert taken.status_code == 201
    assert [row["name"] for row in client.get("/v1/rubrics").json()["items"]] == [name]
    assert client.post("/v1/rubrics/starters/none").status_code == 404


def test_samples_are_judged_and_reported(
    client: TestClient, workspace: Workspace, rubric_id: str
) -> None:
    samples = make_samples(workspace, make_batch(workspace), 4)
    body = {"rubric_id": "short-and-true", "which": "all", "seed": 1,
            "judges": [{}, {"connection": "offline", "model": "offline-2"}]}  # fmt: skip
    estimates = client.post("/v1/judgements/estimate", json=body).json()
    assert [(e["n"], e["cost_usd"]) for e in estimates] == [(4, "0"), (4, "0")]
    assert client.get("/v1/judgements/batches").json()["items"] == []
    headers = {"Idempotency-Key": "once"}
    launched = client.post("/v1/judgements", json=body, headers=headers)
    assert launched.status_code == 202, launched.text
    batches = [view["batch"]["batch_id"] for view in launched.json()]
    again = client.post("/v1/judgements", json=body, headers=headers).json()
    assert [view["batch"]["batch_id"] for view in again] == batches
    for batch_id in batches:
        finish(workspace, batch_id)
    listed = client.get("/v1/judgements/batches").json()["items"]
    assert {row["batch_id"] for row in listed} == set(batches)
    sample_id = samples[0].sample_id
    rows = client.get("/v1/judgements", params={"sample_id": sample_id}).json()["items"]
    assert {row["judge"] for row in rows} == {"offline / offline-1", "offline / offline-2"}
    assert set(rows[0]["reasons"]) == {"accuracy", "clarity"}
    version_id = rows[0]["rubric_version_id"]
    report = client.get("/v1/judgements/report", params={"rubric_version_id": version_id}).json()
    assert (report["samples"], report["judgements"]) == (4, 8)
    assert report["judge_pairs"][0]["samples"] == 4
    of_none = client.get(
        "/v1/judgements/report", params={"rubric_version_id": version_id, "batch_id": "bat_none"}
    ).json()
    assert of_none["samples"] == 0
    detail = client.get(f"/v1/samples/{sample_id}").json()
    assert "judge" in {finding["check"] for finding in detail["findings"]}


def test_a_judging_that_names_no_rubric_or_nothing_to_judge_is_refused(
    client: TestClient, rubric_id: str
) -> None:
    both = {"rubric_id": rubric_id, "rubric_version_id": "rbv_x"}
    for body in ({}, both):
        assert client.post("/v1/judgements", json=body).status_code == 422
    empty = client.post("/v1/judgements", json={"rubric_id": rubric_id})
    assert empty.status_code == 422
    assert "undecided" in empty.text
    assert client.post("/v1/judgements", json={"rubric_id": "none"}).status_code == 404
    missing = client.get("/v1/judgements/report", params={"rubric_version_id": "rbv_none"})
    assert missing.status_code == 404
