"""Alerts: what raises one, what does not, and that dismissing lasts."""

from datetime import timedelta

import numpy as np
import pytest
from factories import failed_row, make_batch, make_samples, make_template, sample_row
from sqlalchemy import update

from core.db.ids import utc_now
from core.db.tables import Batch, Finding, InsightReport, Sample, TemplateVersion
from core.db.workspace import Workspace
from core.errors import NotFound
from core.quality.thresholds.applying import apply_thresholds
from core.review.watching.alerts import (
    dismiss_alert,
    list_alerts,
    measure_label,
    raise_alerts,
    restore_alert,
)
from core.text.embedding.embeddings import EmbeddingStore
from core.text.hashing import text_hash

NOUNS = ("card", "loan", "account", "transfer", "fee", "branch", "app", "code", "limit", "rate")


def fill(
    workspace: Workspace,
    version: TemplateVersion,
    day: int,
    *,
    n: int = 200,
    check: str = "echo",
    found: int = 4,
    value: float = 1.0,
    words: int = 12,
) -> Batch:
    """A batch of n samples; the first `found` have a finding; texts mix that many nouns."""
    batch = make_batch(workspace, version, n=n, generated=n, created_at=utc_now() + timedelta(day))
    rng = np.random.default_rng(day)
    with workspace.write() as session:
        for i in range(n):
            chosen = rng.integers(0, words, size=24)
            text = " ".join(NOUNS[j % len(NOUNS)] + str(j) for j in chosen)
            session.add(sample_row(batch, i, input="", response=text))
        session.flush()
        session.add_all(
            Finding(sample_id=sample_row(batch, i).sample_id, check=check, value=value, score=0.0)
            for i in range(found)
        )
    return batch


def measures(workspace: Workspace, batch: Batch) -> list[str]:
    return [alert.measure for alert in raise_alerts(workspace, batch.batch_id)]


@pytest.fixture
def version(workspace: Workspace) -> TemplateVersion:
    return make_template(workspace)


def test_a_defect_that_became_frequent_raises_one_alert(any_workspace: Workspace) -> None:
    version = make_template(any_workspace)
    first = fill(any_workspace, version, 1)
    second = fill(any_workspace, version, 2, found=40)
    assert raise_alerts(any_workspace, first.batch_id) == []
    (alert,) = raise_alerts(any_workspace, second.batch_id)
    assert (alert.kind, alert.measure, alert.value, alert.baseline) == (
        "defects", "echo", 0.2, 0.02,
    )  # fmt: skip
    assert alert.p_value is not None
    assert alert.p_value < 1e-6
    assert "Echo: 20.0 % of the samples, 2.0 % in the batch before" in alert.message
    assert measure_label(alert) == "Echo"
    assert [a.alert_id for a in list_alerts(any_workspace)] == [alert.alert_id]


def test_raising_again_changes_nothing_and_takes_back_what_holds_no_more(
    workspace: Workspace, version: TemplateVersion
) -> None:
    fill(workspace, version, 1)
    batch = fill(workspace, version, 2, found=40)
    (alert,) = raise_alerts(workspace, batch.batch_id)
    (again,) = raise_alerts(workspace, batch.batch_id)
    assert again.alert_id == alert.alert_id
    with workspace.write() as session:
        session.query(Finding).delete()
    assert raise_alerts(workspace, batch.batch_id) == []
    assert list_alerts(workspace, with_dismissed=True) == []


def test_a_dismissed_alert_stays_away_until_it_is_restored(
    workspace: Workspace, version: TemplateVersion
) -> None:
    fill(workspace, version, 1)
    batch = fill(workspace, version, 2, found=40)
    (alert,) = raise_alerts(workspace, batch.batch_id)
    gone = dismiss_alert(workspace, alert.alert_id)
    assert gone.dismissed_at is not None
    assert dismiss_alert(workspace, alert.alert_id).dismissed_at == gone.dismissed_at
    raise_alerts(workspace, batch.batch_id)
    assert list_alerts(workspace) == []
    assert len(list_alerts(workspace, with_dismissed=True, batch_id=batch.batch_id)) == 1
    assert restore_alert(workspace, alert.alert_id).dismissed_at is None
    assert len(list_alerts(workspace, template_id=version.template_id)) == 1
    with pytest.raises(NotFound):
        dismiss_alert(workspace, "alr_none")
    with pytest.raises(NotFound):
        raise_alerts(workspace, "bat_none")


