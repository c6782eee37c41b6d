"""A template's versions: the history, what differs, what each yielded, and A/B launches."""

from collections.abc import Sequence

import streamlit as st

from app import cache, state
from app.navigation import go
from app.widgets.errors import show_errors
from app.widgets.formats import ago, plain
from app.widgets.layout import go_button
from app.widgets.tables import plain_table
from app.widgets.templates.comparison_launch import comparisons_part
from app.widgets.templates.version_diff import difference_part
from app.widgets.templates.version_figures import statistics_part
from core.db.tables import Template, TemplateVersion
from core.templates.forks import forks_of, origin_of
from core.templates.versions import (
    fork_template,
    rename_version,
    restore_version,
    version_name,
)

HISTORY, DIFFERENCE, STATISTICS, COMPARISONS = (
    "History", "Differences", "Statistics", "A/B comparisons",
)  # fmt: skip
KEY = "templates.versions"


def versions_tab(template: Template, versions: Sequence[TemplateVersion]) -> None:
    """One of four parts; each reads only what it shows."""
    part = st.segmented_control(
        "Versions", [HISTORY, DIFFERENCE, STATISTICS, COMPARISONS], default=HISTORY, required=True,
        key=f"{KEY}.part", label_visibility="collapsed",
    )  # fmt: skip
    if part == HISTORY:
        _history(template, versions)
    elif part == DIFFERENCE:
        difference_part(versions)
    elif part == STATISTICS:
        statistics_part(template)
    else:
        comparisons_part(template, versions)


def _history(template: Template, versions: Sequence[TemplateVersion]) -> None:
    table = [
        {
            "Version": str(v.number), "Name": v.name or None, "Saved": ago(v.created_at),
            "By": cache.person(v.created_by), "Why": v.note or None,
            "Content hash": v.content_hash[:12],
        }
        for v in versions
    ]  # fmt: skip
    columns = {
        "Version": st.column_config.TextColumn(width=70),
        "Name": st.column_config.TextColumn(width=200),
        "Saved": st.column_config.TextColumn(width=110),
        "By": st.column_config.TextColumn(width=120),
        "Content hash": st.column_config.TextColumn(width=120),
    }
    plain_table(table, key=KEY, columns=columns)
    _actions(versions)
    _family(template)


def _actions(versions: Sequence[TemplateVersion]) -> None:
    by_id = {version.template_version_id: version for version in versions}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Version", list(by_id), key=f"{KEY}.chosen", width=320,
            format_func=lambda i: version_name(by_id[i]).capitalize(),
        )  # fmt: skip
        version = by_id[chosen]
        st.button(
            "Restore", key="templates.restore", icon=":material/settings_backup_restore:",
            on_click=restore, args=(chosen,), disabled=version is versions[0],
            help="Its content becomes the newest version. Nothing is lost.",
        )  # fmt: skip
        with st.popover("Rename", icon=":material/label:", key=f"{KEY}.rename_box"):
            name_key = f"{KEY}.name.{chosen}"
            st.text_input("Name", version.name, key=name_key, placeholder="shorter answers")
            st.button(
                "Rename", key=f"{KEY}.rename", on_click=rename, args=(chosen, name_key),
                help="A label only: the content and its hash stay.",
            )  # fmt: skip
        with st.popover("Fork", icon=":material/fork_right:", key=f"{KEY}.fork_box"):
            st.caption("A new template that starts from this version and remembers it.")
            st.text_input("Name", key=f"{KEY}.fork_name", placeholder="my-own-answers",
                          help="Lower-case letters, digits and hyphens.")  # fmt: skip
            st.text_input("Title", key=f"{KEY}.fork_title", placeholder="as it is")
            st.button("Fork", key=f"{KEY}.fork", type="primary", on_click=fork, args=(chosen,))
    opened = state.forked()
    if opened:
        go("templates", template=opened)


def _family(template: Template) -> None:
    origin = origin_of(cache.workspace(), template)
    if origin is not None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(
                f"Forked from {plain(origin.template.title)}, {version_name(origin.version)}.",
                width="content",
            )
            go_button("Open it", "templates", key=f"{KEY}.origin", template=origin.template.name)
    forks = forks_of(cache.workspace(), template.template_id)
    if forks:
        told = ", ".join(
            f"{fork.template.name} (from {version_name(fork.version)})" for fork in forks
        )
        st.caption(f"Forks of this template: {plain(told)}.")


def restore(template_version_id: str) -> None:
    """The button's callback: the old content becomes the newest version."""
    with show_errors():
        version = restore_version(cache.workspace(), template_version_id)
        state.notify(f"Restored as version {version.number}.")


def rename(template_version_id: str, name_key: str) -> None:
    """The button's callback: another label, the same content."""
    with show_errors():
        version = rename_version(
            cache.workspace(), template_version_id, state.value_of(name_key, "")
        )
        state.notify(f"It is now called {version_name(version)}.")


def fork(template_version_id: str) -> None:
    """The button's callback: the new template is opened on the run that follows."""
    with show_errors():
        name = (state.value_of(f"{KEY}.fork_name") or "").strip()
        title = state.value_of(f"{KEY}.fork_title") or ""
        fork_template(cache.workspace(), template_version_id, name, title=title)
        state.open_fork(name)
        state.notify(f"Forked as {name}.")
