from typing import Any

import pytest
from factories import make_batch, make_template
from starlette.testclient import TestClient

from core.db.workspace import Workspace
from core.generation.batches import get_batch

TEMPLATE = "banking-expert-answer"
LAUNCH = {"template_id": TEMPLATE, "n": 20}


def launch(client: TestClient, headers: dict[str, str] | None = None, **body: Any) -> Any:
    return client.post("/v1/batches", json=LAUNCH | body, headers=headers)


@pytest.mark.parametrize("path", ["/v1/batches", "/v1/training-data/generate"])
def test_a_launch_answers_at_once_with_a_queued_batch(client: TestClient, path: str) -> None:
    response = client.post(path, json=LAUNCH | {"seed": 5, "budget_usd": "0.50"})
    assert response.status_code == 202
    found = response.json()
    assert found["batch"]["state"] == "queued"
    assert (found["batch"]["n"], found["batch"]["seed"]) == (20, 5)
    assert found["progress"]["budget_usd"] == "0.5"
    assert found["progress"]["cost_usd"] == "0"
    jobs = client.get("/v1/jobs").json()["items"]
    assert [job["subject"] for job in jobs] == [found["batch"]["batch_id"]]


def test_the_same_idempotency_key_launches_once(client: TestClient) -> None:
    key = {"Idempotency-Key": "form-1"}
    first, second = (launch(client, key).json()["batch"]["batch_id"] for _ in range(2))
    assert first == second
    assert len(client.get("/v1/batches").json()["items"]) == 1
    assert launch(client).json()["batch"]["batch_id"] != first


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"n": 0}, 422, "invalid_input"),
        ({"n": 10**9}, 422, "invalid_input"),
        ({"seed": 2**63}, 422, "invalid_input"),
        ({"typo": 1}, 422, "invalid_input"),
        ({"budget_usd": "NaN"}, 422, "invalid_input"),
        ({"budget_usd": "-1"}, 422, "invalid_input"),
        ({"template_id": "nothing"}, 404, "not_found"),
        ({"template_id": None}, 422, "invalid_input"),
        ({"connection": "nothing"}, 404, "not_found"),
        ({"source_ids": ["nothing"]}, 404, "not_found"),
        ({"parameters": {"typo": 1}}, 422, "invalid_input"),
        ({"connection": "openai"}, 409, "missing_key"),
        ({"connection": "openai", "model": "no-such", "budget_usd": 1}, 409, "unknown_price"),
        ({"template_id": "grounded-qa"}, 422, "invalid_input"),
    ],
    ids=str,
)
def test_a_launch_that_cannot_work_is_refused(
    client: TestClient, body: dict[str, Any], status: int, code: str
) -> None:
    response = launch(client, **body)
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert error["code"] == code
    assert error["message"]
    assert error["remedy"]
    assert client.get("/v1/batches").json()["items"] == []


def test_an_estimate_says_what_it_rests_on(client: TestClient) -> None:
    found = client.post("/v1/batches/estimate", json=LAUNCH).json()
    assert found["cost_usd"] == "0"
    assert found["basis"]
    dear = LAUNCH | {"connection": "openai", "model": "gpt-5"}
    priced = client.post("/v1/batches/estimate", json=dear).json()
    assert float(priced["low_usd"]) < float(priced["cost_usd"]) < float(priced["worst_case_usd"])
    assert {"model", "cost_usd"} == priced["cheaper"][0].keys()


def test_a_preview_is_a_small_batch_of_its_kind(client: TestClient) -> None:
    response = client.post("/v1/batches/previews", json=LAUNCH | {"n": 3})
    assert response.status_code == 202
    assert response.json()["batch"]["kind"] == "preview"
    assert client.get("/v1/batches").json()["items"] == []
    assert len(client.get("/v1/batches", params={"kind": "preview"}).json()["items"]) == 1
    assert client.post("/v1/batches/previews", json=LAUNCH | {"n": 11}).status_code == 422


