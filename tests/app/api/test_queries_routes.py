"""`/queries` and `/saved-queries`."""

from factories import make_batch, make_samples
from fastapi.testclient import TestClient

from core.db.workspace import Workspace


def test_a_query_is_answered_as_columns_and_rows(client: TestClient, workspace: Workspace) -> None:
    make_samples(workspace, make_batch(workspace), n=3)
    answer = client.post(
        "/v1/queries",
        json={
            "sql": "SELECT verdict, count(*) AS n, 1.5::DECIMAL(4,2) AS d, 'nan'::DOUBLE AS x,"
            " DATE '2026-11-21' AS day FROM samples GROUP BY ALL"
        },
    )
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert [c["name"] for c in body["columns"]] == ["verdict", "n", "d", "x", "day"]
    assert body["rows"] == [["accepted", 3, "1.50", None, "2026-11-21"]]
    assert body["is_cut"] is False


def test_the_limit_of_rows_is_kept(client: TestClient) -> None:
    body = client.post("/v1/queries", json={"sql": "FROM range(50)", "limit": 10}).json()
    assert len(body["rows"]) == 10
    assert body["is_cut"] is True


def test_a_refused_query_is_refused_and_says_what_to_do(client: TestClient) -> None:
    answer = client.post("/v1/queries", json={"sql": "DROP VIEW samples"})
    assert answer.status_code == 422
    assert "one SELECT" in answer.json()["error"]["message"]


def test_the_tables_are_listed_with_their_columns(client: TestClient) -> None:
    tables = {table["name"]: table for table in client.get("/v1/queries/tables").json()}
    assert {"samples", "attempts", "reviews", "datasets"} <= tables.keys()
    assert {c["name"] for c in tables["attempts"]["columns"]} >= {"cost_usd", "latency_ms"}


def test_queries_are_saved_listed_and_forgotten(client: TestClient) -> None:
    made = client.post("/v1/saved-queries", json={"name": "One", "sql": "SELECT 1"})
    assert made.status_code == 201
    assert [q["name"] for q in client.get("/v1/saved-queries").json()["items"]] == ["One"]
    assert client.delete("/v1/saved-queries/One").json()["name"] == "One"
    assert client.get("/v1/saved-queries").json()["items"] == []
    assert client.delete("/v1/saved-queries/One").status_code == 404
