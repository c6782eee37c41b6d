"""Samples by group: where fewest were decided, a person looks next. Reads only."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from core.db.tables import Sample
from core.generation.samples import SampleFilter, sample_conditions
from core.quality.report import category_names
from core.review.picking.orders import shuffled

MOST_CATEGORIES: Final = 3  # variables that groups are made of

Stratum = tuple[Any, ...]


def from_each(
    session: Session,
    filter: SampleFilter,
    waiting: Sequence[ColumnElement[bool]],
    *,
    limit: int,
) -> list[str]:
    """Ids of the next waiting samples, each from the group with the fewest decided ones; of two
    such the larger one. Fewer than `limit` where no more wait.

    A group is a batch, a domain and a language; for chosen batches also the values of the first
    categories of their templates.
    """
    names = category_names(session, list(filter.batch_ids)) if filter.batch_ids else []
    keys = [Sample.batch_id, Sample.domain, Sample.language]
    keys += [Sample.variables[name].as_string() for name in names[:MOST_CATEGORIES]]
    turns = _turns(session, filter, waiting, keys, limit)
    queues = {
        stratum: _first(session, waiting, keys, stratum, number)
        for stratum, number in Counter(turns).items()
    }
    return [queues[stratum].pop(0) for stratum in turns if queues[stratum]]


def _turns(
    session: Session,
    filter: SampleFilter,
    waiting: Sequence[ColumnElement[bool]],
    keys: Sequence[Any],
    limit: int,
) -> list[Stratum]:
    """The groups in the order in which they give a sample."""
    everything = replace(filter, verdict=None, is_reviewed=None, min_score=None, search="")
    seen = (
        select(
            *(key.label(f"key_{place}") for place, key in enumerate(keys)),
            case((and_(*waiting), 1), else_=0).label("waits"),
            case((Sample.is_reviewed.is_(True), 1), else_=0).label("decided"),
        )
        .where(*sample_conditions(everything))
        .subquery()
    )
    columns = [seen.c[f"key_{place}"] for place in range(len(keys))]
    rows = session.execute(
        select(*columns, func.sum(seen.c.waits), func.sum(seen.c.decided)).group_by(*columns)
    ).all()
    left = {tuple(row[:-2]): int(row[-2]) for row in rows if row[-2]}
    decided = {tuple(row[:-2]): int(row[-1]) for row in rows}
    turns: list[Stratum] = []
    while left and len(turns) < limit:
        stratum = min(left, key=lambda key: (decided[key], -left[key], str(key)))
        turns.append(stratum)
        decided[stratum] += 1
        left[stratum] -= 1
        if not left[stratum]:
            del left[stratum]
    return turns


def _first(
    session: Session,
    waiting: Sequence[ColumnElement[bool]],
    keys: Sequence[Any],
    stratum: Stratum,
    number: int,
) -> list[str]:
    same = [key.is_not_distinct_from(value) for key, value in zip(keys, stratum, strict=True)]
    return list(
        session.scalars(
            select(Sample.sample_id)
            .where(*waiting, *same)
            .order_by(shuffled(), Sample.sample_id)
            .limit(number)
        )
    )
