"""The template editor: a draft text, and forms that edit parts of it.

The YAML text is the draft. A form rewrites its part of it through the template's own model, so
what a form produces is what the YAML tab shows.
"""

import json
from typing import Any

import pandas as pd
import streamlit as st
import yaml

from app import state
from app.widgets import charts
from app.widgets.errors import show_errors
from app.widgets.formats import clip, count, plain, words
from app.widgets.layout import Card, cards
from app.widgets.tables import plain_table
from core.errors import SeedbedError, TemplateError
from core.templates.definition import (
    TemplateDefinition,
    build_template,
    parse_template,
    template_yaml,
)
from core.templates.plan import Plan
from core.templates.rendering import Renderer

PROMPTS = ("system", "user")
MAPPINGS = ("input", "response")
EXCERPT = 2


def draft_definition() -> TemplateDefinition | None:
    """The draft as a template; None, with the problem on screen, where it is not one."""
    draft = state.templates()
    try:
        return parse_template(draft.text)
    except TemplateError as error:
        with show_errors():
            raise
        if error.line is not None:
            st.code(_excerpt(draft.text, error.line), language=None)
        return None


def _excerpt(text: str, line: int) -> str:
    lines = text.splitlines()
    first, last = max(line - 1 - EXCERPT, 0), min(line + EXCERPT, len(lines))
    return "\n".join(
        f"{'>' if i + 1 == line else ' '} {i + 1:>4}  {lines[i]}" for i in range(first, last)
    )


def apply_part(path: tuple[str, ...], key: str) -> None:
    """A field's `on_change`: its value replaces that part of the draft."""
    draft = state.templates()
    draft.problem = ""
    try:
        value = _parsed(path, state.value_of(key, ""))
        whole = parse_template(draft.text).model_dump(mode="json", exclude_defaults=True)
        target = whole
        for name in path[:-1]:
            target = target[name]
        target[path[-1]] = value
        draft.text = template_yaml(build_template(whole))
    except (SeedbedError, ValueError, yaml.YAMLError) as error:
        draft.problem = f"{path[-1].capitalize()} was not taken over: {error}"


def _parsed(path: tuple[str, ...], text: str) -> Any:
    if path == ("output",):
        return json.loads(text)
    return yaml.safe_load(text) if path == ("variables",) else text


def apply_yaml(key: str) -> None:
    """The YAML field's `on_change`."""
    draft = state.templates()
    draft.text, draft.problem = state.value_of(key, ""), ""


def problem_line() -> None:
    """What the last edit got wrong, if anything."""
    if state.templates().problem:
        st.error(plain(state.templates().problem), icon=":material/error:")


def _field(label: str, path: tuple[str, ...], value: str, height: int, **options: Any) -> None:
    key = "templates." + ".".join(path)
    state.offer(key, value)
    with st.container(key=f"code-{'-'.join(path)}"):
        st.text_area(
            label, key=key, height=height, on_change=apply_part, args=(path, key), **options
        )


def prompt_tab(definition: TemplateDefinition) -> None:
    """Prompts and mapping as fields."""
    st.caption(
        "Jinja2, sandboxed. `{{ name }}` is a variable, `{{ chunk.text }}` the source chunk, "
        "`{{ output.field }}` a field of the answer (in the mapping)."
    )
    _field("System prompt", ("system",), definition.system, 140)
    _field("User prompt", ("user",), definition.user, 260)
    left, right = st.columns(2)
    with left:
        _field("Mapping: input", ("mapping", "input"), definition.mapping.input, 110)
    with right:
        _field("Mapping: response", ("mapping", "response"), definition.mapping.response, 110)


def variables_tab(definition: TemplateDefinition) -> None:
    """The variables as a table, and their YAML."""
    dumped = definition.model_dump(mode="json", exclude_defaults=True).get("variables", [])
    left, right = st.columns([2, 3])
    with left:
        _field(
            "Variables (YAML)",
            ("variables",),
            yaml.safe_dump(dumped, sort_keys=False, allow_unicode=True),
            460,
        )
    with right:
        st.caption("Each sample draws every variable; categories get exact quotas.")
        rows = [
            {
                "Variable": item["name"],
                "Sampler": words(item["sampler"]["kind"]),
                "Settings": _sampler_text(item["sampler"]),
                "Only when": item.get("when") or "",
            }
            for item in dumped
        ]
        columns = {
            "Settings": st.column_config.TextColumn(width=300),
            "Sampler": st.column_config.TextColumn(width=90),
        }
        plain_table(rows, key="templates.variables.table", columns=columns)


def _sampler_text(sampler: dict[str, Any]) -> str:
    """A sampler's settings in one line: values first, without weights."""
    values = sampler.get("values")
    if isinstance(values, list):
        names = [str(v["value"] if isinstance(v, dict) else v) for v in values]
        return clip(f"{len(names)} values: " + ", ".join(names), 140)
    rest = {name: value for name, value in sampler.items() if name != "kind"}
    return clip(", ".join(f"{name}: {value}" for name, value in rest.items()), 140)


def schema_tab(definition: TemplateDefinition) -> None:
    """The output's JSON Schema."""
    st.caption("JSON Schema of one answer: an object. Every sample is validated against it.")
    text = json.dumps(definition.output, indent=2, ensure_ascii=False)
    _field("Output schema (JSON)", ("output",), text, 460)


def yaml_tab() -> None:
    """The whole draft; also shown while it does not parse."""
    key = "templates.yaml"
    state.offer(key, state.templates().text)
    with st.container(key="code-template"):
        st.text_area("Template (YAML)", key=key, height=620, on_change=apply_yaml, args=(key,))


def plan_tab(definition: TemplateDefinition) -> None:
    """The quotas of a batch: free, nothing is generated."""
    left, right = st.columns(2)
    n = int(left.number_input("Samples", 1, 100_000, 100, key="templates.plan.n"))
    seed = int(right.number_input("Seed", 0, 2**31 - 1, 0, key="templates.plan.seed"))
    plan = Plan(definition, n=n, seed=seed)
    cells = plan.cells()
    empty = sum(cell.planned == 0 for cell in cells)
    cards(
        [
            Card(
                "Cells filled",
                f"{count(len(cells) - empty)} of {count(len(cells))}",
                "Combinations of the categories that get a sample.",
            ),
            Card("Cells left empty", count(empty), "More samples would fill them."),
        ]
    )
    if cells:
        frame = pd.DataFrame([{**c.values, "Planned": c.planned} for c in cells])
        names = [column for column in frame.columns if column != "Planned"]
        name = st.segmented_control(
            "Variable", names, default=names[0], required=True, key="templates.plan.by"
        )
        sums = frame.groupby(name, sort=False)["Planned"].sum()
        charts.planned_bars(
            [str(v) for v in sums.index],
            [int(v) for v in sums],
            f"Planned samples by {name}",
            key="templates.plan.chart",
        )
        frame = frame.sort_values("Planned", ascending=False, kind="stable")
        st.dataframe(frame, key="templates.plan.cells", hide_index=True, height=300)
    else:
        st.caption("No categories: every sample draws its variables freely.")
    _first_prompt(definition, plan)


def _first_prompt(definition: TemplateDefinition, plan: Plan) -> None:
    st.caption("The first sample's prompt")
    if definition.source is not None and definition.source.required:
        st.caption("It needs a source chunk; preview it to see one.")
        return
    for message in Renderer(definition).messages(plan.variables(0), None):
        st.code(f"[{message.role}]\n{message.content}", language=None, wrap_lines=True)
