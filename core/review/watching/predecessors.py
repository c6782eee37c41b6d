"""A batch beside the batches of its template before it: what is compared, and how alike they are.

Defects are counted under the batch's own thresholds on both sides, so that a moved threshold is no
decline. Diversity is measured on draws of equal size from each batch. Reads only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from core.db.tables import Batch, Comparison, InsightReport, Sample, TemplateVersion
from core.db.workspace import Workspace
from core.generation.batches import KEPT_KINDS
from core.insight.diversity.measures import distinct_n, mean_pairwise_similarity, vendi_score
from core.quality.check import Check
from core.quality.registry import CHECKS
from core.quality.thresholds.deciding import ratings
from core.quality.thresholds.readings import Readings, load_readings
from core.review.watching.declines import Decline, Tally, draws, fallen_figures, risen_rates
from core.templates.definition import CheckSettings
from core.text.embedding.embeddings import EmbeddingStore
from core.text.hashing import text_hash

EARLIER: Final = 5  # newest batches of the template that a batch is compared with
FAILED: Final = "failed"  # the measure of samples without an answer
ALWAYS_COMPUTED: Final = ("exact_duplicate", "near_duplicate")  # with every batch since the first
DIVERSITY: Final = {"vendi_score": "higher", "mean_similarity": "lower", "distinct_2": "higher"}
TEXTS_PER_STATEMENT: Final = 500  # databases bound the number of values in one statement


@dataclass(frozen=True)
class Side:
    """One batch of a comparison."""

    batch_id: str
    readings: Readings
    examined: int  # version of the dear checks that looked at every sample
    stage: str  # of its insight report


def earlier_batches(session: Session, batch: Batch, template_id: str) -> list[str]:
    """The newest completed batches of the template before this one, its A/B twins aside."""
    pair = (Comparison.a_batch_id, Comparison.b_batch_id)
    twins = [select(other).where(own == batch.batch_id) for own, other in (pair, pair[::-1])]
    is_earlier = or_(
        Batch.created_at < batch.created_at,
        and_(Batch.created_at == batch.created_at, Batch.batch_id < batch.batch_id),
    )
    return list(
        session.scalars(
            select(Batch.batch_id)
            .join(TemplateVersion, TemplateVersion.template_version_id == Batch.template_version_id)
            .where(
                TemplateVersion.template_id == template_id, Batch.kind.in_(KEPT_KINDS),
                Batch.project_id == batch.project_id, Batch.state == "completed",
                Batch.generated > 0, is_earlier,
                *(Batch.batch_id.not_in(twin) for twin in twins),
            )
            .order_by(Batch.created_at.desc(), Batch.batch_id.desc())
            .limit(EARLIER)
        )
    )  # fmt: skip


def read_side(workspace: Workspace, batch_id: str) -> Side:
    """A batch's findings, and which checks looked at it. Raises NotFound."""
    readings = load_readings(workspace, batch_id)
    with workspace.read() as session:
        examined = session.scalar(
            select(func.min(Sample.examined)).where(
                Sample.batch_id == batch_id, Sample.state == "generated"
            )
        )
        report = session.get(InsightReport, batch_id)
    return Side(batch_id, readings, examined or 0, "" if report is None else report.stage)


def risen_defects(sides: Sequence[Side]) -> list[Decline]:
    """Checks that find more in the first batch than in the others together."""
    now, settings = sides[0], sides[0].readings.settings
    names = [FAILED, *(name for name in CHECKS if name != "rules")]
    mine = {name: _tally(now, name, settings) for name in names}
    theirs = {
        name: _summed(
            [_tally(s, name, settings) for s in sides[1:] if _is_comparable(now, s, name)]
        )
        for name in names
    }
    return risen_rates(mine, theirs)


def _is_comparable(now: Side, then: Side, name: str) -> bool:
    """Whether a check looked at both batches alike: one that came later found nothing before."""
    check = CHECKS.get(name)
    if check is None or check.stage == "inline" or name in ALWAYS_COMPUTED:
        return True
    if check.clean is None:
        return True  # only samples with a finding count
    if check.stage == "dear":
        return now.examined == then.examined > 0
    return now.stage == then.stage == "complete"


def _tally(side: Side, name: str, settings: CheckSettings) -> Tally:
    readings = side.readings
    failed = sum(readings.failed.values())
    if name == FAILED:
        return Tally(failed, len(readings) + failed)
    found = next((check for check in readings.checks if check.name == name), None)
    if found is None:
        return Tally(0, 0 if _speaks_always(CHECKS.get(name)) else len(readings))
    below = int((ratings(found, settings) < 1)[found.which].sum())
    return Tally(below, len(found.places) if _speaks_always(found.check) else len(readings))


def _speaks_always(check: Check | None) -> bool:
    return check is not None and check.clean is None


def _summed(tallies: Sequence[Tally]) -> Tally:
    return Tally(sum(t.found for t in tallies), sum(t.asked for t in tallies))


def fallen_diversity(workspace: Workspace, sides: Sequence[Side], size: int) -> list[Decline]:
    """Diversity figures that are worse in the first batch, on draws of `size` texts from each.

    Figures of meaning are left out where a drawn text has no embedding.
    """
    store = EmbeddingStore(workspace.folder("embeddings"), workspace.settings.embedding_model)
    series = [_figures(store, _drawn(workspace, side, size)) for side in sides]
    known = {name: series[0][name] for name in DIVERSITY if all(name in one for one in series)}
    before = {name: [value for one in series[1:] for value in one[name]] for name in known}
    return fallen_figures(known, before, DIVERSITY)


def _drawn(workspace: Workspace, side: Side, size: int) -> list[list[str]]:
    parts = draws(len(side.readings), size, seed=0)
    texts = _texts(workspace, side, np.concatenate(parts).tolist())
    return [[texts[place] for place in part.tolist()] for part in parts]


def _figures(store: EmbeddingStore, parts: Sequence[Sequence[str]]) -> dict[str, list[float]]:
    """One value a draw, by metric; the draws are never empty, so every figure exists."""
    series: dict[str, list[float | None]] = {"distinct_2": [distinct_n(p, 2) for p in parts]}
    hashes = [[text_hash(text) for text in part] for part in parts]
    if not store.missing([key for part in hashes for key in part]):
        vectors = [store.load(part) for part in hashes]
        series["vendi_score"] = [vendi_score(part) for part in vectors]
        series["mean_similarity"] = [mean_pairwise_similarity(part) for part in vectors]
    return {
        name: [value for value in values if value is not None] for name, values in series.items()
    }


def _texts(workspace: Workspace, side: Side, places: Sequence[int]) -> dict[int, str]:
    """What is embedded of the samples at these places, by place."""
    place_of = {int(side.readings.plan_indexes[place]): place for place in places}
    indexes = sorted(place_of)
    texts: dict[int, str] = {}
    with workspace.read() as session:
        for top in range(0, len(indexes), TEXTS_PER_STATEMENT):
            rows = session.execute(
                select(Sample.plan_index, Sample.input, Sample.response).where(
                    Sample.batch_id == side.batch_id,
                    Sample.plan_index.in_(indexes[top : top + TEXTS_PER_STATEMENT]),
                )
            )
            for index, asked, answer in rows:
                texts[place_of[index]] = f"{asked}\n{answer}" if asked else answer
    return texts
