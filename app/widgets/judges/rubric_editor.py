"""The rubric editor: criteria with their question, scale, anchors and weight."""

import re
from typing import Any

import streamlit as st

from app import cache, state
from app.navigation import go
from app.widgets.errors import show_errors
from app.widgets.formats import ago, plain, plural, share
from app.widgets.judges.rubric_list import NEW
from app.widgets.layout import page_header, section
from core.errors import InvalidInput, SeedbedError
from core.quality.judge.prompting import judge_definition
from core.quality.judge.rubric import MAX_CRITERIA, RubricDefinition, build_rubric
from core.quality.judge.rubrics import get_rubric, list_rubric_versions, load_rubric, save_rubric
from core.templates.planning.inputs import sample_inputs
from core.templates.rendering import Renderer

PREFIX = "judges.editor"
KEEP: dict[str, Any] = {"persist_state": "session"}  # an edit outlives a look at another page
SCALES = {
    "0 to 1 (no or yes)": (0, 1),
    "1 to 3": (1, 3),
    "1 to 4": (1, 4),
    "1 to 5": (1, 5),
    "1 to 7": (1, 7),
    "1 to 10": (1, 10),
}
EMPTY: dict[str, Any] = {
    "name": "", "title": "", "criteria": [{"name": "", "question": "", "low": 1, "high": 5}]
}  # fmt: skip


def editor_view(name: str) -> None:
    """The page at judges?rubric=…"""
    if st.button(
        "All rubrics", key=f"{PREFIX}.back", type="tertiary", icon=":material/arrow_back:"
    ):
        go("judges", view="rubrics")
    draft = _opened(name)
    rubric: RubricDefinition | None = None
    title = "New rubric" if name == NEW else str(draft.base.get("title", name))
    header = page_header(title, _saved_line(name))
    data = _form(draft, is_new=name == NEW)
    try:
        rubric = build_rubric(data)
        judge_definition(rubric, "score")
        problem = ""
    except InvalidInput as error:
        problem = error.message
    is_changed = rubric is not None and (name == NEW or rubric != build_rubric(draft.base))
    with header:
        if name != NEW and st.button("Judge by it", key=f"{PREFIX}.judge", icon=":material/gavel:"):
            go("judges", view="launch")
        st.button(
            "Save version", key=f"{PREFIX}.save", type="primary", on_click=save, args=(data,),
            disabled=not is_changed,
        )  # fmt: skip
    if problem:
        st.info(plain(problem), icon=":material/info:")
    if rubric is not None:
        _prompt(rubric)
    if name != NEW:
        _versions(name)


def _opened(name: str) -> state.RubricDraft:
    draft = state.rubric(name)
    if not draft.base:
        base = EMPTY
        if name != NEW:
            base = get_rubric(cache.workspace(), name).definition.model_dump(mode="json")
        draft.open(base)
    return draft


def _saved_line(name: str) -> str:
    if name == NEW:
        return "What a judge looks at, and what each mark means."
    row = get_rubric(cache.workspace(), name)
    return f"Version {row.latest.number}, saved {ago(row.latest.created_at)}"


def _form(draft: state.RubricDraft, *, is_new: bool) -> dict[str, Any]:
    base = draft.base
    left, right = st.columns([2, 3])
    data: dict[str, Any] = {"name": base["name"]}
    data["title"] = left.text_input(
        "Title", base.get("title", ""), key=_key(draft, "title"), **KEEP
    )
    if is_new:
        data["name"] = left.text_input(
            "Name", key=_key(draft, "name"), **KEEP, placeholder=_slug(data["title"]),
            help="Lower case, with hyphens; made from the title where empty. It stays.",
        )  # fmt: skip
        data["name"] = data["name"] or _slug(data["title"])
    data["description"] = left.text_input(
        "What it is for", base.get("description", ""), key=_key(draft, "description"), **KEEP
    )
    data["shows_source"] = left.toggle(
        "Show the judge the source chunk", base.get("shows_source", False),
        key=_key(draft, "source"), **KEEP, help="For samples that were made from a source.",
    )  # fmt: skip
    data["guidance"] = right.text_area(
        "What else the judge should know", base.get("guidance", ""),
        key=_key(draft, "guidance"), **KEEP, height=180,
        placeholder="Who reads the answers, what counts as a mistake, …",
    )  # fmt: skip
    section("Criteria", "A few that differ beat many that overlap. Anchors make judges agree.")
    data["criteria"] = [
        _criterion(draft, number, place) for place, number in enumerate(draft.numbers)
    ]
    _weights(data["criteria"])
    st.button(
        "Add a criterion", key=_key(draft, "add"), icon=":material/add:", on_click=draft.add,
        disabled=len(draft.numbers) >= MAX_CRITERIA,
    )  # fmt: skip
    return data


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.casefold()).strip("-")[:50]


