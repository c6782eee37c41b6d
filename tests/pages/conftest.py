"""Pages are opened at the entry, on an empty or a seeded workspace, with clean caches."""

from collections.abc import Callable, Iterator

import pytest
import streamlit as st
from page_seeds import seed
from streamlit import config
from streamlit.testing.v1 import AppTest

from app import navigation
from core.db.workspace import Workspace

MAIN = navigation.PAGES_FOLDER.parent / "app" / "main.py"
OpenPage = Callable[..., AppTest]


@pytest.fixture(autouse=True, scope="session")
def shown_errors() -> None:
    """A page that raises says what in the test's report; users see none of it."""
    config.set_option("client.showErrorDetails", "full")


@pytest.fixture(autouse=True)
def clean_caches() -> Iterator[None]:
    """Cached values outlive one AppTest."""
    st.cache_data.clear()
    st.cache_resource.clear()
    yield
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def seeded(workspace: Workspace) -> dict[str, str]:
    """Ids of what the seeded workspace holds."""
    return seed(workspace)


@pytest.fixture
def open_page(workspace: Workspace) -> OpenPage:
    """Opens a page at the entry: `open_page("batches", batch=…)` puts the rest in its URL."""

    def opened(noun: str, **query: str) -> AppTest:
        at = AppTest.from_file(str(MAIN), default_timeout=30)
        for name, value in query.items():
            at.query_params[name] = value
        return at.switch_page(str(navigation.page(noun).path)).run()

    return opened
