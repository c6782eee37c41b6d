"""The list of samples: found by batch, verdict, review, score and text."""

import streamlit as st

from app import cache, state
from app.widgets.filters import Choice, Filters, filter_bar
from app.widgets.formats import clip, words
from app.widgets.layout import empty_state, go_button, page_header
from app.widgets.tables import PAGE_SIZE, open_table, pager, score
from core.db.tables import Sample
from core.generation.browsing import list_batches
from core.generation.samples import SampleFilter, count_samples, list_samples

ORDERS = {"created_at": "Oldest first", "quality_score": "Lowest score first",
          "-quality_score": "Highest score first"}  # fmt: skip
VERDICTS = ("accepted", "needs_review", "rejected")
REVIEWED = {"yes": "Reviewed", "no": "Not reviewed"}
SCORES = {"0.9": "Score 0.9 or more", "0.8": "Score 0.8 or more", "0.5": "Score 0.5 or more"}


def sample_list() -> None:
    """Filter bar, table and pager; the primary action reviews what is shown."""
    workspace = cache.workspace()
    batches = list_batches(workspace, limit=200)
    header = page_header("Samples", "Every generated record, with its verdict and its score.")
    if not batches:
        with empty_state(
            ":material/table_rows:", "There is no sample yet",
            "Samples appear as soon as a batch runs.",
        ):  # fmt: skip
            go_button("Launch a batch", "batches", key="samples.empty", view="launch")
            go_button("Import a table", "samples", key="samples.empty_import", view="import")
        return
    chosen_batch = state.selected("batch")
    state.offer_once("samples.batch", chosen_batch, among=[b.batch_id for b in batches])
    chosen = filter_bar(
        "samples",
        [
            Choice("batch", "All batches", [b.batch_id for b in batches],
                   {b.batch_id: b.name for b in batches}, 210),
            Choice("verdict", "Any verdict", (*VERDICTS, "failed"), width=140),
            Choice("reviewed", "Reviewed or not", list(REVIEWED), REVIEWED, 150),
            Choice("score", "Any score", list(SCORES), SCORES, 160),
            Choice("order", "Oldest first", list(ORDERS), ORDERS, 170),
        ],
        search="Search the text, or a sample id",
    )  # fmt: skip
    wanted = _wanted(chosen)
    total = count_samples(workspace, wanted)
    with header:
        query = {"batch": chosen["batch"]} if chosen["batch"] else {}
        go_button("Import a table", "samples", key="samples.import", view="import")
        go_button("Derive samples", "samples", key="samples.augment", view="augment", **query)
        go_button("Review these", "review", key="samples.review", primary=True, **query)
    if not total:
        st.caption("No sample fits. Take a filter away.")
        return
    offset = pager(total, "sample", key="samples.page")
    samples = list_samples(
        workspace, wanted, limit=PAGE_SIZE, offset=offset, order=chosen["order"] or "created_at"
    )
    _table(samples)


def _table(samples: list[Sample]) -> None:
    rows = [
        {
            "Verdict": words(s.verdict) if s.state == "generated" else "Failed",
            "Score": s.quality_score,
            "Input": clip(s.input or s.failure, 160), "Response": clip(s.response, 220),
            "Reviewed": "by a person" if s.is_reviewed else "",
        }
        for s in samples
    ]  # fmt: skip
    open_table(
        rows, [s.sample_id for s in samples], "samples", "sample", key="samples.table",
        opener="Input", width=300,
        columns={
            "Verdict": st.column_config.TextColumn(width=100), "Score": score(width=110),
        },
    )  # fmt: skip


def _wanted(chosen: Filters) -> SampleFilter:
    return SampleFilter(
        batch_ids=(chosen["batch"],) if chosen["batch"] else (),
        verdict=chosen["verdict"] if chosen["verdict"] in VERDICTS else None,
        state="failed" if chosen["verdict"] == "failed" else None,
        search=chosen.search,
        is_reviewed=None if chosen["reviewed"] is None else chosen["reviewed"] == "yes",
        min_score=float(chosen["score"]) if chosen["score"] else None,
    )
