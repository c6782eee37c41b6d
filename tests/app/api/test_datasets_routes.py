import asyncio
import hashlib
import io
import tarfile
from typing import Any

import httpx
import pandas as pd
import pytest
from factories import make_batch, make_samples
from starlette.testclient import TestClient

from core.datasets.building import build_version
from core.datasets.verification import verify_version
from core.db.tables import Batch
from core.db.workspace import Workspace

FORMATS = ("parquet", "duckdb", "jsonl", "csv")


@pytest.fixture
def batch(workspace: Workspace) -> Batch:
    batch = make_batch(workspace)
    make_samples(workspace, batch, n=30)
    return batch


def request_build(client: TestClient, batch: Batch, **changes: Any) -> Any:
    body = {"dataset": "bank", "query": {"batch_ids": [batch.batch_id]}} | changes
    return client.post("/v1/dataset-versions", json=body)


@pytest.fixture
def version_id(client: TestClient, workspace: Workspace, batch: Batch) -> str:
    """A released version."""
    row = request_build(client, batch, changelog="First.").json()
    released = build_version(workspace, row["dataset_version_id"])
    assert released.state == "released"
    return released.dataset_version_id


def test_a_build_is_answered_at_once_and_done_by_a_worker(client: TestClient, batch: Batch) -> None:
    response = request_build(client, batch)
    assert response.status_code == 202
    assert (response.json()["state"], response.json()["manifest"]) == ("building", None)
    jobs = client.get("/v1/jobs").json()["items"]
    assert [job["subject"] for job in jobs] == [response.json()["dataset_version_id"]]
    version_id = response.json()["dataset_version_id"]
    assert client.get(f"/v1/dataset-versions/{version_id}/download").status_code == 409


def test_a_selection_is_counted_before_it_is_built(client: TestClient, batch: Batch) -> None:
    query = {"batch_ids": [batch.batch_id], "min_score": 0.5}
    found = client.post("/v1/dataset-versions/preview", json=query).json()
    assert found["samples"] == 30
    assert found["by_domain"] == {"banking": 30}


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"query": {"batch_ids": []}}, 422),
        ({"query": {"batch_ids": ["nothing"]}}, 404),
        ({"query": {"batch_ids": ["b"], "split": {"train": 0.5}}}, 422),
        ({"query": {"batch_ids": ["b"], "typo": 1}}, 422),
        ({"dataset": "../escape"}, 422),
        ({"dataset": ""}, 422),
        ({"bump": "huge"}, 422),
    ],
    ids=str,
)
def test_a_build_that_cannot_work_is_refused(
    client: TestClient, batch: Batch, change: dict[str, Any], status: int
) -> None:
    assert request_build(client, batch, **change).status_code == status
    assert client.get("/v1/datasets").json()["items"] == []


@pytest.mark.parametrize("key", ["id", "bank@1.0.0", "bank"])
@pytest.mark.parametrize(
    "path", ["/v1/dataset-versions/{}", "/v1/training-data/datasets/{}/metadata"]
)
def test_a_release_tells_how_it_was_made(
    client: TestClient, version_id: str, key: str, path: str
) -> None:
    found = client.get(path.format(version_id if key == "id" else key)).json()
    assert found["dataset_version_id"] == version_id
    assert found["state"] == "released"
    assert found["sample_count"] == sum(found["split_counts"].values()) == 30
    assert found["query"]["verdicts"] == ["accepted"]
    assert found["manifest"]["dataset_version_id"] == version_id
    assert {file["name"] for file in found["manifest"]["files"]} >= {"train.parquet"}


def test_datasets_and_their_versions_are_listed(client: TestClient, version_id: str) -> None:
    row = client.get("/v1/datasets").json()["items"][0]
    assert (row["dataset"]["name"], row["version_count"]) == ("bank", 1)
    assert row["latest"]["dataset_version_id"] == version_id
    by_name = client.get("/v1/datasets/bank").json()
    assert client.get(f"/v1/datasets/{by_name['dataset_id']}").json() == by_name
    versions = client.get("/v1/datasets/bank/versions").json()["items"]
    assert [version["version"] for version in versions] == ["1.0.0"]


def test_a_release_is_compared_with_the_one_before(
    client: TestClient, workspace: Workspace, batch: Batch, version_id: str
) -> None:
    make_samples(workspace, batch, n=2, start=30)
    row = request_build(client, batch).json()
    build_version(workspace, row["dataset_version_id"])
    url = f"/v1/dataset-versions/{row['dataset_version_id']}/diff"
    diff = client.get(url, params={"base": version_id}).json()
    assert (len(diff["added"]), diff["removed"], diff["changed"]) == (2, [], [])


def download(client: TestClient, key: str, **params: str) -> Any:
    return client.get(f"/v1/training-data/datasets/{key}/download", params=params)


