"""A source's key terms and entities: extracted on demand, chosen, read where they stand, taken
over into a domain's knowledge."""

from collections.abc import Sequence
from typing import Final

import streamlit as st

from app import cache, state
from app.widgets.errors import show_errors
from app.widgets.filters import Choice, filter_bar
from app.widgets.formats import ago, plain, plural
from app.widgets.layout import empty_state, go_button, section
from app.widgets.samples.sample_view import text_box
from app.widgets.sources.chunks import place_of
from app.widgets.sources.knowledge_domains import domain_picker
from app.widgets.sources.model import model_dialog
from app.widgets.tables import PAGE_SIZE, number, pager
from core.db.tables import Source, Term, TermExtraction
from core.generation.batches import get_batch
from core.jobs.extracting import request_extraction
from core.sources.knowledge.taking import take_terms
from core.sources.terms.extracted import (
    count_relations,
    count_terms,
    get_extraction,
    list_relations,
    list_terms,
    mentioning_chunks,
    term_kinds,
)
from core.sources.terms.relations import APPEARS_WITH

KIND_LABELS: Final = {
    "term": "Term", "person": "Person", "organization": "Organisation", "place": "Place",
    "name": "Name", "date": "Date", "money": "Amount of money", "percent": "Percentage",
    "email": "E-mail address", "code": "Code", "other": "Other",
}  # fmt: skip
LANGUAGES: Final = {"en": "English", "de": "German", "fr": "French", "es": "Spanish"}
WORKING: Final = ("queued", "running")
INTERVAL_S = 1.0
TABLE_PX = 460
CHUNKS_SHOWN = 5
RELATIONS_SHOWN = 12
CHARS_BEFORE, CHARS_AFTER = 120, 240


def start_extraction(source_id: str) -> None:
    """The button's callback: have the source's terms extracted."""
    with show_errors():
        request_extraction(cache.workspace(), source_id)


def terms_view(source: Source) -> None:
    """How far the extraction is, the terms, and where the chosen one stands."""
    now = get_extraction(cache.workspace(), source.source_id)
    if now is None and not count_terms(cache.workspace(), source.source_id):
        with empty_state(
            ":material/label:", "No terms have been extracted yet",
            "Key terms, names, dates and amounts are found by statistics, free of charge.",
        ):  # fmt: skip
            extract_button(source, key="sources.extract", is_first=True)
            model_button(source)
        return
    if now is not None:
        _extraction_line(source, now)
    kinds = term_kinds(cache.workspace(), source.source_id)
    if kinds:
        _terms(source, kinds)


def extract_button(source: Source, *, key: str, is_first: bool = False) -> None:
    """Starts an extraction."""
    st.button(
        "Extract terms" if is_first else "Extract again", key=key, on_click=start_extraction,
        args=(source.source_id,), icon=":material/label:" if is_first else ":material/refresh:",
        type="secondary" if is_first else "tertiary",
    )  # fmt: skip


def model_button(source: Source) -> None:
    """Opens the form that asks a model."""
    if st.button(
        "Extract with a model", key="sources.extract.model", icon=":material/smart_toy:",
        type="tertiary",
    ):  # fmt: skip
        model_dialog(source)


def _extraction_line(source: Source, now: TermExtraction) -> None:
    if now.state in WORKING:
        st.fragment(_progress, run_every=INTERVAL_S)(source.source_id)
        return
    if now.state == "failed":
        st.error(f"The extraction failed. {now.message}", icon=":material/error:")
        extract_button(source, key="sources.extract.again")
        model_button(source)
        return
    relations = count_relations(cache.workspace(), source.source_id)
    told = [
        plural(count_terms(cache.workspace(), source.source_id), "term"),
        plural(relations, "relation"),
        f"by {'statistics' if now.method == 'statistics' else 'a model'}",
        LANGUAGES.get(now.language, ""),
        ago(source.terms_at),
    ]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(" · ".join(filter(None, told)), width="content")
        extract_button(source, key="sources.extract.again")
        model_button(source)


def _progress(source_id: str) -> None:
    now = get_extraction(cache.workspace(), source_id)
    if now is None or now.state not in WORKING:
        st.rerun()
    elif now.state == "queued" and now.batch_id is not None:
        _asked(now.batch_id)
    elif now.state == "queued":
        st.progress(0.0, "Waiting for a compute worker")
    else:
        share = min(now.done / max(now.total, 1), 1.0)
        st.progress(share, f"Reading {plural(now.total // 2, 'chunk')}, twice")