def test_a_batch_is_paused_resumed_and_cancelled(client: TestClient) -> None:
    url = f"/v1/batches/{launch(client).json()['batch']['batch_id']}"
    assert client.post(f"{url}/pause").json()["batch"]["pause_reason"] == "user"
    resumed = client.post(f"{url}/resume", json={"budget_usd": "1.25"}).json()
    assert (resumed["batch"]["state"], resumed["progress"]["budget_usd"]) == ("queued", "1.25")
    assert client.post(f"{url}/resume").status_code == 409
    assert client.post(f"{url}/cancel").json()["batch"]["state"] == "cancelled"
    assert client.post(f"{url}/pause").json()["error"]["code"] == "conflict"
    lines = client.get(f"{url}/log", params={"limit": 2}).json()["items"]
    assert lines[0]["message"] == "Cancelled."


def test_retrying_a_batch_without_failures_is_refused(
    client: TestClient, workspace: Workspace
) -> None:
    batch = make_batch(workspace)
    assert client.post(f"/v1/batches/{batch.batch_id}/retry").status_code == 422
    assert get_batch(workspace, batch.batch_id).state == "completed"


def test_batches_are_filtered_by_state_and_paged(client: TestClient, workspace: Workspace) -> None:
    for _ in range(3):
        launch(client)
    make_batch(workspace)
    queued = client.get("/v1/batches", params={"state": "queued", "limit": 2}).json()
    assert [item["state"] for item in queued["items"]] == ["queued", "queued"]
    rest = client.get("/v1/batches", params={"state": "queued", "offset": 2}).json()
    assert len(rest["items"]) == 1
    assert client.get("/v1/batches", params={"state": "sleeping"}).status_code == 422


def test_attempts_of_a_batch_without_calls_are_none(client: TestClient) -> None:
    url = f"/v1/batches/{launch(client).json()['batch']['batch_id']}"
    assert client.get(f"{url}/attempts", params={"state": "failed"}).json()["items"] == []


@pytest.mark.parametrize("verb", ["pause", "resume", "cancel", "retry", "insight"])
def test_steering_an_unknown_batch_is_not_found(client: TestClient, verb: str) -> None:
    assert client.post(f"/v1/batches/nothing/{verb}").status_code == 404


@pytest.mark.parametrize("noun", ["", "/log", "/attempts", "/quality", "/insight"])
def test_reading_an_unknown_batch_is_not_found(client: TestClient, noun: str) -> None:
    response = client.get(f"/v1/batches/nothing{noun}")
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "not_found"


def test_the_list_is_counted_and_searched(client: TestClient, workspace: Workspace) -> None:
    for number in range(3):
        make_batch(workspace, name=f"Night run {number}")
    make_batch(workspace, name="Day run", model="gpt-5")
    found = client.get("/v1/batches", params={"search": "NIGHT", "limit": 2}).json()
    assert (found["total"], len(found["items"])) == (3, 2)
    assert client.get("/v1/batches", params={"search": "gpt-5"}).json()["total"] == 1
    assert client.get("/v1/batches", params={"search": "100%"}).json()["total"] == 0


def test_mode_and_failover_are_kept_and_shown(client: TestClient) -> None:
    key = {"failover_connection": "offline", "failover_model": "offline-2"}
    found = launch(client, **key).json()
    assert {name: found["batch"][name] for name in key} == key
    assert (found["batch"]["mode"], found["progress"]["mode"]) == ("live", "live")
    assert launch(client, mode="batch_api").json()["error"]["code"] == "invalid_input"
    assert launch(client, mode="carrier_pigeon").status_code == 422
    assert launch(client, failover_connection="nothing").status_code == 404


