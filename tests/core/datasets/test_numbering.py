"""Version numbers."""

import pytest
from factories import make_batch, make_template

from core.datasets.numbering import next_version, suggest_bump
from core.datasets.query import DatasetQuery
from core.db.workspace import Workspace


@pytest.mark.parametrize(
    ("versions", "bump", "expected"),
    [
        ([], "minor", "1.0.0"),
        (["1.0.0"], "minor", "1.1.0"),
        (["1.0.0", "1.9.3", "1.10.0"], "patch", "1.10.1"),
        (["1.9.0", "1.10.0"], "major", "2.0.0"),
    ],
    ids=str,
)
def test_the_next_number_follows_the_highest(versions: list[str], bump: str, expected: str) -> None:
    assert next_version(versions, bump) == expected  # type: ignore[arg-type]


def test_the_rule_of_steps(workspace: Workspace) -> None:
    one, two = make_batch(workspace).batch_id, make_batch(workspace).batch_id
    fields = {"type": "object", "properties": {"panel": {"type": "string"}}}
    comic = make_batch(workspace, make_template(workspace, "comic", output=fields)).batch_id
    base = DatasetQuery(batch_ids=(one,))

    def step(**changes: object) -> str:
        with workspace.read() as session:
            return suggest_bump(session, base, base.model_copy(update=changes))

    assert step() == "patch"
    assert step(batch_ids=(one, two)) == "minor"
    assert step(batch_ids=(two,)) == "major"
    assert step(min_score=0.9) == "major"
    assert step(verdicts=("rejected",)) == "major"
    assert step(verdicts=("accepted", "needs_review")) == "minor"
    assert step(batch_ids=(one, comic)) == "major"
