"""Finding samples, on SQLite and PostgreSQL."""

from dataclasses import replace
from decimal import Decimal

import pytest
from factories import make_batch, make_finding, make_samples, make_template

from core.db.ids import new_id
from core.db.tables import Attempt, Chunk, Review, Source
from core.db.workspace import Workspace
from core.errors import NotFound
from core.generation.samples import (
    SampleFilter,
    count_samples,
    get_sample,
    list_samples,
    sample_lineage,
)

EVERYTHING = SampleFilter()


def test_each_filter_narrows_and_all_hold_together(any_workspace: Workspace) -> None:
    batch = make_batch(any_workspace)
    rows = [
        {"verdict": "accepted", "quality_score": 0.9, "input": "A 100% refund?"},
        {"verdict": "accepted", "quality_score": 0.5, "input": "A 100 euro refund?"},
        {"verdict": "rejected", "quality_score": None, "state": "failed"},
        {"verdict": "needs_review", "quality_score": 0.7, "is_reviewed": True},
    ]
    samples = make_samples(any_workspace, batch, rows=rows, n=0)
    other = make_batch(any_workspace, make_template(any_workspace, "other"))
    make_samples(any_workspace, other, 2)

    def ids(**fields: object) -> list[int]:
        filter = replace(SampleFilter(batch_ids=(batch.batch_id,)), **fields)
        return [sample.plan_index for sample in list_samples(any_workspace, filter)]

    assert ids() == [0, 1, 2, 3]
    assert ids(verdict="accepted") == [0, 1]
    assert ids(state="failed") == [2]
    assert ids(is_reviewed=True) == [3]
    assert ids(min_score=0.7) == [0, 3]
    assert ids(search="a 100% REFUND") == [0]
    assert ids(search=samples[2].sample_id) == [2]
    assert ids(verdict="accepted", min_score=0.6) == [0]
    assert count_samples(any_workspace, EVERYTHING) == 6
    template_id = make_template(any_workspace, "other").template_id
    assert count_samples(any_workspace, SampleFilter(template_id=template_id)) == 2
    assert count_samples(any_workspace, SampleFilter(project_id="prj_other")) == 0


def test_pages_follow_the_order_and_do_not_overlap(any_workspace: Workspace) -> None:
    scores = [0.5, None, 0.9, 0.1, 0.7]
    batch = make_batch(any_workspace)
    make_samples(any_workspace, batch, n=0, rows=[{"quality_score": s} for s in scores])

    def scores_by(order: str) -> list[float | None]:
        pages = [
            list_samples(any_workspace, EVERYTHING, limit=2, offset=offset, order=order)  # type: ignore[arg-type]
            for offset in (0, 2, 4)
        ]
        return [sample.quality_score for page in pages for sample in page]

    assert scores_by("quality_score") == [0.1, 0.5, 0.7, 0.9, None]
    assert scores_by("-quality_score") == [0.9, 0.7, 0.5, 0.1, None]
    assert scores_by("created_at") == scores


def test_samples_of_a_preview_show_only_when_it_is_named(workspace: Workspace) -> None:
    preview = make_batch(workspace, kind="preview")
    make_samples(workspace, preview, 3)
    assert count_samples(workspace, EVERYTHING) == 0
    assert count_samples(workspace, SampleFilter(batch_ids=(preview.batch_id,))) == 3


def test_lineage_joins_source_calls_findings_and_reviews(any_workspace: Workspace) -> None:
    with any_workspace.write() as session:
        source = Source(
            source_id=new_id("src"),
            name="faq.md",
            kind="markdown",
            content_hash="0" * 64,
            size_bytes=5,
            chunk_count=1,
        )
        session.add(source)
        session.flush()
        session.add(
            Chunk(
                chunk_id=f"{source.source_id}_0",
                source_id=source.source_id,
                ordinal=0,
                start_char=0,
                end_char=5,
                text="Hello",
                text_hash="0" * 64,
            )
        )
    batch = make_batch(any_workspace)
    sample, twin = make_samples(any_workspace, batch, n=2, chunk_id=f"{source.source_id}_0")
    make_finding(any_workspace, sample, "repetition")
    with any_workspace.write() as session:
        for index, state in ((0, "failed"), (0, "succeeded"), (1, "succeeded")):
            session.add(
                Attempt(
                    attempt_id=new_id("att"),
                    batch_id=batch.batch_id,
                    plan_index=index,
                    purpose="generate",
                    number=1,
                    state=state,
                    connection="offline",
                    model="offline-1",
                    request_key="k",
                    worker_id="w",
                    reserved_usd=Decimal(0),
                )
            )
            session.flush()
        session.add(
            Review(
                review_id=new_id("rev"),
                sample_id=sample.sample_id,
                decision="accept",
                previous_verdict="accepted",
                revision=1,
            )
        )
    lineage = sample_lineage(any_workspace, sample.sample_id)
    assert lineage.source is not None
    assert lineage.source.name == "faq.md"
    assert lineage.chunk is not None
    assert lineage.chunk.text == "Hello"
    assert lineage.version.template_id == lineage.template.template_id
    assert [attempt.state for attempt in lineage.attempts] == ["failed", "succeeded"]
    assert [finding.check for finding in lineage.findings] == ["repetition"]
    assert [review.decision for review in lineage.reviews] == ["accept"]
    assert sample_lineage(any_workspace, twin.sample_id).reviews == []


def test_an_unknown_sample_is_named(workspace: Workspace) -> None:
    with pytest.raises(NotFound, match="smp_nowhere"):
        get_sample(workspace, "smp_nowhere")
    with pytest.raises(NotFound, match="smp_nowhere"):
        sample_lineage(workspace, "smp_nowhere")