def test_an_estimate_counts_what_is_reused_and_halves_the_batch_api(client: TestClient) -> None:
    found = client.post("/v1/batches/estimate", json=LAUNCH | {"seed": 1}).json()
    assert found["reuse"] == {"planned": 20, "looked_at": 20, "reusable": 0, "saves_usd": "0"}
    dear = LAUNCH | {"connection": "openai", "model": "gpt-5"}
    live, half = (
        client.post("/v1/batches/estimate", json=dear | {"mode": mode}).json()
        for mode in ("live", "batch_api")
    )
    assert float(half["cost_usd"]) == pytest.approx(float(live["cost_usd"]) / 2)


def test_progress_says_who_works_and_what_is_to_come(
    client: TestClient, workspace: Workspace
) -> None:
    batch = make_batch(
        workspace, state="running", n=100, generated=20, rate_per_s=4.0, rate_low_per_s=2.0,
        rate_high_per_s=8.0, concurrency_limit=7, concurrency_reason="growing",
    )  # fmt: skip
    found = client.get(f"/v1/batches/{batch.batch_id}").json()["progress"]
    assert (found["eta_low_s"], found["eta_s"], found["eta_high_s"]) == (10, 20, 40)
    assert (found["concurrency_limit"], found["concurrency_reason"]) == (7, "growing")
    assert (found["forecast_usd"], found["stops_at"], found["machine"]) == (None, None, None)
    assert (found["retry_causes"], found["targets"], found["pieces"]) == ({}, {}, [])


LIMITS = {"requests_per_minute": 500, "tokens_per_minute": 90_000, "max_concurrency": 8}
PLACE = {"protocol": "openai", "base_url": "http://127.0.0.1:9/v1", "default_model": "m"}


def test_a_connection_carries_the_users_limits(client: TestClient) -> None:
    saved = client.put("/v1/connections/box", json=PLACE | LIMITS).json()
    assert {name: saved[name] for name in LIMITS} == LIMITS
    lifted = client.put("/v1/connections/box", json=PLACE).json()
    assert {lifted[name] for name in LIMITS} == {None}


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("value", [0, -5, 1.5, "many", 10**15])
def test_a_limit_that_makes_no_sense_is_refused(
    client: TestClient, limit: str, value: object
) -> None:
    refused = client.put("/v1/connections/box", json=PLACE | {limit: value})
    assert refused.json()["error"]["code"] == "invalid_input"
    assert client.get("/v1/connections/box").status_code == 404


def test_a_launch_chooses_inputs_and_takes_the_templates_model(
    client: TestClient, workspace: Workspace
) -> None:
    version = make_template(
        workspace, "toned", user="Write in the tone {{ tone }}.",
        variables=[{"name": "tone", "sampler": {"kind": "given"}}],
        model={"connection": "offline", "model": "offline-1"},
    )  # fmt: skip
    body = {"template_version_id": version.template_version_id, "n": 2}
    chosen = client.post("/v1/batches", json={**body, "inputs": {"tone": {"value": "stern"}}})
    assert chosen.status_code == 202, chosen.text
    batch = chosen.json()["batch"]
    assert (batch["connection"], batch["model"]) == ("offline", "offline-1")
    assert get_batch(workspace, batch["batch_id"]).inputs == {"tone": {"value": "stern"}}
    refused = client.post("/v1/batches", json={**body, "inputs": {"mood": {"value": 1}}})
    assert refused.status_code == 422
    assert "takes no input for 'mood'" in refused.json()["error"]["message"]


def test_a_launch_may_be_aimed_at_some_cells(client: TestClient) -> None:
    cells = client.post("/v1/templates/plan", json={"template": TEMPLATE, "n": 5}).json()["cells"]
    focus = {"cells": [cells[0]["values"]]}
    planned = client.post(
        "/v1/templates/plan", json={"template": TEMPLATE, "n": 5, "focus": focus}
    ).json()
    assert [cell["planned"] for cell in planned["cells"]] == [5]
    assert launch(client, focus=focus).json()["batch"]["focus"] == focus
    assert launch(client).json()["batch"]["focus"] == {}
    refused = launch(client, focus={"cells": [{"no_such": "x"}]})
    assert refused.status_code == 422, refused.text
