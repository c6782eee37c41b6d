"""One starter in full, before it is copied: prompts, variables with their shares, output, example.

Reads the library and draws; the only thing it writes is the copy.
"""

import json
from typing import Any

import streamlit as st

from app import cache, state
from app.navigation import go
from app.widgets.errors import show_errors
from app.widgets.formats import clip, count, plain, plural, words
from app.widgets.layout import Card, cards, page_header, section
from app.widgets.tables import part, plain_table
from app.widgets.templates.graph import steps_graph
from core.templates.definition import TemplateDefinition, template_yaml
from core.templates.editing.schema_fields import SchemaField, fields_of
from core.templates.starters import SETS, Starter, copy_starter, free_name

HERE = {"view": "library"}
PARTS = ("Prompts", "Variables", "Output", "Checks", "Example", "YAML")
EXAMPLES = 5
TEXT_PX = 900
VALUE_PX = 420


def starter_view(starter: Starter) -> None:
    """The whole starter, and the button that copies it."""
    definition = starter.definition
    if st.button(
        "Starter library", key="templates.library.back", type="tertiary",
        icon=":material/arrow_back:",
    ):  # fmt: skip
        go("templates", **HERE)
    with page_header(definition.title, SETS[starter.set_name]):
        _copy_box(definition.name)
    st.markdown(definition.description, width=TEXT_PX)  # ours: its backticks are meant
    cards(
        [
            Card("Calls per sample", count(starter.calls), "One per step."),
            Card("Variables", count(len(definition.variables))),
            Card("Constraints", count(len(definition.constraints))),
            Card("Rules checked", count(len(definition.checks.rules))),
        ]
    )
    if starter.needs:
        st.caption(f"Made from {plain(starter.needs)}.")
    if definition.steps:
        _graph(definition)
    shown = st.segmented_control(
        "Part", PARTS, default=PARTS[0], required=True, key="templates.library.part",
        label_visibility="collapsed",
    )  # fmt: skip
    {
        "Prompts": _prompts, "Variables": _variables, "Output": _output, "Checks": _checks,
        "Example": _example, "YAML": _yaml,
    }[shown](definition)  # fmt: skip


def _copy_box(name: str) -> None:
    with st.popover(
        "Copy to my templates", icon=":material/content_copy:", type="primary",
        key="templates.library.copy_box",
    ):  # fmt: skip
        st.text_input(
            "Name", value=free_name(cache.workspace(), name), key=f"templates.library.name.{name}",
            help="Lower-case letters, digits and hyphens. The title can be changed afterwards.",
        )  # fmt: skip
        st.button(
            "Copy and open", type="primary", key="templates.library.copy", on_click=_copy,
            args=(name,),
        )  # fmt: skip


def _copy(name: str) -> None:
    """The copy button's callback: one core call, then the copy is open in the editor."""
    new_name = str(state.value_of(f"templates.library.name.{name}", "")).strip()
    with show_errors():
        copy_starter(cache.workspace(), name, new_name)
        state.notify(f"Copied as {new_name}.")
        state.select("view", None)
        state.select("starter", None)
        state.select("template", new_name)


def _graph(definition: TemplateDefinition) -> None:
    names = [step.name for step in definition.steps]
    edges = [
        (before, step.name)
        for place, step in enumerate(definition.steps)
        for before in names[:place]
        if step.continues or f"output.{before}." in step.user + (step.system or "")
    ]
    steps_graph(names, edges, "")


def _prompts(definition: TemplateDefinition) -> None:
    _text("System", definition.system)
    if not definition.steps:
        _text("Prompt", definition.user)
    for place, step in enumerate(definition.steps, start=1):
        name = f"Step {place}: {step.title or words(step.name)}"
        if step.system is not None:
            _text(f"{name}, system", step.system)
        _text(name, step.user)
    left, right = st.columns(2)
    with left:
        _text("Input of the sample", definition.mapping.input)
    with right:
        _text("Response of the sample", definition.mapping.response)


def _text(label: str, text: str) -> None:
    with st.container(gap="xxsmall"):
        st.caption(plain(label))
        st.code(text.rstrip(), language=None, wrap_lines=True)