def test_a_moved_threshold_raises_no_alert(workspace: Workspace, version: TemplateVersion) -> None:
    fill(workspace, version, 1, check="near_duplicate", found=40, value=0.7)
    batch = fill(workspace, version, 2, check="near_duplicate", found=42, value=0.7)
    apply_thresholds(workspace, batch.batch_id, {"near_duplicate": 0.6})
    assert measures(workspace, batch) == []


def test_a_check_that_looked_at_one_batch_alone_raises_none(
    workspace: Workspace, version: TemplateVersion
) -> None:
    fill(workspace, version, 1, found=0)
    batch = fill(workspace, version, 2, check="toxicity", found=60)
    with workspace.write() as session:
        session.execute(update(Sample).where(Sample.batch_id == batch.batch_id).values(examined=1))
    assert measures(workspace, batch) == []
    with workspace.write() as session:
        session.execute(update(Sample).values(examined=1))
    assert measures(workspace, batch) == ["toxicity"]


def test_copies_in_meaning_count_where_both_were_searched_whole(
    workspace: Workspace, version: TemplateVersion
) -> None:
    first = fill(workspace, version, 1, found=0)
    batch = fill(workspace, version, 2, check="semantic_duplicate", found=60, value=0.99)
    assert measures(workspace, batch) == []
    with workspace.write() as session:
        session.add_all(
            InsightReport(scope_id=key, state="ready", stage="complete")
            for key in (first.batch_id, batch.batch_id)
        )
    assert measures(workspace, batch) == ["semantic_duplicate"]


def test_judges_are_compared_over_what_they_judged(
    workspace: Workspace, version: TemplateVersion
) -> None:
    fill(workspace, version, 1, check="judge", found=50, value=0.2)
    batch = fill(workspace, version, 2, check="judge", found=100, value=0.2)
    # Twice as many were judged; the share that failed is the same.
    assert measures(workspace, batch) == []


def test_samples_without_an_answer_raise_an_alert(
    workspace: Workspace, version: TemplateVersion
) -> None:
    fill(workspace, version, 1)
    batch = fill(workspace, version, 2)
    with workspace.write() as session:
        session.add_all(failed_row(batch, 200 + i) for i in range(60))
    (alert,) = raise_alerts(workspace, batch.batch_id)
    assert alert.measure == "failed"
    assert measure_label(alert) == "Samples without an answer"


def test_wording_that_became_poorer_raises_an_alert_at_any_size(
    workspace: Workspace, version: TemplateVersion
) -> None:
    fill(workspace, version, 1, n=400, words=300)
    same = fill(workspace, version, 2, n=160, words=300)
    poorer = fill(workspace, version, 3, n=300, words=6)
    assert measures(workspace, same) == []
    alert = next(a for a in raise_alerts(workspace, poorer.batch_id) if a.measure == "distinct_2")
    assert alert.kind == "diversity"
    assert alert.value < alert.baseline
    assert "draws of 20 texts" in alert.message


def test_meaning_that_became_poorer_raises_an_alert_where_all_is_embedded(
    workspace: Workspace, version: TemplateVersion
) -> None:
    first = fill(workspace, version, 1, words=300)
    second = fill(workspace, version, 2, words=300)
    store = EmbeddingStore(workspace.folder("embeddings"), workspace.settings.embedding_model)
    rng = np.random.default_rng(3)
    with workspace.read() as session:
        texts = {
            batch.batch_id: [
                row.response
                for row in session.query(Sample).filter_by(batch_id=batch.batch_id).all()
            ]
            for batch in (first, second)
        }
    wide = rng.normal(size=(200, 16)).astype(np.float32)
    store.add([text_hash(t) for t in texts[first.batch_id]], wide)
    assert measures(workspace, second) == []
    narrow = rng.normal(size=(200, 16)).astype(np.float32) * 0.2 + 1.0
    store.add([text_hash(t) for t in texts[second.batch_id]], narrow)
    assert set(measures(workspace, second)) == {"vendi_score", "mean_similarity"}


def test_previews_and_batches_that_failed_are_no_measure(
    workspace: Workspace, version: TemplateVersion
) -> None:
    preview, failed = fill(workspace, version, 1), fill(workspace, version, 2)
    batch = fill(workspace, version, 3, found=60)
    with workspace.write() as session:
        session.get_one(Batch, preview.batch_id).kind = "preview"
        session.get_one(Batch, failed.batch_id).state = "failed"
    assert measures(workspace, batch) == []


def test_an_empty_batch_raises_nothing(workspace: Workspace, version: TemplateVersion) -> None:
    fill(workspace, version, 1)
    empty = make_batch(workspace, version, created_at=utc_now() + timedelta(3))
    make_samples(workspace, empty, 1)
    assert raise_alerts(workspace, empty.batch_id) == []
