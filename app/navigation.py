"""The one table of pages: the only place that knows file names.

The folder is called `pages/` and lies beside `app/`, out of reach of Streamlit's old automatic
discovery, which looks beside the entry script. Never add a launcher at the root or an `app/pages/`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import streamlit as st

PAGES_FOLDER = Path(__file__).resolve().parents[1] / "pages"


@dataclass(frozen=True)
class PageSpec:
    """One page: `noun` is its file, its URL and its prefix in session state."""

    noun: str
    title: str
    icon: str
    section: str

    @property
    def path(self) -> Path:
        return PAGES_FOLDER / f"{self.noun}.py"


PAGES = (
    PageSpec("overview", "Overview", ":material/space_dashboard:", ""),
    PageSpec("templates", "Templates", ":material/edit_note:", "Grow"),
    PageSpec("sources", "Sources", ":material/description:", "Grow"),
    PageSpec("batches", "Batches", ":material/conveyor_belt:", "Grow"),
    PageSpec("samples", "Samples", ":material/table_rows:", "Look"),
    PageSpec("insight", "Insight", ":material/scatter_plot:", "Look"),
    PageSpec("judges", "Judges", ":material/gavel:", "Look"),
    PageSpec("review", "Review", ":material/rate_review:", "Look"),
    PageSpec("sql", "SQL", ":material/database_search:", "Look"),
    PageSpec("datasets", "Datasets", ":material/inventory_2:", "Release"),
    PageSpec("spend", "Spend", ":material/payments:", "Run"),
    PageSpec("settings", "Settings", ":material/tune:", "Run"),
)


def page(noun: str) -> PageSpec:
    """The page of that noun."""
    return next(spec for spec in PAGES if spec.noun == noun)


def navigation() -> dict[str, list[st.Page]]:
    """The table as `st.navigation` takes it: pages by section, the first one the default."""
    sections: dict[str, list[st.Page]] = {}
    for spec in PAGES:
        sections.setdefault(spec.section, []).append(
            st.Page(spec.path, title=spec.title, icon=spec.icon, default=spec is PAGES[0])
        )
    return sections


def go(noun: str, **query: str) -> NoReturn:
    """Leave for a page, with what is selected there in its URL."""
    st.switch_page(page(noun).path, query_params=query)
