from factories import make_batch, make_finding, make_samples
from starlette.testclient import TestClient

from core.db.workspace import Workspace


def test_a_report_is_queued_for_a_compute_worker(client: TestClient, workspace: Workspace) -> None:
    batch = make_batch(workspace)
    make_samples(workspace, batch)
    url = f"/v1/batches/{batch.batch_id}/insight"
    assert client.get(url).json()["state"] == "none"
    asked = client.post(url)
    assert (asked.status_code, asked.json()["state"]) == (202, "queued")
    assert client.get(url).json()["metrics"] == {}
    assert client.get("/v1/jobs").json()["items"][0]["subject"] == batch.batch_id


def test_any_scope_has_a_report(client: TestClient, workspace: Workspace) -> None:
    batch = make_batch(workspace)
    make_samples(workspace, batch)
    found = client.get("/v1/insights", params={"kind": "template_version"}).json()
    assert [row["scope_id"] for row in found] == [batch.template_version_id]
    url = f"/v1/insights/{batch.template_version_id}"
    assert client.get(url).json()["stage"] == ""
    asked = client.post(url).json()
    assert (asked["kind"], asked["state"], asked["batch_id"]) == ("template_version", "queued", "")
    assert client.get("/v1/insights/dsv_unknown").status_code == 404
    assert client.post("/v1/insights/nothing").status_code == 404


def test_the_quality_of_a_batch_is_counted(client: TestClient, workspace: Workspace) -> None:
    batch = make_batch(workspace)
    samples = make_samples(workspace, batch, n=4)
    make_finding(workspace, samples[0], "placeholder")
    found = client.get(f"/v1/batches/{batch.batch_id}/quality").json()
    assert found["samples"] == 4
    by_check = {row["check"]: row for row in found["checks"]}
    assert by_check["placeholder"]["found"] == 1


def test_where_no_worker_ran_none_is_listed(client: TestClient) -> None:
    assert client.get("/v1/workers").json()["items"] == []
    assert client.get("/v1/workers", params={"only_live": False}).json()["items"] == []
