"""The launch form: what it will cost stands before the button."""

from dataclasses import replace
from decimal import Decimal

import streamlit as st

from app import cache
from app.widgets.batches.focus import focus_line
from app.widgets.batches.launch_estimate import estimate_view
from app.widgets.batches.launch_inputs import launch_inputs
from app.widgets.batches.launch_start import NEW_SEED, OWN_SEED, LaunchStart, seed_choices
from app.widgets.errors import show_errors
from app.widgets.pickers import (
    ModelChoice,
    connection_picker,
    has_key,
    model_picker,
    source_picker,
    version_picker,
)
from core.generation.batches import LaunchRequest, get_batch
from core.sources.browsing import list_sources
from core.templates.definition import TemplateDefinition
from core.templates.planning.focus import EVERYTHING
from core.templates.versions import TemplateRow, list_templates, list_versions, load_definition

MOST_SEED = 2**53 - 1  # the largest whole number that a browser keeps exactly
MODES = {"live": "Live, one call a sample", "batch_api": "Provider's batch API, half price"}


def launch_form(start: LaunchStart) -> LaunchRequest | None:
    """Draws the form; returns the request once it is submitted."""
    workspace = cache.workspace()
    templates = {row.template.name: row for row in list_templates(workspace)}
    left, right = st.columns([2, 1])
    with left:
        row = _template(templates, start)
    with right:
        versions = list_versions(workspace, row.template.template_id)
        version = version_picker(versions, key=start.key(f"version.{row.template.name}"))
    definition = load_definition(version)
    choice = _model(definition, start)
    columns = st.columns([1, 1, 2])
    n = columns[0].number_input("Samples", 1, 1_000_000, start.n, step=10, key=start.key("n"))
    temperature = columns[1].number_input(
        "Temperature", 0.0, 2.0, start.parameters.get("temperature"), step=0.1,
        key=start.key("temperature"), placeholder="as in the template",
    )  # fmt: skip
    with columns[2]:
        source_ids = source_picker(
            list_sources(workspace, limit=200), key=start.key("sources"), chosen=start.source_ids
        )
    columns = st.columns([2, 2])
    with columns[0]:
        seed = _seed(row, start)
    with columns[1]:
        mode = _mode(choice, start)
    inputs = launch_inputs(definition, start)
    use = definition.source
    if use is not None and use.required and not source_ids:
        st.info("This template needs a source. Choose at least one.", icon=":material/description:")
        return None
    if inputs is None:
        return None
    focus = focus_line(start) if row.template.name == start.template_name else EVERYTHING
    kept = {name: value for name, value in start.parameters.items() if name != "temperature"}
    draft = LaunchRequest(
        template_version_id=version.template_version_id,
        n=int(n),
        seed=seed,
        connection=choice.connection.name,
        model=choice.model,
        parameters=kept if temperature is None else {**kept, "temperature": float(temperature)},
        mode=mode,
        source_ids=source_ids,
        inputs=inputs,
        focus=focus,
    )
    with show_errors():
        estimate_view(draft)
    return _submit(draft, row.template.title, has_key(choice.connection), start)


def _model(definition: TemplateDefinition, start: LaunchStart) -> ModelChoice:
    """First what is launched again, else the template's own model."""
    own = definition.model
    connection, model = start.connection, start.model
    key = start.key("model")
    if connection is None and own.connection is not None:
        connection, model, key = own.connection, own.model or "", f"{key}.{definition.name}"
    return model_picker(cache.workspace(), key=key, connection=connection, model=model)


def _template(templates: dict[str, TemplateRow], start: LaunchStart) -> TemplateRow:
    names = list(templates)
    name = st.selectbox(
        "Template", names, key=start.key("template"),
        index=names.index(start.template_name) if start.template_name in templates else 0,
        format_func=lambda n: templates[n].template.title,
    )  # fmt: skip
    return templates[name]


def _seed(row: TemplateRow, start: LaunchStart) -> int | None:
    """None draws a new one."""
    choices = seed_choices(row.template.template_id, start)
    sources = list(choices)
    left, right = st.columns([2, 1])
    source = left.selectbox(
        "Seed", sources, key=start.key("seed_from"),
        index=sources.index(start.batch_id) if start.batch_id in choices else 0,
        format_func=lambda i: choices.get(i, i),
        help="The same seed gives the same plan. A request that was answered before, byte for "
        "byte, is not paid again.",
    )  # fmt: skip
    if source == OWN_SEED:
        number = right.number_input("Number", 0, MOST_SEED, 0, step=1, key=start.key("seed"))
        return int(number)
    if source == NEW_SEED:
        right.text_input("Number", "drawn at launch", key=start.key("seed_new"), disabled=True)
        return None
    seed = get_batch(cache.workspace(), source).seed
    right.text_input("Number", str(seed), key=start.key(f"seed_of.{source}"), disabled=True)
    return seed


def _mode(choice: ModelChoice, start: LaunchStart) -> str:
    """The offline provider has no batch API, and costs nothing anyway."""
    if choice.connection.protocol == "offline":
        return "live"
    modes = list(MODES)
    return st.selectbox(
        "Mode", modes, index=modes.index(start.mode), key=start.key("mode"),
        format_func=lambda mode: MODES[mode],
        help="The provider's batch API costs half and takes up to 24 hours.",
    )  # fmt: skip


def _submit(
    draft: LaunchRequest, title: str, is_usable: bool, start: LaunchStart
) -> LaunchRequest | None:
    with st.form("batches.launch", border=True):
        name, budget, priority = st.columns(3)
        named = name.text_input("Name", key=start.key("name"), placeholder=title)
        cap = budget.number_input(
            "Budget, USD", min_value=0.0, value=None, format="%.2f", key=start.key("budget"),
            placeholder="no limit", help="The batch pauses before a call could pass it.",
        )  # fmt: skip
        rank = priority.number_input(
            "Priority", 1, 100, start.priority, key=start.key("priority"), help="1 runs first."
        )
        wish = draft if draft.mode == "batch_api" else _live_fields(draft, start)
        is_sent = st.form_submit_button(
            "Launch batch", type="primary", key="batches.launch.submit", disabled=not is_usable
        )
    if not is_sent:
        return None
    return replace(
        wish,
        budget_usd=None if cap is None else Decimal(str(cap)),
        priority=int(rank),
        name=(named or "").strip(),
    )


def _live_fields(draft: LaunchRequest, start: LaunchStart) -> LaunchRequest:
    """What only a live batch has: calls in flight, and a second model."""
    flight, second, model = st.columns(3)
    concurrency = flight.number_input(
        "Calls in flight", 1, 1024, start.concurrency, step=1, key=start.key("concurrency"),
        placeholder="adapts by itself",
        help="Left empty, it grows while the provider keeps up and falls when it does not.",
    )  # fmt: skip
    with second:
        failover = connection_picker(
            cache.workspace(), "Failover connection", key=start.key("failover"),
            chosen=start.failover_connection,
            help="Asked where the first model keeps failing.",
        )  # fmt: skip
    failover_model = model.text_input(
        "Failover model", start.failover_model, key=start.key("failover_model"),
        placeholder="the connection's default",
    )  # fmt: skip
    return replace(
        draft,
        concurrency=None if concurrency is None else int(concurrency),
        failover_connection=failover,
        failover_model=(failover_model or "").strip() if failover else "",
    )