def _variables(definition: TemplateDefinition) -> None:
    """Every variable on the left, the shares of one on the right."""
    shares = cache.starter_shares(definition.name)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        dumped = definition.model_dump(mode="json", exclude_defaults=True).get("variables", [])
        rows = [
            {
                "Variable": item["name"],
                "Sampler": words(item["sampler"]["kind"]),
                "Settings": _settings(item["sampler"]),
                "Only when": item.get("when", ""),
            }
            for item in dumped
        ]
        plain_table(rows, key="templates.library.variables")
        with st.container(gap="xxsmall"):
            for constraint in definition.constraints:
                st.caption(f":material/rule: {plain(constraint.described())}")
    if shares:
        with right:
            _shares(shares)


def _shares(shares: dict[str, dict[str, float]]) -> None:
    name = st.selectbox("Shares in the plan", list(shares), key="templates.library.share_of")
    plain_table(
        [{"Value": value, "Share": 100 * share} for value, share in shares[name].items()],
        key="templates.library.shares",
        columns={"Value": st.column_config.TextColumn(width=260), "Share": part("Share", 140)},
    )


def _settings(sampler: dict[str, Any]) -> str:
    values = sampler.get("values")
    if isinstance(values, list):
        texts = [str(v["value"] if isinstance(v, dict) else v) for v in values]
        return clip(f"{plural(len(texts), 'value')}: {', '.join(texts)}", VALUE_PX // 3)
    if isinstance(values, dict):
        return f"by {sampler['parent']}"
    rest = (f"{name} {value}" for name, value in sampler.items() if name != "kind")
    return clip(", ".join(rest), VALUE_PX // 3)


def _output(definition: TemplateDefinition) -> None:
    """The fields of an answer; of a schema that rows cannot hold, the schema."""
    fields = fields_of(definition.output)
    if fields is None:
        _text("JSON Schema", json.dumps(definition.output, indent=2, ensure_ascii=False))
        return
    rows = [
        {
            "Field": field.path,
            "Type": field.kind,
            "Bounds": _bounds(field),
            "Meaning": field.description,
        }
        for field in fields
    ]
    plain_table(rows, key="templates.library.fields")


def _bounds(field: SchemaField) -> str:
    if field.choices:
        return clip(", ".join(map(str, field.choices)), 80)
    low, high = field.low, field.high
    if low is None and high is None:
        return "or null" if field.is_nullable else ""
    unit = {"text": " characters", "list": " items"}.get(field.kind, "")
    limits = f"{'' if low is None else low} to {'' if high is None else high}{unit}".strip()
    return f"{limits}, or null" if field.is_nullable else limits


def _checks(definition: TemplateDefinition) -> None:
    checks = definition.checks
    rows = [
        {"Check": "Length of the response",
         "Passes when": f"{count(checks.min_chars)} to {count(checks.max_chars)} characters"},
        {"Check": "Near duplicate",
         "Passes when": f"less than {100 * checks.near_duplicate:.0f} % of phrases in common"},
        *({"Check": rule.name, "Passes when": rule.condition} for rule in checks.rules),
        *(
            {"Check": f"Groups of {group.variable}",
             "Passes when": ", ".join(f"{v} {100 * s:.0f} %" for v, s in group.target.items())}
            for group in definition.groups
        ),
    ]  # fmt: skip
    plain_table(rows, key="templates.library.checks")


def _example(definition: TemplateDefinition) -> None:
    """A sample by the offline provider, which says so."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            "Written by the offline provider from word lists: it shows the shape of a sample, "
            "not what a model can do.", width="content",
        )  # fmt: skip
        place = st.pagination(EXAMPLES, key="templates.library.example")
    specimen = cache.starter_example(definition.name, place - 1)
    left, right = st.columns([2, 3], gap="medium")
    with left:
        section("Variables")
        plain_table(
            [{"Variable": name, "Value": clip(_shown(value), 300)}
             for name, value in specimen.variables.items()],
            key="templates.library.values",
        )  # fmt: skip
    with right:
        section("Sample")
        _text("Input", specimen.mapped.input)
        _text("Response", specimen.mapped.response)
    with st.expander("The answer as JSON"):
        st.code(json.dumps(specimen.output, indent=2, ensure_ascii=False), language="json")


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(str(part) for part in value.values())
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _yaml(definition: TemplateDefinition) -> None:
    st.code(template_yaml(definition), language="yaml")
