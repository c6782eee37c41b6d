"""The launch form: what it will cost stands before the button."""

from decimal import Decimal

import streamlit as st

from app import cache
from app.widgets.errors import show_errors
from app.widgets.formats import count, duration, money, plain, sentence
from app.widgets.layout import Card, cards
from app.widgets.pickers import has_key, model_picker, source_picker, version_picker
from core.generation.batches import LaunchRequest
from core.generation.estimate import estimate
from core.sources.browsing import list_sources
from core.templates.versions import list_templates, list_versions, load_definition


def launch_form(template_name: str | None) -> LaunchRequest | None:
    """Draws the form; returns the request once it is submitted."""
    workspace = cache.workspace()
    names = {row.template.name: row for row in list_templates(workspace)}
    left, right = st.columns([2, 1])
    with left:
        start = list(names).index(template_name) if template_name in names else 0
        name = st.selectbox(
            "Template",
            list(names),
            index=start,
            key="batches.template",
            format_func=lambda n: names[n].template.title,
        )
    with right:
        versions = list_versions(workspace, names[name].template.template_id)
        version = version_picker(versions, key=f"batches.version.{name}")
    choice = model_picker(workspace, key="batches.model")
    left, right = st.columns([1, 2])
    n = left.number_input("Samples", 1, 1_000_000, 100, step=10, key="batches.n")
    with right:
        source_ids = source_picker(list_sources(workspace, limit=200), key="batches.sources")
    source_use = load_definition(version).source
    if source_use is not None and source_use.required and not source_ids:
        st.info("This template needs a source. Choose at least one.", icon=":material/description:")
        return None
    draft = LaunchRequest(
        template_version_id=version.template_version_id,
        n=int(n),
        seed=None,
        connection=choice.connection.name,
        model=choice.model,
        source_ids=source_ids,
    )
    with show_errors():
        _estimate_cards(draft)
    return _submit(draft, names[name].template.title, has_key(choice.connection))


def _estimate_cards(draft: LaunchRequest) -> None:
    expected = estimate(cache.workspace(), draft)
    spread = f"{money(expected.low_usd)} to {money(expected.high_usd)}"
    cards(
        [
            Card("Expected cost", money(expected.cost_usd), f"Likely {spread}."),
            Card("At most", money(expected.worst_case_usd), "If every call used all it may."),
            Card("Expected time", duration(expected.seconds)),
            Card("Tokens in", count(expected.input_tokens)),
            Card("Tokens out", count(expected.output_tokens)),
        ]
    )
    notes = [expected.basis, f"Price: {expected.price_source}" if expected.price_source else ""]
    if expected.cost_usd is None:
        notes.append("no price is known for this model; Settings, Prices takes one")
    notes += [f"{model} would cost {money(cost)}" for model, cost in expected.cheaper[:2]]
    st.caption(plain(" · ".join(sentence(note) for note in notes if note)))


def _submit(draft: LaunchRequest, title: str, is_usable: bool) -> LaunchRequest | None:
    with st.form("batches.launch", border=True):
        first = st.columns(3)
        name = first[0].text_input("Name", key="batches.name", placeholder=title)
        budget = first[1].number_input(
            "Budget, USD",
            min_value=0.0,
            value=None,
            format="%.2f",
            key="batches.budget",
            placeholder="no limit",
            help="The batch pauses before a call could pass it.",
        )
        priority = first[2].number_input(
            "Priority", 1, 100, 10, key="batches.priority", help="1 runs first."
        )
        second = st.columns(3)
        seed = second[0].number_input(
            "Seed",
            min_value=0,
            value=None,
            step=1,
            key="batches.seed",
            placeholder="drawn at launch",
            help="The same template version and seed give the same plan and reuse paid answers.",
        )
        concurrency = second[1].number_input(
            "Calls in flight",
            1,
            1024,
            None,
            step=1,
            key="batches.concurrency",
            placeholder="adapts by itself",
        )
        temperature = second[2].number_input(
            "Temperature",
            0.0,
            2.0,
            None,
            step=0.1,
            key="batches.temperature",
            placeholder="as in the template",
        )
        if not st.form_submit_button(
            "Launch batch", type="primary", key="batches.launch.submit", disabled=not is_usable
        ):
            return None
    return LaunchRequest(
        template_version_id=draft.template_version_id,
        n=draft.n,
        seed=None if seed is None else int(seed),
        connection=draft.connection,
        model=draft.model,
        parameters={} if temperature is None else {"temperature": float(temperature)},
        concurrency=None if concurrency is None else int(concurrency),
        budget_usd=None if budget is None else Decimal(str(budget)),
        priority=int(priority),
        source_ids=draft.source_ids,
        name=(name or "").strip(),
    )
