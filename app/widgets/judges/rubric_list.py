"""The project's rubrics, and the starters to begin with."""

import streamlit as st

from app import cache, state
from app.navigation import go
from app.widgets.errors import show_errors
from app.widgets.formats import ago, plain
from app.widgets.layout import empty_state, section
from app.widgets.tables import number, open_table
from core.quality.judge.rubrics import install_rubric, list_rubrics, starter_rubrics

NEW = "new"  # the rubric in the URL that is not there yet


def rubrics_view() -> None:
    """Own rubrics first; starters that were not taken over below."""
    rows = list_rubrics(cache.workspace())
    if rows:
        open_table(
            [
                {
                    "Rubric": row.definition.title,
                    "Criteria": ", ".join(c.name for c in row.definition.criteria),
                    "Version": row.latest.number,
                    "Saved": ago(row.latest.created_at),
                }
                for row in rows
            ],
            [row.rubric.name for row in rows], "judges", "rubric", key="judges.rubrics",
            opener="Rubric", columns={"Version": number("Version")},
        )  # fmt: skip
    else:
        with empty_state(
            ":material/rule:", "There is no rubric yet",
            "A rubric says what a judge looks at. Take one of those below, or write your own.",
        ):  # fmt: skip
            _new_button("judges.rubrics.empty")
    starters(taken={row.rubric.name for row in rows})
    if rows:
        _new_button("judges.rubrics.new")


def _new_button(key: str) -> None:
    if st.button("Write a rubric", key=key, icon=":material/add:"):
        go("judges", rubric=NEW)


def starters(taken: set[str]) -> None:
    """The rubrics that ship with Seedbed and were not taken over."""
    left = [one for one in starter_rubrics() if one.name not in taken]
    if not left:
        return
    section("Starters", "Rubrics that ship with Seedbed. Taken over, they are yours to change.")
    columns = st.columns(3)
    for place, one in enumerate(left):
        with columns[place % 3].container(border=True, height="stretch"):
            st.markdown(f"**{plain(one.title)}**")
            st.caption(plain(one.description))
            st.caption(plain(" · ".join(c.name.replace("_", " ") for c in one.criteria)))
            st.button(
                "Use this rubric", key=f"judges.starter.{one.name}", on_click=take, args=(one.name,)
            )


def take(name: str) -> None:
    """The button's callback: the starter becomes a rubric of one's own."""
    with show_errors():
        install_rubric(cache.workspace(), name)
        state.notify(f"{name} is yours now: change it, or judge by it.")
