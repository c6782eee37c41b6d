"""Every exception that the providers' SDKs can raise in a call has a name of ours."""

import builtins
import importlib
import re
from pathlib import Path
from types import ModuleType

import anthropic
import openai
import pytest

from core.providers.base import FailureKind
from core.providers.failures import kind_of_status
from core.providers.sdk_errors import ANTHROPIC_ERRORS, OPENAI_ERRORS

SDKS = pytest.mark.parametrize(
    ("sdk", "table"),
    [(openai, OPENAI_ERRORS), (anthropic, ANTHROPIC_ERRORS)],
    ids=["openai", "anthropic"],
)
CLASS = re.compile(r"^class (\w+)\(([^)]*)\)\s*:", re.M)
# Helpers that run tools, agents and browsers in the caller's process: no call goes through them.
HELPERS = (
    "anthropic.lib.tools", "openai.lib._old_api", "openai.lib.beta.agents", "openai.lib.browser",
    "openai.lib.computer", "openai.lib.decisions_tool_runner", "openai.lib.responses_tool_runner",
    "openai.lib.responses_websocket",
)  # fmt: skip
# These say more by their error code than their status does.
SAID_BY_CODE = {FailureKind.QUOTA, FailureKind.PERMISSION}


def published(sdk: ModuleType) -> dict[str, set[str]]:
    """The SDK's exceptions by name, with the modules that define them, read from its sources.

    Sources rather than imports: there are five thousand modules, and some need further packages.
    """
    root = Path(sdk.__path__[0])
    classes: list[tuple[str, str, set[str]]] = []
    for path in root.rglob("*.py"):
        module = ".".join(path.relative_to(root.parent).with_suffix("").parts)
        for name, bases in CLASS.findall(path.read_text("utf-8")):
            parents = {base.strip().rpartition(".")[2] for base in bases.split(",")}
            classes.append((module.removesuffix(".__init__"), name, parents))
    known = {name for name, value in vars(builtins).items() if _is_exception(value)}
    size = -1
    while len(known) != size:
        size = len(known)
        known |= {name for _, name, parents in classes if parents & known}
    found: dict[str, set[str]] = {}
    for module, name, parents in classes:
        if parents & known and not name.startswith("_") and not module.startswith(HELPERS):
            found.setdefault(name, set()).add(module)
    return found


def _is_exception(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, BaseException)


def _by_status(module: str, name: str, table: dict[str, FailureKind]) -> bool:
    """Whether the class has a status of its own, and its nearest named parent means the same."""
    error = getattr(importlib.import_module(module), name)
    status = vars(error).get("status_code") or getattr(error, "status_code", None)
    parent = next((c.__name__ for c in error.__mro__ if c.__name__ in table), None)
    if not isinstance(status, int) or parent is None:
        return False
    return table[parent] is kind_of_status(status) or table[parent] in SAID_BY_CODE


@SDKS
def test_every_exception_has_a_kind(sdk: ModuleType, table: dict[str, FailureKind]) -> None:
    found = published(sdk)
    assert len(found) > 20
    unmapped = [
        f"{module}.{name}"
        for name, modules in found.items()
        if name not in table
        for module in modules
        if not _by_status(module, name, table)
    ]
    assert unmapped == []


@SDKS
def test_reading_the_sources_misses_no_exception_that_the_package_shows(
    sdk: ModuleType, table: dict[str, FailureKind]
) -> None:
    names = {*dir(sdk), *sdk.__all__}
    shown = {name for name in names if _is_exception(getattr(sdk, name, None))}
    shown = {name for name in shown if not name.startswith("_")}
    assert len(shown) > 15
    assert shown <= table.keys()
    assert {getattr(sdk, name).__name__ for name in shown} <= published(sdk).keys()


@SDKS
def test_the_table_names_no_exception_that_does_not_exist(
    sdk: ModuleType, table: dict[str, FailureKind]
) -> None:
    assert table.keys() - published(sdk).keys() - set(dir(sdk)) == set()


@SDKS
def test_the_table_agrees_with_what_the_status_alone_would_mean(
    sdk: ModuleType, table: dict[str, FailureKind]
) -> None:
    for name, kind in table.items():
        status = getattr(getattr(sdk, name, None), "status_code", None)
        if isinstance(status, int) and kind not in SAID_BY_CODE:
            assert kind is kind_of_status(status), name
