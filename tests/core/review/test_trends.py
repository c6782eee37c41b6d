"""A template's batches one after the other."""

from datetime import timedelta

import pytest
from factories import make_batch, make_finding, make_samples, make_template

from core.db.ids import utc_now
from core.db.tables import InsightReport
from core.db.workspace import Workspace
from core.insight.contents import CONTENTS, InsightContents, MetricValue
from core.review.watching.trends import quality_trend


def test_batches_follow_each_other_with_score_defects_and_diversity(
    any_workspace: Workspace,
) -> None:
    first_version = make_template(any_workspace)
    second_version = make_template(any_workspace, system="Another.")
    later = make_batch(
        any_workspace, second_version, name="later", generated=4, created_at=utc_now()
    )
    earlier = make_batch(
        any_workspace, first_version, name="earlier", generated=2,
        created_at=utc_now() - timedelta(days=1),
    )  # fmt: skip
    make_batch(any_workspace, first_version, name="empty")
    other = make_batch(any_workspace, make_template(any_workspace, "other"), generated=1)
    make_samples(any_workspace, other, 1)
    samples = make_samples(any_workspace, later, 4, quality_score=0.9)
    make_samples(any_workspace, earlier, 2, verdict="needs_review", quality_score=0.5)
    make_finding(any_workspace, samples[0], "echo", 0.9)
    contents = InsightContents(samples=4, metrics={"vendi_score": MetricValue(3.5, 4)})
    with any_workspace.write() as session:
        session.add(
            InsightReport(
                scope_id=later.batch_id, state="ready", computed_at=utc_now(),
                report=CONTENTS.dump_python(contents, mode="json"),
            )
        )  # fmt: skip
    points = quality_trend(any_workspace, first_version.template_id)
    assert [(p.name, p.version, p.samples) for p in points] == [("earlier", 1, 2), ("later", 2, 4)]
    assert [p.acceptance.value for p in points] == [0.0, 1.0]
    assert [p.score.value for p in points] == pytest.approx([0.5, 0.9])
    assert points[1].defects["echo"].value == 0.25
    assert points[1].diversity["vendi_score"].value == 3.5
    assert points[0].diversity == {}
    assert len(quality_trend(any_workspace)) == 3
    newest = quality_trend(any_workspace, first_version.template_id, limit=1)
    assert [p.name for p in newest] == ["later"]


def test_without_batches_there_is_no_trend(workspace: Workspace) -> None:
    assert quality_trend(workspace, "tpl_none") == []