def _key(draft: state.RubricDraft, field: str) -> str:
    return f"{PREFIX}.{draft.turn}.{field}"


def _criterion(draft: state.RubricDraft, number: int, place: int) -> dict[str, Any]:
    base = draft.criteria[number]
    key = _key(draft, str(number))
    with st.container(border=True, gap="small"):
        first, second, third, fourth, fifth = st.columns(
            [3, 6, 2, 1.4, 0.8], vertical_alignment="bottom"
        )
        name = first.text_input(
            "Criterion", base.get("name", ""), key=f"{key}.name", **KEEP, placeholder="accuracy"
        )
        question = second.text_input(
            "What to look at", base.get("question", ""), key=f"{key}.question", **KEEP,
            placeholder="Is what the response states true?",
        )  # fmt: skip
        low, high = _scale(third, base, key)
        weight = fourth.number_input(
            "Weight", 0.1, 100.0, float(base.get("weight", 1.0)), 0.5, key=f"{key}.weight", **KEEP,
            format="%.4g",
        )  # fmt: skip
        fifth.button(
            "", key=f"{key}.remove", icon=":material/delete:", on_click=draft.remove,
            args=(number,), disabled=len(draft.numbers) < 2, help="Remove this criterion",
            type="tertiary",
        )  # fmt: skip
        anchors = _anchors(base, low, high, key)
    del place
    return {
        "name": "_".join(name.casefold().split()), "question": question, "weight": float(weight),
        "low": low, "high": high, "anchors": anchors,
    }  # fmt: skip


def _scale(place: Any, base: dict[str, Any], key: str) -> tuple[int, int]:
    known = dict(SCALES)
    present = (base.get("low", 1), base.get("high", 5))
    if present not in known.values():
        known[f"{present[0]} to {present[1]}"] = present
    names = list(known)
    chosen = place.selectbox(
        "Scale", names, index=list(known.values()).index(present), key=f"{key}.scale", **KEEP
    )
    return known[chosen]


def _anchors(base: dict[str, Any], low: int, high: int, key: str) -> dict[int, str]:
    """A text for each mark, side by side; empty ones are left out."""
    given = {int(mark): text for mark, text in base.get("anchors", {}).items()}
    marks = range(low, high + 1)
    columns = st.columns(min(len(marks), 5))
    found = {}
    for place, mark in enumerate(marks):
        note = " (worst)" if mark == low else " (best)" if mark == high else ""
        text = columns[place % 5].text_area(
            f"{mark}{note}", given.get(mark, ""), key=f"{key}.anchor.{mark}", **KEEP, height=96,
            placeholder="What this mark means",
        )  # fmt: skip
        if text and text.strip():
            found[mark] = text.strip()
    return found


def _weights(criteria: list[dict[str, Any]]) -> None:
    total = sum(item["weight"] for item in criteria)
    parts = [f"{item['name'] or '…'} {share(item['weight'] / total, 0)}" for item in criteria]
    st.caption(plain("Of the score: " + " · ".join(parts)))


def save(data: dict[str, Any]) -> None:
    """The button's callback: a version of its own, unless it says what the newest one says."""
    with show_errors():
        version = save_rubric(cache.workspace(), build_rubric(data))
        name = str(version.definition["name"])
        state.forget_rubric()
        state.select("rubric", name)
        state.notify(f"{name}: version {version.number} saved.")


def _prompt(rubric: RubricDefinition) -> None:
    if not st.toggle("Show what the judge is asked", key=f"{PREFIX}.prompt"):
        return
    form = st.segmented_control(
        "Form", ("score", "pair"), default="score", required=True, key=f"{PREFIX}.form",
        format_func={"score": "One sample", "pair": "A pair"}.get, label_visibility="collapsed",
    )  # fmt: skip
    try:
        definition = judge_definition(rubric, form)
        inputs, rows = sample_inputs(definition)
        values = {name: rows[str(inputs[name].row_ids[0])] for name in inputs}
        for message in Renderer(definition).messages(values):
            st.caption(message.role.capitalize())
            st.code(message.content, language=None, wrap_lines=True)
    except SeedbedError as error:
        st.info(plain(str(error)), icon=":material/info:")


def _versions(name: str) -> None:
    versions = list_rubric_versions(cache.workspace(), name)
    if len(versions) < 2:
        return
    section("Versions", f"{plural(len(versions), 'version')}; judgements name theirs.")
    for version in versions:
        rubric = load_rubric(version)
        criteria = ", ".join(f"{c.name} {c.low} to {c.high}" for c in rubric.criteria)
        st.caption(plain(f"{version.number} · {ago(version.created_at)} · {criteria}"))
