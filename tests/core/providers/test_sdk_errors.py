"""Every exception that the providers' SDKs publish has a name of ours."""

import anthropic
import openai
import pytest

from core.providers.base import FailureKind
from core.providers.classify import kind_of_status
from core.providers.sdk_errors import ANTHROPIC_ERRORS, OPENAI_ERRORS


def published_errors(module: object) -> dict[str, type[BaseException]]:
    names = (name for name in dir(module) if not name.startswith("_"))
    found = {name: getattr(module, name) for name in names}
    return {
        name: value
        for name, value in found.items()
        if isinstance(value, type) and issubclass(value, BaseException)
    }


@pytest.mark.parametrize(
    ("module", "table"),
    [(openai, OPENAI_ERRORS), (anthropic, ANTHROPIC_ERRORS)],
    ids=["openai", "anthropic"],
)
def test_every_published_exception_is_mapped(module: object, table: dict[str, FailureKind]) -> None:
    published = published_errors(module)
    for name in module.__all__:  # type: ignore[attr-defined]
        value = getattr(module, name)
        if isinstance(value, type) and issubclass(value, BaseException):
            published[name] = value
    assert published.keys() - table.keys() == set()


@pytest.mark.parametrize(
    ("module", "table"),
    [(openai, OPENAI_ERRORS), (anthropic, ANTHROPIC_ERRORS)],
    ids=["openai", "anthropic"],
)
def test_the_table_agrees_with_what_the_status_alone_would_mean(
    module: object, table: dict[str, FailureKind]
) -> None:
    # These say more by their error code than their status does.
    said_by_code = {FailureKind.QUOTA, FailureKind.PERMISSION}
    for name, kind in table.items():
        value = getattr(module, name, None)
        status = getattr(value, "status_code", None)
        if isinstance(status, int) and kind not in said_by_code:
            assert kind is kind_of_status(status), name
