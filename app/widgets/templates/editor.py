"""The Design view: the form of one part on the left, the YAML of the whole draft on the right.

Both show one text. Where the text is no template, its error stands above the YAML with the lines
around it; where forms cannot even draw it, they keep the last state that they could, and say so.
"""

from collections.abc import Callable

import streamlit as st

from app import state
from app.widgets.formats import plain
from app.widgets.templates.checks import checks_part
from app.widgets.templates.constraints import constraints_part
from app.widgets.templates.draft import form_data, is_frozen, reading
from app.widgets.templates.examples import examples_part
from app.widgets.templates.model import model_part
from app.widgets.templates.output import output_part, schema_field
from app.widgets.templates.prompt import prompt_part
from app.widgets.templates.steps import steps_part
from app.widgets.templates.variables import variables_part
from core.errors import TemplateError
from core.templates.yaml_text import Path

PARTS: dict[str, Callable[[], None]] = {
    "Prompt": prompt_part,
    "Variables": variables_part,
    "Constraints": constraints_part,
    "Output": output_part,
    "Examples": examples_part,
    "Steps": steps_part,
    "Checks": checks_part,
    "Model": model_part,
}
YAML = "templates.yaml"
YAML_PX = 660
YAML_NAME, SCHEMA_NAME = "YAML", "JSON Schema"
EXCERPT = 2


def design_tab() -> None:
    """Form and YAML, side by side."""
    left, right = st.columns([11, 9], gap="medium")
    with left:
        part = st.segmented_control(
            "Part", list(PARTS), default="Prompt", required=True, key="templates.part",
            label_visibility="collapsed", persist_state="page", wrap=True,
        )  # fmt: skip
        if is_frozen():
            st.warning(
                "The forms show the last state that they could draw. Correct the YAML to go on.",
                icon=":material/pause_circle:",
            )
        problem_line()
        PARTS[part or "Prompt"]()
    with right.container(key="templates.side"):
        _side(part or "Prompt")


def problem_line() -> None:
    """What the last edit got wrong, if anything."""
    if state.templates().problem:
        st.error(plain(state.templates().problem), icon=":material/error:")


def _side(part: str) -> None:
    """The YAML of the draft; beside the fields of an output also their JSON Schema."""
    problem = reading().problem
    path = _schema_path(part)
    shown: str | None = YAML_NAME
    with st.container(horizontal=True, vertical_alignment="center", key="templates.yaml_head"):
        if path is None:
            st.caption("The whole draft as YAML. Edit either side.", width="content")
        else:
            shown = st.segmented_control(
                "Beside", (SCHEMA_NAME, YAML_NAME), required=True, key=f"templates.beside.{part}",
                default=SCHEMA_NAME if part == "Output" else YAML_NAME,
                label_visibility="collapsed",
            )  # fmt: skip
        if problem is None:
            st.badge("Valid", color="green", icon=":material/check:")
        else:
            line = "" if problem.line is None else f" in line {problem.line}"
            st.badge(f"Error{line}", color="red", icon=":material/error:")
    if problem is not None:
        problem_box(problem)
    if path is not None and shown == SCHEMA_NAME:
        schema_field(path, YAML_PX)
        return
    state.bind(YAML, state.templates().text)
    with st.container(key="code-template"):
        st.text_area(
            "Template (YAML)", key=YAML, height=YAML_PX, on_change=_apply_yaml,
            label_visibility="collapsed",
        )  # fmt: skip


def _schema_path(part: str) -> Path | None:
    """Where the output that the part edits stands; None for another part."""
    steps = form_data().get("steps")
    if part == "Steps" and steps:
        return ("steps", min(state.templates().step, len(steps) - 1), "output")
    return ("output",) if part == "Output" and not steps else None


def problem_box(problem: TemplateError) -> None:
    """The error, what to do, and the lines around it."""
    with st.container(key="templates.yaml_problem", gap="xsmall"):
        st.error("\n\n".join(filter(None, map(plain, (problem.message, problem.remedy)))))
        if problem.line is not None:
            st.code(excerpt(state.templates().text, problem.line), language=None)


def excerpt(text: str, line: int) -> str:
    """The lines around one, numbered, that one marked."""
    lines = text.splitlines()
    first, last = max(line - 1 - EXCERPT, 0), min(line + EXCERPT, len(lines))
    return "\n".join(
        f"{'>' if i + 1 == line else ' '} {i + 1:>4}  {lines[i]}" for i in range(first, last)
    )


def _apply_yaml() -> None:
    draft = state.templates()
    text = state.value_of(YAML) or ""
    if state.is_echo(YAML):
        return
    draft.note = ""
    if text.strip():
        draft.text, draft.problem = text, ""
    else:
        draft.problem = "An empty text was not taken over."
