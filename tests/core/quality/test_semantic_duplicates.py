"""Samples that mean the same name their twin; numbers that differ keep them apart."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from factories import make_batch, make_samples
from numpy.typing import NDArray
from sqlalchemy import select

from core.db.tables import Finding, Sample
from core.db.workspace import Workspace
from core.errors import NotFound
from core.quality.across.semantic_duplicates import compute_semantic_duplicates
from core.text.hashing import pair_hash

ANGLES = {"fees": 0.0, "charges": 0.25, "costs": 0.4, "weather": 1.5}  # cosines .97, .92, .99


def load(texts: Sequence[str]) -> NDArray[np.float32]:
    """A direction by the topic that a text names."""
    angles = [next(a for topic, a in ANGLES.items() if topic in text) for text in texts]
    return np.array([[np.cos(a), np.sin(a)] for a in angles], dtype=np.float32)


def row(response: str, input: str = "Say it.") -> dict[str, Any]:
    return {"input": input, "response": response, "text_hash": pair_hash(input, response)}


def found(workspace: Workspace) -> dict[str, Finding]:
    with workspace.read() as session:
        rows = session.scalars(select(Finding).where(Finding.check == "semantic_duplicate"))
        return {finding.sample_id: finding for finding in rows}


def test_twins_in_meaning_are_named_and_scored(any_workspace: Workspace) -> None:
    batch = make_batch(any_workspace)
    rows = [row("About fees."), row("On charges."), row("The weather."), row("What it costs.")]
    samples = make_samples(any_workspace, batch, rows=rows)
    assert compute_semantic_duplicates(any_workspace, batch.batch_id, load) == 2
    twins = found(any_workspace)
    assert {key: finding.evidence["twin"] for key, finding in twins.items()} == {
        samples[1].sample_id: samples[0].sample_id,
        samples[3].sample_id: samples[1].sample_id,
    }
    assert twins[samples[1].sample_id].value == pytest.approx(np.cos(0.25))
    with any_workspace.read() as session:
        verdicts = [session.get_one(Sample, s.sample_id).verdict for s in samples]
    assert verdicts == ["accepted", "needs_review", "accepted", "needs_review"]
    assert compute_semantic_duplicates(any_workspace, batch.batch_id, load) == 2
    assert found(any_workspace).keys() == twins.keys()


def test_a_twin_below_the_threshold_is_kept_without_harm(workspace: Workspace) -> None:
    batch = make_batch(workspace)
    samples = make_samples(workspace, batch, rows=[row("About fees."), row("What it costs.")])
    assert compute_semantic_duplicates(workspace, batch.batch_id, load) == 0
    finding = found(workspace)[samples[1].sample_id]
    assert (finding.value, finding.score) == (pytest.approx(np.cos(0.4)), 1.0)


def test_other_numbers_and_exact_copies_are_no_twins_in_meaning(workspace: Workspace) -> None:
    batch = make_batch(workspace)
    rows = [
        row("The fees are 2 euros."),
        row("The fees are 3 euros."),
        row("The fees are 2 euros."),
    ]
    make_samples(workspace, batch, rows=rows)
    assert compute_semantic_duplicates(workspace, batch.batch_id, load) == 0
    assert found(workspace) == {}


def test_a_persons_decision_is_not_overridden(workspace: Workspace) -> None:
    batch = make_batch(workspace)
    samples = make_samples(
        workspace, batch, rows=[row("About fees."), row("On charges.")], is_reviewed=True
    )
    assert compute_semantic_duplicates(workspace, batch.batch_id, load) == 1
    with workspace.read() as session:
        assert session.get_one(Sample, samples[1].sample_id).verdict == "accepted"


def test_one_sample_and_no_batch(workspace: Workspace) -> None:
    batch = make_batch(workspace)
    make_samples(workspace, batch, 1)
    assert compute_semantic_duplicates(workspace, batch.batch_id, load) == 0
    with pytest.raises(NotFound):
        compute_semantic_duplicates(workspace, "bat_none", load)


def by_topic(texts: Sequence[str]) -> NDArray[np.float32]:
    """What a text shares with others (SHARED) outweighs its topic: a word of one letter."""
    vectors = np.zeros((len(texts), 27), dtype=np.float32)
    for k, text in enumerate(texts):
        vectors[k, 0] = 5.0 if "SHARED" in text else 0.0
        for word in text.split():
            if len(word) == 1:
                vectors[k, 1 + ord(word) - ord("a")] += 1.0
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.mark.parametrize("shared", ["input", "response"])
def test_what_two_samples_share_makes_them_no_twins(workspace: Workspace, shared: str) -> None:
    batch = make_batch(workspace)
    texts = ["a", "b", "c", "about a", "d"]
    pairs = [("SHARED", t) if shared == "input" else (t, "SHARED") for t in texts]
    rows = [row(response, input) for input, response in pairs]
    samples = make_samples(workspace, batch, rows=rows)
    assert compute_semantic_duplicates(workspace, batch.batch_id, by_topic) == 1
    (twin,) = found(workspace).items()
    assert twin[0] == samples[3].sample_id
    assert twin[1].evidence["twin"] == samples[0].sample_id
