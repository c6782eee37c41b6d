"""What reports say of bias: outcomes by group, of imports too, with the project's own lists."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pytest
from factories import DEFINITION, make_batch, make_finding, make_samples, make_template
from numpy.typing import NDArray
from sqlalchemy import update

from core.db.tables import Batch, Sample
from core.db.workspace import Workspace
from core.insight.bias.group_outcomes import differing
from core.insight.bias.own_wordlists import put_list, retire_list
from core.insight.bias.wordlist_formats import read_published
from core.insight.bias.wordlists import word_lists
from core.insight.contents import Disparity
from core.insight.records import Scope
from core.insight.report import load_insight
from core.jobs.analysis import analysing
from core.jobs.analysis.analysing import compute_insight
from core.jobs.analysis.outcome_refresh import refresh_outcomes
from core.jobs.records import read_material
from core.text.embedding.embeddings import embed_missing

SEAT = (
    "Hot: This is tea, This is cocoa\nCold: This is ice, This is juice\n"
    "Early: dawn, noon\nLate: dusk, eve"
)


def embedded(texts: Sequence[str], _model: str) -> NDArray[np.float32]:
    rows = [np.random.default_rng(list(text.encode())).normal(size=16) for text in texts]
    return np.stack(rows).astype(np.float32)


@pytest.fixture(autouse=True)
def model(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = partial(embed_missing, embed_texts=embedded)
    monkeypatch.setattr(analysing, "embed_missing", fake)


@pytest.fixture
def batch(any_workspace: Workspace) -> Batch:
    """Men get shorter answers; one woman in six is refused."""
    version = make_template(
        any_workspace,
        variables=[
            *DEFINITION["variables"],
            {"name": "gender", "sampler": {"kind": "category", "values": ["woman", "man"]}},
        ],
        groups=[{"variable": "gender", "target": {"woman": 0.5, "man": 0.5}}],
    )
    batch = make_batch(any_workspace, version, n=60)
    rows: list[dict[str, Any]] = [
        {
            "variables": {"topic": "cards", "gender": ("woman", "man")[i % 2]},
            "response": " ".join([f"w{i}"] + ["word"] * (20 - 8 * (i % 2) + i % 5)),
        }
        for i in range(60)
    ]
    samples = make_samples(any_workspace, batch, 60, rows=rows, verdict="accepted")
    for sample in samples[::12]:
        make_finding(any_workspace, sample, "refusal")
    return batch


def gender(workspace: Workspace, batch: Batch) -> dict[str, Disparity]:
    found = load_insight(workspace, batch.batch_id).bias.disparities
    return {one.outcome: one for one in found if one.variable == "gender"}


def means(found: Disparity) -> dict[str, float | None]:
    return {row.group: row.mean for row in found.rows}


def test_a_report_says_what_differs_between_groups(any_workspace: Workspace, batch: Batch) -> None:
    compute_insight(any_workspace, batch.batch_id)
    found = gender(any_workspace, batch)
    assert [row.group for row in differing(found["length"])] == ["woman"]
    assert differing(found["length"])[0].difference == pytest.approx(8, abs=0.5)
    assert means(found["refusal"]) == {"woman": pytest.approx(5 / 30), "man": 0.0}
    assert means(found["accepted"]) == {"woman": 1.0, "man": 1.0}


def test_verdicts_of_reviewers_reach_a_report_without_embedding_again(
    any_workspace: Workspace, batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    compute_insight(any_workspace, batch.batch_id)
    with any_workspace.write() as session:
        session.execute(
            update(Sample)
            .where(Sample.batch_id == batch.batch_id, Sample.plan_index % 2 == 1)
            .values(verdict="rejected")
        )
    monkeypatch.setattr(analysing, "embed_missing", None)
    before = load_insight(any_workspace, batch.batch_id)
    refresh_outcomes(any_workspace, Scope("batch", batch.batch_id))
    after = load_insight(any_workspace, batch.batch_id)
    rejected = gender(any_workspace, batch)["rejected"]
    assert means(rejected) == {"woman": 0.0, "man": 1.0}
    assert differing(rejected)
    assert (after.metrics, after.bias.words) == (before.metrics, before.bias.words)


def test_associations_are_those_of_the_project_s_lists(
    any_workspace: Workspace, batch: Batch
) -> None:
    retire_list(any_workspace, word_lists()[0].name)
    own = put_list(any_workspace, read_published(SEAT, "sent-drinks.jsonl"))
    compute_insight(any_workspace, batch.batch_id)
    view = load_insight(any_workspace, batch.batch_id)
    names = {one.name for one in word_lists()[1:]} | {own.name}
    assert {one.word_list for one in view.bias.words} == names
    assert {one.word_list for one in view.bias.groups} == names


def test_columns_of_an_import_are_groups(workspace: Workspace) -> None:
    version = make_template(workspace, name="imported", variables=[], user="Go.")
    batch = make_batch(workspace, version, n=40, kind="import", origin={"operation": "import"})
    rows = [
        {"variables": {"row": {"dialect": "north" if i % 3 else "south", "note": f"n {i}"}}}
        for i in range(40)
    ]
    make_samples(workspace, batch, 40, rows=rows)
    material = read_material(workspace, Scope("batch", batch.batch_id))
    assert [spec.variable for spec in material.specs] == ["row.dialect"]
    assert set(material.outcomes) >= {"length", "refusal"}
