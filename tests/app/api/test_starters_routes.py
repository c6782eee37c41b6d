from starlette.testclient import TestClient

from core.templates.starters import SETS, starters


def test_the_library_is_listed_by_set(client: TestClient) -> None:
    page = client.get("/v1/starters", params={"limit": 500}).json()
    assert page["total"] == len(starters())
    assert {item["set_name"] for item in page["items"]} == set(SETS)
    comic = client.get("/v1/starters", params={"set_name": "comic"}).json()["items"]
    assert {item["set_name"] for item in comic} == {"comic"}


def test_a_starter_is_shown_and_copied_once_under_a_name(client: TestClient) -> None:
    shown = client.get("/v1/starters/support-ticket").json()
    assert shown["yaml"].startswith("name: support-ticket")
    copied = client.post("/v1/starters/support-ticket/copy", json={"name": "tickets"})
    assert copied.status_code == 201
    assert copied.json()["definition"]["name"] == "tickets"
    assert client.get("/v1/templates/tickets").status_code == 200
    again = client.post("/v1/starters/support-ticket/copy", json={"name": "tickets"})
    assert again.status_code == 409


def test_an_unknown_starter_and_a_bad_name_are_refused(client: TestClient) -> None:
    assert client.get("/v1/starters/nothing").status_code == 404
    bad = client.post("/v1/starters/support-ticket/copy", json={"name": "No Name"})
    assert bad.status_code == 422
    assert bad.json()["error"]["code"] == "template_invalid"
