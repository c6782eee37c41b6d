"""What Faker offers to choose from: its methods by provider, and its locales."""

import inspect
import re
from functools import lru_cache
from importlib import import_module
from typing import Any, Final

from core.templates.samplers.people import CannotDraw, check_faker

# Values for programs rather than for prompts.
LEFT_OUT: Final = ("python", "misc", "profile", "doi")


@lru_cache(maxsize=1)
def faker_methods() -> dict[str, str]:
    """Each method that a template can name, and the provider it belongs to: person, company, …"""
    from faker.config import PROVIDERS
    from faker.providers import BaseProvider

    shared = set(dir(BaseProvider))
    found: dict[str, str] = {}
    for path in PROVIDERS:
        provider = path.rpartition(".")[2]
        if provider in LEFT_OUT:
            continue
        for name in _methods(import_module(path).Provider) - shared:
            if _is_drawable(name):
                found.setdefault(name, provider)
    return dict(sorted(found.items(), key=lambda item: (item[1], item[0])))


def _methods(provider: type) -> set[str]:
    """Public methods that can be called without arguments."""
    members = inspect.getmembers(provider, inspect.isfunction)
    return {name for name, method in members if not name.startswith("_") and _is_bare(method)}


def _is_bare(method: Any) -> bool:
    parameters = list(inspect.signature(method).parameters.values())[1:]
    is_free = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return all(p.default is not p.empty or p.kind in is_free for p in parameters)


def _is_drawable(name: str) -> bool:
    try:
        check_faker(name, "en_US")
    except CannotDraw:
        return False
    return True


@lru_cache(maxsize=1)
def faker_locales() -> list[str]:
    """The locales that Faker has, as templates write them: de_DE, en_GB, pt_BR, …"""
    from faker.config import AVAILABLE_LOCALES

    return sorted(n for n in AVAILABLE_LOCALES if re.fullmatch(r"[a-z]{2,3}(_[A-Z]{2})?", n))
