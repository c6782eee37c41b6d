"""The Examples part: worked examples for the prompt, picked from accepted samples or written."""

from typing import Any

import streamlit as st

from app import cache, state
from app.widgets.errors import show_errors
from app.widgets.formats import clip, figure, plain, plural
from app.widgets.templates.draft import edit, form_data, is_frozen
from app.widgets.templates.fields import area_field, choice_field, item_buttons, json_field
from core.db.tables import Sample
from core.generation.picking import examples_of_sample
from core.generation.samples import SampleFilter, list_samples
from core.templates.editing.draft_text import Data, delete_item, insert_item, move_item
from core.templates.editing.steps import step_names
from core.templates.yaml_text import Path

EXAMPLES = ("examples",)
MOST_EXAMPLES = 20
SHOWN = 8


def examples_part() -> None:
    """The examples there are, and accepted samples to take more from."""
    examples = form_data().get("examples") or []
    st.caption(
        "Shown to the model before the task, as turns of their own. Two or three good ones do more "
        "than a paragraph of instructions; each costs its tokens in every call."
    )
    for place, example in enumerate(examples):
        with st.expander(
            f"{place + 1} · {plain(clip(str(example.get('user', '')), 80))}",
            key=f"templates.examples.{place}.box",
        ):
            _one(place, len(examples))
    _pick(len(examples))


def _one(place: int, count: int) -> None:
    path: Path = ("examples", place)
    item_buttons(
        f"templates.examples.{place}", place, count,
        move=lambda by: edit(move_item, EXAMPLES, place, by),
        delete=lambda: edit(delete_item, EXAMPLES, place),
    )  # fmt: skip
    names = step_names(form_data())
    if names:
        choice_field("Step", (*path, "step"), names)
    area_field("Prompt", (*path, "user"), height=120, is_required=True)
    json_field("Answer (JSON)", (*path, "output"), noun="answer", box="example", height=160)


def _pick(count: int) -> None:
    st.markdown("**Accepted samples of this template**")
    search = st.text_input(
        "Search", key="templates.examples.search", type="search", icon=":material/search:",
        placeholder="Search accepted samples", label_visibility="collapsed",
    )  # fmt: skip
    wanted = SampleFilter(
        template_id=state.templates().template_id, verdict="accepted", search=search or ""
    )
    found = list_samples(cache.workspace(), wanted, limit=SHOWN, order="-quality_score")
    if not found:
        st.caption("None yet: run a batch, then come back." if not search else "None fits.")
    for sample in found:
        _candidate(sample, count >= MOST_EXAMPLES)
    if len(found) == SHOWN:
        st.caption(f"The best {plural(SHOWN, 'sample')} by score; search for others.")


def _candidate(sample: Sample, is_full: bool) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        with st.container(gap="xxsmall"):
            st.markdown(plain(clip(sample.response, 220)))
            st.caption(
                f"{plain(clip(sample.input, 110))} · score {figure(sample.quality_score, 2)}"
            )
        st.button(
            "Use", key=f"templates.examples.pick.{sample.sample_id}", on_click=_take,
            args=(sample.sample_id,), disabled=is_full or is_frozen(),
        )  # fmt: skip


def _take(sample_id: str) -> None:
    with show_errors():
        steps = step_names(form_data())
        for example in examples_of_sample(cache.workspace(), sample_id, steps):
            edit(_with_example, example)


def _with_example(data: Data, example: dict[str, Any]) -> Data:
    if example in (data.get("examples") or ()):
        raise ValueError("this example is there already")
    return insert_item(data, EXAMPLES, example)
