from typing import Any

import pytest

from app.api.application import TAGS, create_api
from core.db.workspace import Workspace

METHODS = {"get", "put", "post", "delete", "patch"}
BODY_METHODS = {"post", "put", "patch"}


@pytest.fixture
def document(workspace: Workspace) -> dict[str, Any]:
    return create_api(workspace).openapi()


def operations(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    ]


def test_every_route_has_one_known_tag_and_a_summary(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        assert len(operation["tags"]) == 1, name
        assert operation["tags"][0] in TAGS, name
        assert 5 < len(operation["summary"]) < 60, name


def test_every_route_documents_its_errors_in_the_one_shape(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        responses = operation["responses"]
        assert {"403", "422", "500"} <= responses.keys(), name
        if "{" in name and not name.startswith(("GET /v1/spend", "PUT /v1/connections")):
            assert "404" in responses, name
        if "requestBody" in operation:
            assert {"413", "415"} <= responses.keys(), name
        for status, response in responses.items():
            if status >= "400":
                schema = response["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/ErrorBody"}, (name, status)


def test_every_query_parameter_is_described(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        for parameter in operation.get("parameters", []):
            if parameter["in"] != "path":
                assert parameter.get("description"), (name, parameter["name"])


def test_every_answer_has_a_schema(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        good = [body for status, body in operation["responses"].items() if status < "300"]
        assert good, name
        if not name.endswith("/download"):
            content = good[0]["content"]["application/json"]["schema"]
            assert content, name


def test_money_is_documented_as_decimal_strings(document: dict[str, Any]) -> None:
    for name, schema in document["components"]["schemas"].items():
        if name in {
            "Launch",
            "AugmentationLaunch",
            "ExpansionLaunch",
            "ComparisonLaunch",
            "BudgetPut",
            "BudgetChange",
            "PriceAdd",
            "CorrectionAdd",
            "ExtractionStart",
            "FillBody",
            "TwinsLaunch",
            "JudgingLaunch",
        }:
            continue
        for field, described in schema.get("properties", {}).items():
            if field.endswith("_usd") or "_usd_" in field:
                kinds = {described.get("type")} | {
                    item.get("type") for item in described.get("anyOf", [])
                }
                assert "string" in kinds, (name, field)
                assert "number" not in kinds, (name, field)


def test_the_document_needs_no_other_host(workspace: Workspace) -> None:
    paths = {getattr(route, "path", "") for route in create_api(workspace).routes}
    assert "/openapi.json" in paths
    assert not {"/docs", "/redoc"} & paths


def test_reading_routes_only_read(document: dict[str, Any]) -> None:
    changing = [name for name, operation in operations(document) if not name.startswith("GET")]
    assert all("GET" not in name for name in changing)
    assert all("requestBody" not in op for name, op in operations(document) if name[:3] == "GET")
