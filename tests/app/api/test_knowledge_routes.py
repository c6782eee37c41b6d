from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from core.db.workspace import Workspace
from core.jobs.extracting import run_extraction
from core.jobs.running.queue import list_jobs
from core.sources.importing import import_source

SAMPLES = Path(__file__).resolve().parents[3] / "data" / "samples"
BANKING = {"domain": "banking"}


def append(client: TestClient, table: str, rows: list[dict[str, str]]) -> int:
    response = client.post(f"/v1/knowledge/{table}", params=BANKING, json={"rows": rows})
    assert response.status_code == 201, response.text
    return int(response.json()["added"])


def entries(client: TestClient, table: str = "terms", **query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(
        f"/v1/knowledge/{table}", params=BANKING | query
    ).json()["items"]
    return found


def test_a_table_is_filled_edited_and_downloaded(client: TestClient) -> None:
    assert append(client, "terms", [{"term": "overdraft"}, {"term": "SEPA"}]) == 2
    first, second = entries(client)
    rows = [{"entry_id": first["entry_id"], "term": "overdraft", "definition": "Below zero."}]
    done = client.put("/v1/knowledge/terms", params=BANKING, json={"rows": rows})
    assert done.json() == {"added": 0, "changed": 1, "retired": 1}
    (kept,) = entries(client)
    assert kept["replaces"] == first["entry_id"]
    again = client.put(
        "/v1/knowledge/terms", params=BANKING,
        json={"rows": [{"entry_id": second["entry_id"], "term": "changed"}]},
    )  # fmt: skip
    assert again.status_code == 409
    file = client.get("/v1/knowledge/terms/download", params=BANKING | {"format": "csv"})
    assert file.text.splitlines() == ["term,definition,example", "overdraft,Below zero.,"]
    assert file.headers["content-type"].startswith("text/csv")
    domains = client.get("/v1/knowledge").json()["items"]
    assert {"domain": "banking", "entries": {"terms": 1, "rules": 0, "scenarios": 0,
                                             "expert_answers": 0}} in domains  # fmt: skip


def test_rows_come_from_mapped_columns_and_from_sources(
    client: TestClient, workspace: Workspace
) -> None:
    body = {"rows": [{"Word": "IBAN", "Meaning": "Number"}],
            "mapping": {"term": "Word", "definition": "Meaning"}}  # fmt: skip
    assert client.post("/v1/knowledge/terms", params=BANKING, json=body).json() == {"added": 1}
    assert entries(client, search="number")[0]["fields"]["term"] == "IBAN"
    source = import_source(workspace, SAMPLES / "customer_questions.csv")
    taken = client.post(
        "/v1/knowledge/scenarios/from-source", params=BANKING,
        json={"source_id": source.source_id, "mapping": {"scenario": source.columns[0]}},
    )  # fmt: skip
    assert taken.status_code == 201
    assert taken.json()["added"] == len(entries(client, "scenarios", limit="500"))


def test_an_extraction_is_started_read_and_taken_over(
    client: TestClient, workspace: Workspace
) -> None:
    source = import_source(workspace, SAMPLES / "bank_handbook.md")
    path = f"/v1/sources/{source.source_id}"
    assert client.get(f"{path}/extraction").json()["state"] == "none"
    started = client.post(f"{path}/extraction", json={})
    assert started.status_code == 202
    assert started.json()["state"] == "queued"
    assert [job.name for job in list_jobs(workspace)] == ["extract_terms"]
    run_extraction(workspace, source.source_id)
    assert client.get(f"{path}/extraction").json()["language"] == "en"
    terms = client.get(f"{path}/terms", params={"kind": "term", "limit": 5}).json()
    assert len(terms["items"]) == 5 < terms["total"]
    term = terms["items"][0]
    mentions = client.get(f"{path}/terms/{term['term_id']}/chunks").json()
    assert mentions["total"] == term["chunk_count"] == len(mentions["items"])
    relations = client.get(f"{path}/relations", params={"term_id": term["term_id"]}).json()
    assert all(term["term_id"] in (r["subject_id"], r["object_id"]) for r in relations["items"])
    taken = client.post(
        "/v1/knowledge/terms/from-extracted", params=BANKING, json={"term_ids": [term["term_id"]]}
    )
    assert taken.json() == {"added": 1}
    assert entries(client)[0]["source_id"] == source.source_id


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/sources/x/terms", 404),
        ("GET", "/v1/sources/x/relations", 404),
        ("GET", "/v1/sources/x/extraction", 404),
        ("POST", "/v1/sources/x/extraction", 404),
        ("GET", "/v1/sources/x/terms/y/chunks", 404),
        ("GET", "/v1/knowledge/facts?domain=banking", 422),
        ("GET", "/v1/knowledge/terms", 422),
    ],
    ids=lambda value: str(value),
)
def test_unknown_names_are_refused(client: TestClient, method: str, path: str, status: int) -> None:
    json = {} if method == "POST" else None
    assert client.request(method, path, json=json).status_code == status
