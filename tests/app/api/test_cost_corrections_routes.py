from decimal import Decimal

import pytest
from factories import make_batch
from ledger import make_attempts
from starlette.testclient import TestClient

from core.db.tables import Batch
from core.db.workspace import Workspace
from core.spend.factors import note_excess

GUESS = {"state": "unknown", "is_estimated": True, "cost_usd": Decimal("0.10")}


@pytest.fixture
def batch(workspace: Workspace) -> Batch:
    return make_batch(workspace, name="Bank answers")


def test_estimated_calls_are_listed_and_corrected_one_by_one(
    client: TestClient, workspace: Workspace, batch: Batch
) -> None:
    guess, known = make_attempts(workspace, batch, GUESS, {})
    query = {"params": {"batch_id": batch.batch_id}}
    listed = client.get("/v1/attempts/estimated", **query).json()["items"]
    assert [item["attempt_id"] for item in listed] == [guess]
    body = {"cost_usd": "0.000000001", "reason": "invoice 7"}
    done = client.post(f"/v1/attempts/{guess}/cost-corrections", json=body)
    assert (done.status_code, done.json()["cost_usd"]) == (201, "0.000000001")
    assert client.get("/v1/attempts/estimated").json()["items"] == []
    assert client.post(f"/v1/attempts/{known}/cost-corrections", json=body).status_code == 409
    assert client.post("/v1/attempts/att_x/cost-corrections", json=body).status_code == 404
    (entry,) = client.get("/v1/cost-corrections", **query).json()["items"]
    assert (entry["previous_usd"], entry["reason"], entry["calls"]) == ("0.1", "invoice 7", 1)


def test_a_batchs_estimated_calls_are_corrected_together(
    client: TestClient, workspace: Workspace, batch: Batch
) -> None:
    make_attempts(workspace, batch, GUESS, GUESS, GUESS)
    path = f"/v1/batches/{batch.batch_id}/cost-corrections"
    done = client.post(path, json={"cost_usd": 0.1}).json()
    assert (done["calls"], done["previous_usd"], done["cost_usd"]) == (3, "0.3", "0.1")
    assert client.get("/v1/spend").json()["cost_usd"] == "0.1"
    assert client.post(path, json={"cost_usd": -1}).status_code == 422
    unknown = client.post("/v1/batches/bat_x/cost-corrections", json={"cost_usd": 1})
    assert unknown.status_code == 404


def test_factors_are_listed_and_reset(client: TestClient, workspace: Workspace) -> None:
    with workspace.write() as session:
        note_excess(session, "openai", "meta/o9", [(Decimal("0.1"), Decimal("0.2"))])
    (row,) = client.get("/v1/reservation-factors").json()["items"]
    assert (row["model"], row["excess_usd"]) == ("meta/o9", "0.1")
    query = {"params": {"connection": "openai", "model": "meta/o9"}}
    assert client.delete("/v1/reservation-factors", **query).status_code == 200
    assert client.delete("/v1/reservation-factors", **query).status_code == 404
    assert client.get("/v1/reservation-factors").json()["items"] == []