def _asked(batch_id: str) -> None:
    """How far the model is."""
    batch = get_batch(cache.workspace(), batch_id)
    done = batch.generated + batch.failed
    st.progress(min(done / batch.n, 1.0), f"{batch.model} reads {plural(batch.n, 'chunk')}")
    if batch.state == "paused":
        st.warning(plain(batch.message or "The batch is paused."), icon=":material/pause:")
        go_button("Open the batch", "batches", key="sources.extract.batch", batch=batch_id)


def _terms(source: Source, kinds: dict[str, int]) -> None:
    labels = {kind: f"{KIND_LABELS.get(kind, kind)} ({n:,})" for kind, n in kinds.items()}
    chosen = filter_bar(
        "sources.terms", [Choice("kind", "Any kind", list(kinds), labels)],
        search="Search in the terms",
    )  # fmt: skip
    wanted = {"kind": chosen["kind"], "search": chosen.search}
    total = count_terms(cache.workspace(), source.source_id, **wanted)
    if not total:
        st.caption("No term is like that.")
        return
    offset = pager(total, "term", key="sources.terms.page")
    terms = list_terms(
        cache.workspace(), source.source_id, **wanted, limit=PAGE_SIZE, offset=offset
    )
    left, right = st.columns([3, 2], gap="medium")
    with left:
        picked = _table(terms)
    with right:
        _picked(source, picked)


def _table(terms: Sequence[Term]) -> list[Term]:
    top = terms[0].score or 1.0
    event = st.dataframe(
        [
            {
                "Term": term.text, "Kind": KIND_LABELS.get(term.kind, term.kind),
                "Score": term.score, "Mentions": term.mention_count, "Chunks": term.chunk_count,
            }
            for term in terms
        ],
        key="sources.terms", hide_index=True, on_select="rerun", selection_mode="multi-row",
        height=TABLE_PX,
        column_config={
            "Term": st.column_config.TextColumn(width=190),
            "Kind": st.column_config.TextColumn(width=110),
            "Score": st.column_config.ProgressColumn(
                "Score", min_value=0, max_value=max(top, 1e-9), format="%.1f", width=110
            ),
            "Mentions": number("Mentions", width=80), "Chunks": number("Chunks", width=70),
        },
    )  # fmt: skip
    return [terms[row] for row in event["selection"]["rows"] if row < len(terms)]


def _picked(source: Source, terms: Sequence[Term]) -> None:
    if not terms:
        section("Choose terms", "to read where they stand and to take them over into knowledge.")
        return
    term = terms[0]
    section(term.text, f"in {plural(term.chunk_count, 'chunk')}")
    _take_over(terms)
    _relations(source, term)
    for chunk, mentions, start in mentioning_chunks(
        cache.workspace(), term.term_id, limit=CHUNKS_SHOWN
    ):
        text_box(
            f"Chunk {chunk.ordinal + 1}, {place_of(chunk)}, {plural(mentions, 'mention')}",
            _around(chunk.text, start),
        )


def _around(text: str, start: int) -> str:
    """The words around a place on one line, with marks where it is cut."""
    begin = 0 if start <= CHARS_BEFORE else text.find(" ", start - CHARS_BEFORE, start) + 1
    end = text.find(" ", start + CHARS_AFTER)
    part = " ".join(text[begin : None if end < 0 else end].split())
    return f"{'… ' if begin else ''}{part}{'' if end < 0 else ' …'}"


def _relations(source: Source, term: Term) -> None:
    rows = list_relations(
        cache.workspace(), source.source_id, term_id=term.term_id, limit=RELATIONS_SHOWN
    )
    said = [f"{r.subject} {r.predicate} {r.object}" for r in rows if r.predicate != APPEARS_WITH]
    beside = [
        r.object if r.subject_id == term.term_id else r.subject
        for r in rows
        if r.predicate == APPEARS_WITH
    ]
    facts = {"Appears with": ", ".join(beside), "Said of it": "; ".join(said)}
    for name, text in facts.items():
        if text:
            st.caption(f"{name}: {plain(text)}")


def _take_over(terms: Sequence[Term]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        domain = domain_picker("sources.terms.domain", "Take over into the knowledge of")
        st.button(
            f"Take over {plural(len(terms), 'term')}", key="sources.terms.take",
            icon=":material/playlist_add:", on_click=_take,
            args=(domain, [term.term_id for term in terms]), disabled=not domain,
        )  # fmt: skip


def _take(domain: str, term_ids: list[str]) -> None:
    with show_errors():
        added = take_terms(cache.workspace(), domain, term_ids)
        cache.knowledge_domains.clear()
        state.notify(f"{plural(added, 'term')} added to the knowledge of {domain}.")
