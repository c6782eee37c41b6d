"""The Map and Compare parts of the Insight page."""

import numpy as np
import pandas as pd
import pytest
from factories import make_batch, make_samples

from app import state
from app.widgets.insight.map import actions as map_actions
from core.db.ids import utc_now
from core.db.tables import InsightReport, PairReport, Sample
from core.db.workspace import Workspace
from core.insight.contents import CONTENTS, InsightContents
from core.insight.mapping.mapfile import map_name, write_map
from core.jobs.pairs.comparing_scopes import compare_scopes
from core.review.bulk import reject_samples


def mapped_batch(workspace: Workspace, n: int = 12) -> tuple[str, list[str]]:
    batch = make_batch(workspace, generated=n)
    ids = [s.sample_id for s in make_samples(workspace, batch, n)]
    name = map_name(batch.batch_id, "a" * 64, "complete")
    frame = pd.DataFrame(
        {"sample_id": ids, "x": np.arange(n) * 1.0, "y": np.arange(n) % 4 * 1.0,
         "cluster": [0] * n, "cluster_label": ["cards"] * n}
    )  # fmt: skip
    write_map(workspace.folder("insight"), name, frame)
    report = CONTENTS.dump_python(InsightContents(samples=n), mode="json")
    with workspace.write() as session:
        session.add(
            InsightReport(
                scope_id=batch.batch_id,
                state="ready",
                stage="complete",
                report=report,
                map_file=name,
                computed_at=utc_now(),
            )
        )
    return batch.batch_id, ids


def test_the_map_is_coloured_by_what_tells_points_apart(workspace: Workspace, open_page) -> None:
    batch_id, _ = mapped_batch(workspace)
    at = open_page("insight", batch=batch_id)
    assert not at.exception
    assert at.selectbox(key="insight.color").options[:3] == ["Cluster", "Verdict", "Quality score"]
    at.selectbox(key="insight.color").set_value("verdict").run()
    assert not at.exception


def test_what_is_chosen_is_told_and_sent_to_review(
    workspace: Workspace, open_page, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.widgets.insight.map import part as map_part
    from app.widgets.insight.map.canvas import MapChoice

    batch_id, ids = mapped_batch(workspace)
    choice = MapChoice(outlines=[], point=2, field="cluster_label", hidden=[])
    monkeypatch.setattr(map_part, "map_canvas", lambda *_, **__: choice)
    at = open_page("insight", batch=batch_id)
    assert not at.exception
    assert any("1 chosen" in m.value and "1 accepted" in m.value for m in at.markdown)
    at.button(key="insight.review").click().run()
    assert at.session_state["insight.draft"].sample_ids == [ids[2]]


def test_the_last_rejection_can_be_undone_on_the_page(
    workspace: Workspace, open_page, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.widgets.insight.map import part as map_part
    from app.widgets.insight.map.canvas import MapChoice

    batch_id, ids = mapped_batch(workspace)
    choice = MapChoice(outlines=[], point=0, field="cluster_label", hidden=[])
    monkeypatch.setattr(map_part, "map_canvas", lambda *_, **__: choice)
    done = reject_samples(workspace, ids, "wrong")
    draft = state.InsightDraft(bulk_id=done.bulk_id, bulk_text="12 samples rejected.")
    monkeypatch.setattr(map_actions.state, "insight", lambda: draft)
    at = open_page("insight", batch=batch_id)
    at.button(key="insight.undo").click().run()
    assert not at.exception
    assert draft.bulk_id == ""
    with workspace.read() as session:
        assert {session.get_one(Sample, i).verdict for i in ids} == {"accepted"}


def test_two_batches_are_compared_on_the_page(
    workspace: Workspace, open_page, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, _ = mapped_batch(workspace)
    batch_id, _ = mapped_batch(workspace)
    at = open_page("insight", batch=batch_id)
    at.segmented_control(key="insight.tab").set_value("Compare").run()
    assert not at.exception
    at.button(key="insight.compare.do").click().run()
    assert not at.exception
    assert at.button(key="insight.compare.do").disabled
    with workspace.read() as session:
        row = session.query(PairReport).one()
    assert (row.left_id, row.right_id, row.state) == (batch_id, other, "queued")

    def vectors(texts, _model):
        rows = np.random.default_rng(0).normal(size=(len(texts), 8))
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    from functools import partial

    from core.text.embedding import embeddings

    monkeypatch.setattr(
        embeddings, "embed_missing", partial(embeddings.embed_missing, embed_texts=vectors)
    )
    assert compare_scopes(workspace, row.pair_report_id) == "ready"
    at.run()
    assert not at.exception
    assert any("No difference is shown" in m.value for m in at.markdown)
