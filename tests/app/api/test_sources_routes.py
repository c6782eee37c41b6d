import pytest
from starlette.testclient import TestClient

from core.db.workspace import Workspace

BYTES = {"Content-Type": "application/octet-stream"}
CSV = b"question,category\nHow do I block my card?,cards\nWhere is my transfer?,transfers\n"


def upload(client: TestClient, body: bytes = CSV, name: str = "questions.csv") -> dict[str, object]:
    response = client.post("/v1/sources", params={"name": name}, content=body, headers=BYTES)
    assert response.status_code == 201, response.text
    found: dict[str, object] = response.json()
    return found


def test_an_uploaded_table_is_a_source_with_a_chunk_per_row(client: TestClient) -> None:
    source = upload(client)
    assert (source["kind"], source["chunk_count"]) == ("csv", 2)
    assert source["columns"] == ["question", "category"]
    assert client.get(f"/v1/sources/{source['source_id']}").json() == source
    chunks = client.get(f"/v1/sources/{source['source_id']}/chunks").json()
    assert chunks["total"] == 2
    assert chunks["items"][0]["fields"]["category"] == "cards"
    found = client.get(
        f"/v1/sources/{source['source_id']}/chunks", params={"search": "transfer"}
    ).json()
    assert [item["ordinal"] for item in found["items"]] == [1]
    context = client.get(f"/v1/chunks/{chunks['items'][0]['chunk_id']}").json()
    assert context["source_name"] == "questions.csv"


def test_the_same_bytes_return_the_same_source(client: TestClient) -> None:
    assert upload(client)["source_id"] == upload(client)["source_id"]
    assert len(client.get("/v1/sources").json()["items"]) == 1


def test_nothing_of_an_upload_stays_outside_the_workspace_tables(
    client: TestClient, workspace: Workspace
) -> None:
    upload(client)
    assert list(workspace.folder("uploads").iterdir()) == []


@pytest.mark.parametrize(
    "body", [b"", b"a,b\n1,\x00\n", b'a,b\n"never closed\n', b"\xff\xfe\xfa"], ids=repr
)
def test_a_malformed_file_leaves_nothing_behind(
    client: TestClient, workspace: Workspace, body: bytes
) -> None:
    response = client.post("/v1/sources", params={"name": "x.csv"}, content=body, headers=BYTES)
    assert response.status_code == 422
    assert response.json()["error"]["code"] == "source_invalid"
    assert client.get("/v1/sources").json()["items"] == []
    assert list(workspace.folder("uploads").iterdir()) == []


def test_an_upload_needs_a_name(client: TestClient) -> None:
    assert client.post("/v1/sources", content=CSV, headers=BYTES).status_code == 422


def test_a_path_as_name_is_only_a_name(client: TestClient) -> None:
    source = upload(client, name="../../etc/passwd.csv")
    assert "/" not in str(source["name"])


@pytest.mark.parametrize("path", ["/v1/sources/x", "/v1/sources/x/chunks", "/v1/chunks/x"], ids=str)
def test_unknown_ids_are_not_found(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "not_found"
