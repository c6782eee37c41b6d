"""What a launch chooses for the template's variables: given values; rows are only told."""

import json
from collections.abc import Mapping
from typing import Any

import streamlit as st

from app import cache
from app.widgets.batches.launch_start import LaunchStart
from app.widgets.formats import plain, plural
from core.errors import InvalidInput, NotFound
from core.generation.inputs import key_of, plan_inputs
from core.templates.definition import TemplateDefinition
from core.templates.planning.inputs import Input, input_variables
from core.templates.samplers.base import Sampler


def launch_inputs(definition: TemplateDefinition, start: LaunchStart) -> dict[str, Any] | None:
    """The chosen inputs by variable; None, with what to do on screen, while they do not fit."""
    wanted = input_variables(definition)
    if not wanted:
        return {}
    chosen = {
        name: start.inputs[name]
        for name, sampler in wanted.items()
        if list(start.inputs.get(name, ())) == [key_of(sampler)]
    }
    for name, sampler in wanted.items():
        if not sampler.takes_value:
            continue
        text = _given(name, sampler, chosen.get(name, {}), definition, start)
        try:
            chosen[name] = {"value": json.loads(text)}
        except ValueError:
            chosen[name] = {"value": text}
    try:
        found = plan_inputs(cache.workspace(), definition, chosen=chosen)
    except (InvalidInput, NotFound) as error:
        st.info(plain(f"{error.message} {error.remedy}"), icon=":material/input:")
        return None
    told = [_told(name, found[name]) for name, sampler in wanted.items() if sampler.takes_rows]
    if told:
        st.caption(plain(" · ".join(told)))
    return chosen


def _given(
    name: str,
    sampler: Sampler,
    before: Mapping[str, Any],
    definition: TemplateDefinition,
    start: LaunchStart,
) -> str:
    value = before.get("value", getattr(sampler, "default", None))
    described = {v.name: v.description for v in definition.variables}
    return st.text_input(
        name.replace("_", " ").capitalize(),
        "" if value is None else as_text(value),
        key=start.key(f"input.{definition.name}.{name}"),
        help=described[name] or "The same in every sample. JSON, or plain text.",
    )


def as_text(value: Any) -> str:
    """A given value as people type it: a text as it stands, anything else as JSON.

    A text that would be read as something else keeps its quotes.
    """
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    try:
        json.loads(value)
    except ValueError:
        return value
    return json.dumps(value, ensure_ascii=False)


def _told(name: str, found: Input) -> str:
    return f"{name} draws from {plural(len(found.row_ids), 'row')}"
