import hashlib
from typing import Any

import pytest
from starlette.testclient import TestClient

from core.db.workspace import Workspace
from tests.documents import pdf

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
    assert source.pop("known_chunk_count") == 0
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


def form(client: TestClient, path: str = "/v1/sources", **files: tuple[str, bytes]) -> Any:
    return client.post(path, files=files)


def test_a_form_uploads_its_one_file(client: TestClient, workspace: Workspace) -> None:
    response = form(client, file=("questions.csv", CSV))
    assert response.status_code == 201, response.text
    source = response.json()
    assert (source["name"], source["chunk_count"]) == ("questions.csv", 2)
    assert source["content_hash"] == hashlib.sha256(CSV).hexdigest()
    assert upload(client)["source_id"] == source["source_id"]
    assert list(workspace.folder("uploads").iterdir()) == []


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "0 whole files"),
        (b"--x\r\nno form", "malformed"),
        (b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\n\r\nwo', "0 whole"),
    ],
    ids=["empty", "malformed", "cut off"],
)
def test_a_form_that_is_none_is_refused(
    client: TestClient, workspace: Workspace, content: bytes, word: str
) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    response = client.post("/v1/sources", content=content, headers=headers)
    assert response.status_code == 422
    assert word in response.json()["error"]["message"]
    assert list(workspace.folder("uploads").iterdir()) == []


def test_a_form_of_another_site_is_refused(client: TestClient) -> None:
    response = client.post(
        "/v1/sources", files={"file": ("a.csv", CSV)}, headers={"Origin": "http://evil.example"}
    )
    assert response.status_code == 403
    two = form(client, a=("a.csv", CSV), b=("b.csv", CSV))
    assert "2 whole files" in two.json()["error"]["message"]


def test_a_preview_stores_nothing(client: TestClient, workspace: Workspace) -> None:
    response = client.post(
        "/v1/sources/preview", params={"name": "q.csv"}, content=CSV, headers=BYTES
    )
    assert response.status_code == 200, response.text
    shown = response.json()
    assert (shown["kind"], shown["suggested_text_column"]) == ("csv", "question")
    assert [row["category"] for row in shown["rows"]] == ["cards", "transfers"]
    pages = pdf([["Words of page one."], ["Words of page two."]])
    shown = form(client, "/v1/sources/preview", file=("a.pdf", pages)).json()
    assert [(p["text"], p["page"]) for p in shown["pieces"]] == [
        ("Words of page one.\n\nWords of page two.", 1)
    ]
    assert client.get("/v1/sources").json()["items"] == []
    assert list(workspace.folder("uploads").iterdir()) == []


def test_an_upload_tells_how_many_chunks_are_known_already(client: TestClient) -> None:
    assert upload(client)["known_chunk_count"] == 0
    more = CSV + b"How do I pay abroad?,cards\n"
    assert upload(client, more, "more.csv")["known_chunk_count"] == 2


def test_chunks_of_a_pdf_have_pages(client: TestClient) -> None:
    source = upload(client, pdf([["One."], ["Two."]], bookmarks=[("A", 0), ("B", 1)]), "a.pdf")
    assert source["page_count"] == 2
    chunks = client.get(f"/v1/sources/{source['source_id']}/chunks").json()["items"]
    assert [(c["page"], c["heading"]) for c in chunks] == [(1, "A"), (2, "B")]


def test_a_source_is_kept_for_evaluation_and_released(client: TestClient) -> None:
    url = f"/v1/sources/{upload(client)['source_id']}"
    assert client.get(url).json()["is_evaluation"] is False
    assert client.patch(url, json={"is_evaluation": True}).json()["is_evaluation"] is True
    assert client.get(url).json()["is_evaluation"] is True
    assert client.patch(url, json={"is_evaluation": False}).json()["is_evaluation"] is False
    assert client.patch("/v1/sources/src_none", json={"is_evaluation": True}).status_code == 404
    assert client.patch(url, json={"name": "other"}).status_code == 422
