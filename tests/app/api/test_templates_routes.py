from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from core.templates.definition import template_yaml
from core.templates.starters import starter_definitions

YAML = template_yaml(starter_definitions()[0])
NAME = starter_definitions()[0].name


def test_templates_are_listed_with_their_newest_version(client: TestClient) -> None:
    page = client.get("/v1/templates", params={"limit": 2}).json()
    assert len(page["items"]) == 2
    first = page["items"][0]
    assert first["latest"]["number"] == first["version_count"] == 1


def test_a_template_is_found_by_name_and_by_id(client: TestClient) -> None:
    by_name = client.get(f"/v1/templates/{NAME}").json()
    assert client.get(f"/v1/templates/{by_name['template_id']}").json() == by_name
    assert client.get("/v1/templates/nothing").status_code == 404


def test_a_changed_template_becomes_a_version_and_can_be_taken_back(client: TestClient) -> None:
    old = client.get(f"/v1/templates/{NAME}/versions").json()["items"][0]
    changed = YAML.replace("domain: banking", "domain: banks")
    saved = client.post("/v1/templates", json={"yaml": changed, "note": "shorter"})
    assert saved.status_code == 201
    new = saved.json()
    assert (new["number"], new["note"], new["definition"]["domain"]) == (2, "shorter", "banks")
    url = f"/v1/template-versions/{new['template_version_id']}"
    assert client.get(url).json()["yaml"] == new["yaml"]
    diff = client.get(f"{url}/diff", params={"base": old["template_version_id"]}).json()["diff"]
    assert "-domain: banking" in diff
    assert "+domain: banks" in diff
    restored = client.post(f"/v1/template-versions/{old['template_version_id']}/restore")
    assert restored.status_code == 201
    assert restored.json()["number"] == 3
    numbers = [v["number"] for v in client.get(f"/v1/templates/{NAME}/versions").json()["items"]]
    assert numbers == [3, 2, 1]


def test_the_same_content_returns_the_version_it_has(client: TestClient) -> None:
    definition = client.post("/v1/templates", json={"yaml": YAML}).json()["definition"]
    again = client.post("/v1/templates", json={"definition": definition}).json()
    assert again["number"] == 1


def test_a_template_is_checked_without_being_saved(client: TestClient) -> None:
    new = YAML.replace(f"name: {NAME}", "name: never-saved")
    found = client.post("/v1/templates/validate", json={"yaml": new}).json()
    assert found["name"] == "never-saved"
    assert len(found["content_hash"]) == 64
    assert client.get("/v1/templates/never-saved").status_code == 404


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda y: y.replace("name:", "nmae:", 1), "template_invalid"),
        (lambda y: y + "\n  broken: [", "template_invalid"),
        (lambda y: y.replace("type: object", "type: objekt", 1), "schema_invalid"),
    ],
    ids=["unknown field", "not YAML", "not JSON Schema"],
)
def test_a_broken_template_is_refused_with_its_place(
    client: TestClient, change: Callable[[str], str], code: str
) -> None:
    response = client.post("/v1/templates", json={"yaml": change(YAML)})
    assert response.status_code == 422
    error = response.json()["error"]
    assert error["code"] in {code, "template_invalid"}
    assert error["message"]


@pytest.mark.parametrize("body", [{}, {"yaml": "a: b", "definition": {}}, {"yam": "a"}])
def test_exactly_one_form_of_a_template_is_taken(client: TestClient, body: dict[str, str]) -> None:
    response = client.post("/v1/templates", json=body)
    assert response.status_code == 422
    assert response.json()["error"]["code"] == "invalid_input"
