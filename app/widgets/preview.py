"""The preview: a small real batch, run by a worker, shown sample by sample as it comes."""

import json

import streamlit as st

from app import cache, state
from app.widgets.errors import show_errors
from app.widgets.formats import count, duration, figure, money, plain
from app.widgets.layout import Card, cards
from app.widgets.pickers import has_key, model_picker, source_picker
from app.widgets.states import ACTIVE, state_badge
from core.db.tables import Attempt
from core.generation.batches import LaunchRequest, get_batch
from core.generation.samples import Lineage, SampleFilter, list_samples, sample_lineage
from core.jobs.launching import launch_batch
from core.sources.browsing import list_sources, load_chunks
from core.templates.definition import TemplateDefinition
from core.templates.rendering import Renderer
from core.templates.versions import load_definition, save_draft

INTERVAL_S = 0.7


def preview_form(definition: TemplateDefinition, label: str) -> None:
    """One to ten samples of the draft, saved or not; the batch id is kept beside it."""
    choice = model_picker(cache.workspace(), key="templates.preview.model")
    with st.form("templates.preview", border=True):
        left, middle, right = st.columns([1, 1, 2])
        n = left.number_input("Samples", 1, 10, 3, key="templates.preview.n")
        seed = middle.number_input(
            "Seed", min_value=0, value=None, step=1, key="templates.preview.seed",
            placeholder="drawn at launch",
        )  # fmt: skip
        with right:
            sources = source_picker(
                list_sources(cache.workspace(), limit=200), key="templates.preview.sources"
            )
        is_sent = st.form_submit_button(
            label,
            key="templates.preview.submit",
            icon=":material/visibility:",
            disabled=not has_key(choice.connection),
        )
    if is_sent:
        with show_errors():
            draft = save_draft(cache.workspace(), definition)
            request = LaunchRequest(
                template_version_id=draft.template_version_id,
                n=int(n),
                seed=None if seed is None else int(seed),
                connection=choice.connection.name,
                model=choice.model,
                source_ids=sources,
                kind="preview",
                priority=1,
            )
            batch = launch_batch(cache.workspace(), request)
            state.templates().preview_batch_id = batch.batch_id


def preview_results(batch_id: str) -> None:
    """Samples as they come; polls until the preview ends."""
    live = get_batch(cache.workspace(), batch_id).state in ACTIVE
    st.fragment(_results, run_every=INTERVAL_S if live else None)(batch_id, live)


def _results(batch_id: str, live: bool) -> None:
    workspace = cache.workspace()
    batch = get_batch(workspace, batch_id)
    if live and batch.state not in ACTIVE:
        st.rerun()
    samples = list_samples(workspace, SampleFilter(batch_ids=(batch_id,)), limit=10)
    with st.container(horizontal=True):
        state_badge(batch.state, batch.pause_reason or "")
        st.caption(
            f"{len(samples)} of {batch.n} samples from {plain(batch.model)}", width="content"
        )
    if batch.message:
        st.info(plain(batch.message), icon=":material/info:")
    if live:
        st.progress(len(samples) / batch.n)
    for sample in samples:
        _one(sample_lineage(workspace, sample.sample_id))


def _one(lineage: Lineage) -> None:
    sample = lineage.sample
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**Sample {sample.plan_index + 1}**")
            fits = sample.state == "generated"
            st.badge(
                "Fits the schema" if fits else "Does not fit the schema",
                color="green" if fits else "red",
            )
            state_badge(sample.verdict)
            st.badge(f"Score {figure(sample.quality_score, 2)}", color="gray")
        cards(_measured(lineage.attempts))
        left, right = st.columns(2)
        with left:
            st.caption("Prompt, as rendered")
            st.code(_prompt(lineage), language=None, wrap_lines=True, height=300)
        with right:
            st.caption("Output")
            if sample.output is None:
                st.code(sample.raw_text or sample.failure, language=None, wrap_lines=True)
            else:
                text = json.dumps(sample.output, indent=2, ensure_ascii=False)
                st.code(text, language="json", wrap_lines=True, height=300)


def _measured(attempts: list[Attempt]) -> list[Card]:
    costs = [a.cost_usd for a in attempts if a.cost_usd is not None]
    tokens_in = sum(a.input_tokens or 0 for a in attempts)
    tokens_out = sum(a.output_tokens or 0 for a in attempts)
    latency_ms = sum(a.latency_ms or 0 for a in attempts)
    return [
        Card("Tokens in", count(tokens_in)),
        Card("Tokens out", count(tokens_out)),
        Card("Cost", money(sum(costs, start=type(costs[0])(0)) if costs else None)),
        Card(
            "Latency", f"{latency_ms:,} ms" if latency_ms < 10_000 else duration(latency_ms / 1000)
        ),
        Card("Calls", count(len(attempts))),
    ]


def _prompt(lineage: Lineage) -> str:
    renderer = Renderer(load_definition(lineage.version))
    chunk_id = lineage.sample.chunk_id
    chunk = load_chunks(cache.workspace(), [chunk_id]).get(chunk_id) if chunk_id else None
    fields = (
        {"text": chunk.text, "fields": chunk.fields, "heading": chunk.heading} if chunk else None
    )
    messages = renderer.messages(lineage.sample.variables, fields)
    return "\n\n".join(f"[{message.role}]\n{message.content}" for message in messages)
