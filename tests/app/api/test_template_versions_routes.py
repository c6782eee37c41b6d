from typing import Any

from factories import make_batch, make_samples
from starlette.testclient import TestClient

from core.db.workspace import Workspace
from core.templates.starters import starter_definitions
from core.templates.versions import latest_version

NAME = starter_definitions()[0].name


def version(client: TestClient, template: str = NAME) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/v1/templates/{template}/versions").json()["items"][0]
    return found


def changed(client: TestClient) -> dict[str, Any]:
    yaml = client.get(f"/v1/templates/{NAME}/download").text
    text = yaml.replace("domain: ", "domain: new ", 1)
    found: dict[str, Any] = client.post("/v1/templates", json={"yaml": text}).json()
    return found


def test_yaml_goes_out_and_comes_back_equal(client: TestClient) -> None:
    answer = client.get(f"/v1/templates/{NAME}/download")
    assert answer.headers["content-type"].startswith("application/yaml")
    again = client.post("/v1/templates", json={"yaml": answer.text}).json()
    assert (again["number"], again["content_hash"]) == (1, version(client)["content_hash"])
    newer = changed(client)
    assert client.get(f"/v1/templates/{NAME}/download", params={"version": "1"}).text == answer.text
    assert client.get(f"/v1/templates/{NAME}/download").text == newer["yaml"]
    assert client.get(f"/v1/templates/{NAME}/download", params={"version": "9"}).status_code == 404


def test_a_version_is_named_and_found_by_its_name(client: TestClient) -> None:
    first = version(client)
    changed(client)
    url = f"/v1/template-versions/{first['template_version_id']}/name"
    named = client.put(url, json={"name": " the  first "}).json()
    assert (named["name"], named["content_hash"]) == ("the first", first["content_hash"])
    found = client.get(f"/v1/templates/{NAME}/download", params={"version": "the first"})
    assert "domain: new" not in found.text
    refused = client.put(url, json={"name": "7"})
    assert refused.status_code == 422
    assert refused.json()["error"]["code"] == "invalid_input"


def test_a_difference_has_prompts_word_by_word_and_fields(client: TestClient) -> None:
    first = version(client)
    definition = client.get(f"/v1/template-versions/{first['template_version_id']}").json()
    content = definition["definition"]
    content["system"] += " Be brief."
    content["title"] = "Another title"
    newer = client.post("/v1/templates", json={"definition": content}).json()
    found = client.get(
        f"/v1/template-versions/{newer['template_version_id']}/diff",
        params={"base": first["template_version_id"]},
    ).json()
    (prompt,) = found["prompts"]
    assert prompt["name"] == "System prompt"
    assert "Be brief." in "".join(p["text"] for p in prompt["parts"] if p["kind"] == "added")
    assert {(row["part"], row["path"], row["change"]) for row in found["fields"]} == {
        ("Settings", "title", "changed")
    }


def test_a_fork_is_a_template_of_its_own(client: TestClient) -> None:
    first = version(client)
    url = f"/v1/template-versions/{first['template_version_id']}/fork"
    forked = client.post(url, json={"name": "my-fork", "title": "Mine"})
    assert forked.status_code == 201
    record = client.get("/v1/templates/my-fork").json()
    assert (record["title"], record["forked_from"]) == ("Mine", first["template_version_id"])
    again = client.post(url, json={"name": "my-fork"})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "conflict")
    assert client.post(url, json={"name": "Not A Name"}).status_code == 422
    assert (
        client.post("/v1/template-versions/tpv_ghost/fork", json={"name": "x"}).status_code == 404
    )


def test_statistics_are_listed_by_version(client: TestClient, workspace: Workspace) -> None:
    batch = make_batch(workspace, latest_version(workspace, NAME))
    make_samples(workspace, batch, 10, rows=[{"verdict": "rejected"}] * 4)
    (row,) = client.get(f"/v1/templates/{NAME}/statistics").json()
    assert (row["samples"], row["acceptance"]["value"], row["marks"]) == (10, 0.6, [])
    assert row["acceptance"]["low"] < 0.6 < row["acceptance"]["high"]
    assert client.get("/v1/templates/ghost/statistics").status_code == 404
