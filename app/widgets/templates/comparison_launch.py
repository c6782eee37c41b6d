"""A template's A/B comparisons: the list, and the form that launches both sides at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import streamlit as st

from app import cache, state
from app.navigation import go
from app.widgets.errors import show_errors
from app.widgets.formats import ago, money, plain
from app.widgets.layout import section
from app.widgets.pickers import has_key, source_picker
from app.widgets.states import batch_state
from app.widgets.tables import number, open_table
from app.widgets.templates.sides import MODELS, VERSIONS, Side, pick_sides
from core.db.tables import Template, TemplateVersion
from core.generation.batches import LaunchRequest
from core.jobs.comparing import launch_comparison, list_comparisons
from core.sources.browsing import list_sources
from core.templates.definition import TemplateDefinition
from core.templates.versions import load_definition, version_name

MOST_LISTED = 50
KEY = "templates.ab"


def comparisons_part(template: Template, versions: Sequence[TemplateVersion]) -> None:
    """What was compared, and a new comparison."""
    _list(template)
    section("New comparison", "Both sides run over the same plan: same seed, same sources.")
    labels = {v.template_version_id: version_name(v).capitalize() for v in versions}
    shape = st.segmented_control(
        "Compare", [VERSIONS, MODELS], default=VERSIONS if len(labels) > 1 else MODELS,
        required=True, key=f"{KEY}.shape", label_visibility="collapsed",
    )  # fmt: skip
    definition = load_definition(versions[0])
    sides = pick_sides(shape, labels, definition, key=KEY)
    plan = _plan(definition)
    requests = [_request(side, plan) for side in sides]
    if requests[0] == requests[1]:
        st.info("Both sides are the same. Let the version or the model differ.")
        return
    with show_errors():
        _estimates(requests)
    _submit(requests, sides)


def _list(template: Template) -> None:
    pairs = list_comparisons(cache.workspace(), template_id=template.template_id, limit=MOST_LISTED)
    if not pairs:
        return
    rows = [
        {
            "Comparison": pair.comparison.name,
            "A": f"{version_name(pair.a.version)}, {pair.a.batch.model}",
            "B": f"{version_name(pair.b.version)}, {pair.b.batch.model}",
            "State of A": batch_state(pair.a.batch), "State of B": batch_state(pair.b.batch),
            "Samples a side": pair.a.batch.n, "Launched": ago(pair.comparison.created_at),
        }
        for pair in pairs
    ]  # fmt: skip
    open_table(
        rows, [pair.comparison.comparison_id for pair in pairs], "templates", "comparison",
        key=f"{KEY}.list", opener="Comparison", query={"template": template.name},
        columns={"Samples a side": number("Samples a side", width=110)},
    )  # fmt: skip


@dataclass(frozen=True)
class _Plan:
    n: int
    seed: int | None
    source_ids: tuple[str, ...]


def _plan(definition: TemplateDefinition) -> _Plan:
    left, middle, right = st.columns([1, 1, 2])
    n = left.number_input("Samples a side", 1, 1_000_000, 100, step=10, key=f"{KEY}.n")
    seed = middle.number_input(
        "Seed", min_value=0, value=None, step=1, key=f"{KEY}.seed", placeholder="drawn at launch"
    )
    sources: tuple[str, ...] = ()
    if definition.source is not None:
        with right:
            found = list_sources(cache.workspace(), limit=200)
            sources = source_picker(found, key=f"{KEY}.sources")
    return _Plan(int(n), None if seed is None else int(seed), sources)


def _request(side: Side, plan: _Plan) -> LaunchRequest:
    return LaunchRequest(
        template_version_id=side.version_id,
        n=plan.n,
        seed=plan.seed,
        connection=side.choice.connection.name,
        model=side.choice.model,
        source_ids=plan.source_ids,
    )


def _estimates(requests: Sequence[LaunchRequest]) -> None:
    found = [cache.launch_estimate(request) for request in requests]
    told = [
        f"{side}: {money(one.cost_usd)}, likely {money(one.low_usd)} to {money(one.high_usd)}, "
        f"{one.basis}"
        for side, one in zip("AB", found, strict=True)
    ]
    known = [one.cost_usd for one in found if one.cost_usd is not None]
    if len(known) == len(found):
        told.append(f"Together {money(sum(known, Decimal(0)))}")
    st.caption(plain(". ".join(told) + "."))


def _submit(requests: Sequence[LaunchRequest], sides: Sequence[Side]) -> None:
    with st.form(KEY, border=True):
        left, right = st.columns([3, 1])
        name = left.text_input("Name", key=f"{KEY}.name", placeholder="what differs")
        cap = right.number_input(
            "Budget a side, USD", min_value=0.0, value=None, format="%.2f", key=f"{KEY}.budget",
            placeholder="no limit", help="Each batch pauses before a call could pass it.",
        )  # fmt: skip
        is_sent = st.form_submit_button(
            "Launch both", type="primary", key=f"{KEY}.submit",
            disabled=not all(has_key(side.choice.connection) for side in sides),
        )  # fmt: skip
    if not is_sent:
        return
    with show_errors():
        budget = None if cap is None else Decimal(str(cap))
        a, b = (
            replace(request, budget_usd=budget, idempotency_key=state.launch().intent)
            for request in requests
        )
        comparison = launch_comparison(cache.workspace(), a, b, name or "")
        state.forget_launch()
        state.notify("Both batches are queued.")
        go("templates", comparison=comparison.comparison_id)
