"""The entry is light, and knows every page."""

import subprocess
import sys

from app.navigation import PAGES, navigation, page

HEAVY = ("torch", "sentence_transformers", "openai", "anthropic")


def test_importing_the_entry_loads_no_model_library() -> None:
    script = f"import sys, app.main; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().splitlines()[-1] == "[]"


def test_importing_every_widget_and_the_cache_loads_no_model_library() -> None:
    script = (
        "import sys, pkgutil, importlib, app.cache, app.widgets\n"
        "for m in pkgutil.iter_modules(app.widgets.__path__):\n"
        "    importlib.import_module(f'app.widgets.{m.name}')\n"
        f"print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=90
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().splitlines()[-1] == "[]"


def test_every_page_has_a_file_a_title_and_an_icon() -> None:
    for spec in PAGES:
        assert spec.path.is_file()
        assert spec.title
        assert spec.icon.startswith(":material/")
        assert page(spec.noun) is spec


def test_the_first_page_is_the_overview() -> None:
    assert PAGES[0].noun == "overview"
    assert sum(len(pages) for pages in navigation().values()) == len(PAGES)
