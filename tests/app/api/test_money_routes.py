from decimal import Decimal
from typing import Any

import pytest
from factories import make_batch
from ledger import scope_of
from starlette.testclient import TestClient

from core.db.workspace import Workspace
from core.spend.reservations import settle


def test_an_empty_workspace_has_spent_nothing(client: TestClient) -> None:
    total = client.get("/v1/spend").json()
    assert (total["cost_usd"], total["calls"]) == ("0", 0)
    assert total["cost_per_accepted_usd"] is None
    assert client.get("/v1/spend/model").json() == {"items": []}
    assert client.get("/v1/spend/planet").status_code == 422


def test_a_budget_is_set_and_set_again(client: TestClient) -> None:
    body = {"scope": "workspace", "month": "2026-11", "cap_usd": "12.345678901"}
    first = client.put("/v1/budgets", json=body).json()
    # Nano-dollars are the smallest unit that is stored; nothing passes through a float.
    assert first["cap_usd"] == "12.345678901"
    second = client.put("/v1/budgets", json=body | {"cap_usd": 3}).json()
    assert second["budget_id"] == first["budget_id"]
    assert [item["cap_usd"] for item in client.get("/v1/budgets").json()["items"]] == ["3"]


@pytest.mark.parametrize(
    "change",
    [{"scope": "planet"}, {"month": "soon"}, {"cap_usd": -1}, {"cap_usd": "much"}],
    ids=str,
)
def test_a_budget_that_makes_no_sense_is_refused(
    client: TestClient, change: dict[str, Any]
) -> None:
    body = {"scope": "workspace", "cap_usd": 1} | change
    assert client.put("/v1/budgets", json=body).status_code == 422


def test_a_budget_of_nothing_that_exists_is_not_found(client: TestClient) -> None:
    body = {"scope": "project", "scope_id": "prj_none", "cap_usd": 1}
    assert client.put("/v1/budgets", json=body).status_code == 404


def test_a_budget_tells_of_its_alerts_until_it_is_deleted(
    client: TestClient, workspace: Workspace
) -> None:
    batch = make_batch(workspace)
    body = {"scope": "batch", "scope_id": batch.batch_id, "cap_usd": 1}
    budget = client.put("/v1/budgets", json=body).json()
    with workspace.engine.begin() as connection:
        settle(connection, scope_of(workspace, batch), "2026-11", Decimal(0), Decimal("0.8"))
    alerts = client.get("/v1/budgets/alerts").json()["items"]
    assert [(a["percent"], a["settled_usd"]) for a in alerts] == [(80, "0.8"), (50, "0.8")]
    assert client.get("/v1/budgets").json()["items"][0]["alerted_percent"] == 80
    path = f"/v1/budgets/{budget['budget_id']}"
    assert client.delete(path).json()["budget_id"] == budget["budget_id"]
    assert client.delete(path).status_code == 404
    assert client.get("/v1/budgets/alerts").json()["items"] == []


def test_connections_name_their_key_and_never_hold_it(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-123")
    listed = client.get("/v1/connections")
    assert {item["name"] for item in listed.json()["items"]} >= {"offline", "openai", "anthropic"}
    assert "canary" not in listed.text


def test_a_local_server_is_added_and_priced(client: TestClient) -> None:
    body = {
        "protocol": "openai",
        "base_url": "http://localhost:8000/v1",
        "default_model": "qwen2.5",
    }
    assert client.put("/v1/connections/local-qwen", json=body).status_code == 200
    assert client.get("/v1/connections/local-qwen").json()["base_url"] == body["base_url"]
    price = {"params": {"connection": "local-qwen"}}
    assert client.get("/v1/prices", **price).json()["error"]["code"] == "unknown_price"
    new = {
        "connection": "local-qwen",
        "model": "qwen2.5",
        "input_usd_per_mtok": "0.000001",
        "output_usd_per_mtok": 0,
    }
    assert client.post("/v1/prices", json=new).status_code == 201
    assert client.get("/v1/prices", **price).json()["input_usd_per_mtok"] == "0.000001"


@pytest.mark.parametrize(
    "change",
    [
        {"base_url": "http://example.com/v1"},
        {"base_url": "file:///etc/passwd"},
        {"base_url": "https://user:secret@example.com/v1"},
        {"base_url": "https://example.com/v1", "key_variable": "OPENAI_API_KEY"},
        {"protocol": "carrier-pigeon"},
        {"base_url": None},
    ],
    ids=str,
)
def test_an_address_that_must_not_be_used_is_refused(
    client: TestClient, change: dict[str, Any]
) -> None:
    body = {"protocol": "openai", "base_url": "https://example.com/v1", "default_model": "m"}
    response = client.put("/v1/connections/mine", json=body | change)
    assert response.status_code == 422
    assert "secret" not in response.text