def test_a_file_of_a_release_is_downloaded_and_loads(client: TestClient, version_id: str) -> None:
    response = download(client, "bank@1.0.0", file="train.parquet")
    manifest = client.get(f"/v1/dataset-versions/{version_id}").json()["manifest"]
    recorded = {file["name"]: file["sha256"] for file in manifest["files"]}
    digest = hashlib.sha256(response.content).hexdigest()
    assert digest == recorded["train.parquet"] == response.headers["etag"].strip('"')
    assert len(pd.read_parquet(io.BytesIO(response.content))) == manifest["splits"]["train"]["rows"]
    url = f"/v1/dataset-versions/{version_id}/download"
    head = client.head(url, params={"file": "train.parquet"})
    assert head.headers["content-length"] == str(len(response.content))
    part = client.get(url, params={"file": "train.parquet"}, headers={"Range": "bytes=4-9"})
    assert (part.status_code, part.content) == (206, response.content[4:10])


def test_without_a_file_the_whole_release_arrives_as_a_tar(
    client: TestClient, workspace: Workspace, version_id: str
) -> None:
    response = download(client, "bank")
    with tarfile.open(fileobj=io.BytesIO(response.content)) as archive:
        found = {
            name: hashlib.sha256(archive.extractfile(name).read()).hexdigest()  # type: ignore[union-attr]
            for name in archive.getnames()
        }
    report = verify_version(workspace, version_id)
    recorded = {f"bank-1.0.0/{file.name}": file.sha256 for file in report.files}
    assert found | recorded == found
    assert "bank-1.0.0/manifest.json" in found


@pytest.mark.parametrize("format", FORMATS)
def test_a_release_is_downloaded_in_another_format(
    client: TestClient, version_id: str, format: str
) -> None:
    first = download(client, version_id, format=format)
    assert first.status_code == 200, first.text
    assert int(first.headers["content-length"]) == len(first.content)
    # The second request is served from the same export.
    assert download(client, version_id, format=format).content == first.content
    if format == "duckdb":
        assert "etag" in first.headers
    else:
        with tarfile.open(fileobj=io.BytesIO(first.content)) as archive:
            assert f"bank-1.0.0-{format}/train.{format}" in archive.getnames()


def test_a_damaged_export_is_made_again(
    client: TestClient, workspace: Workspace, version_id: str
) -> None:
    good = download(client, version_id, format="jsonl").content
    path = next(workspace.folder("exports").rglob("train.jsonl"))
    path.write_bytes(b"flipped")
    assert download(client, version_id, format="jsonl").content == good


@pytest.mark.parametrize(
    "file",
    ["../manifest.json", "/etc/passwd", "train.parquet/../manifest.json", "no.parquet", "", "."],
)
def test_only_files_of_the_release_are_served(
    client: TestClient, version_id: str, file: str
) -> None:
    response = download(client, version_id, file=file)
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "not_found"


def test_file_and_format_exclude_each_other(client: TestClient, version_id: str) -> None:
    assert download(client, version_id, file="x", format="csv").status_code == 422
    assert download(client, version_id, format="exe").status_code == 422


def test_a_flipped_byte_is_gone_for_good(
    client: TestClient, workspace: Workspace, version_id: str
) -> None:
    url = f"/v1/dataset-versions/{version_id}"
    assert client.get(f"{url}/verification").json()["is_intact"] is True
    path = verify_version(workspace, version_id).folder / "train.parquet"
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    for response in (
        client.get(f"{url}/verification"),
        download(client, version_id),
        download(client, version_id, file="train.parquet"),
        download(client, version_id, format="csv"),
    ):
        assert response.status_code == 410
        assert response.json()["error"]["code"] == "damaged_file"


def test_downloads_during_a_deletion_get_a_whole_file_or_none(
    client: TestClient, workspace: Workspace, version_id: str
) -> None:
    report = verify_version(workspace, version_id)
    sha256 = next(file.sha256 for file in report.files if file.name == "train.parquet")
    url = f"/v1/dataset-versions/{version_id}/download?file=train.parquet"

    async def delete() -> None:
        await asyncio.sleep(0.03)
        (report.folder / "train.parquet").unlink()

    async def fetch_all() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=client.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            *answers, _ = await asyncio.gather(*(http.get(url) for _ in range(64)), delete())
        return answers

    answers = asyncio.run(fetch_all())
    assert {answer.status_code for answer in answers} <= {200, 410}
    whole = [answer.content for answer in answers if answer.status_code == 200]
    assert {hashlib.sha256(content).hexdigest() for content in whole} <= {sha256}
    assert client.get(url).status_code == 410


@pytest.mark.parametrize("noun", ["", "/verification", "/diff?base=x", "/download"])
def test_an_unknown_release_is_not_found(client: TestClient, noun: str) -> None:
    assert client.get(f"/v1/dataset-versions/nothing{noun}").status_code == 404
