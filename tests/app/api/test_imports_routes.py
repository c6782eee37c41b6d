"""Tables taken over as samples through the API."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from core.db.workspace import Workspace
from core.sources.importing import import_source


@pytest.fixture
def source_id(workspace: Workspace, tmp_path: Path) -> str:
    path = tmp_path / "problems.csv"
    path.write_text('question,answer,level\n"What is 2 + 2?",4,1\n"What is 3 x 3?",,2\n')
    return import_source(workspace, path, text_column="question").source_id


def test_a_preview_suggests_a_mapping_and_names_problems(
    client: TestClient, source_id: str
) -> None:
    found = client.get(f"/v1/sources/{source_id}/import-preview").json()
    assert found["mapping"] == {
        "input": ["question"], "response": ["answer"], "variables": ["level"]
    }  # fmt: skip
    assert [row["problem"] for row in found["rows"]] == ["", "The response is empty: answer."]
    chosen = client.get(
        f"/v1/sources/{source_id}/import-preview", params={"response": ["question"], "limit": 1}
    ).json()
    assert [row["response"] for row in chosen["rows"]] == ["What is 2 + 2?"]


def test_an_import_is_a_batch_of_its_own(client: TestClient, source_id: str) -> None:
    body = {"source_id": source_id, "domain": "mathematics"}
    first = client.post("/v1/imports", json=body, headers={"Idempotency-Key": "one"})
    again = client.post("/v1/imports", json=body, headers={"Idempotency-Key": "one"})
    assert first.status_code == again.status_code == 202
    assert first.json()["batch_id"] == again.json()["batch_id"]
    assert (first.json()["kind"], first.json()["n"]) == ("import", 2)
    listed = client.get("/v1/batches", params={"kind": "import"}).json()["items"]
    assert [batch["batch_id"] for batch in listed] == [first.json()["batch_id"]]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"source_id": "src_none"}, 404),
        ({"response": ["reply"]}, 422),
        ({"input": ["question"]}, 422),
        ({"domain": ""}, 422),
        ({"colour": "green"}, 422),
    ],
)
def test_what_cannot_be_imported_is_refused(
    client: TestClient, source_id: str, body: dict[str, object], status: int
) -> None:
    response = client.post("/v1/imports", json={"source_id": source_id, **body})
    assert response.status_code == status
    assert response.json()["error"]["code"]
