"""Semantic versions of datasets: what each number promises, and which comes next.

- major: the records' fields changed, or rows left: code or comparisons made on the previous version
  may break.
- minor: rows came, or texts were corrected; everything that was there is still there.
- patch: the same query again, for verdicts and corrections made since.

The number is chosen before the rows are known, so the rule reads the queries and the templates;
what really changed stands in the changelog.
"""

from collections.abc import Collection
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.datasets.query import DatasetQuery
from core.db.tables import Batch, TemplateVersion

Bump = Literal["auto", "major", "minor", "patch"]
FIRST = "1.0.0"
FAILED_MARK = "-failed."


def parse_version(version: str) -> tuple[int, int, int]:
    """(1, 2, 0) of "1.2.0"."""
    major, minor, patch = version.split(".")
    return int(major), int(minor), int(patch)


def next_version(versions: Collection[str], bump: Literal["major", "minor", "patch"]) -> str:
    """The number after the highest of those; 1.0.0 after none."""
    if not versions:
        return FIRST
    major, minor, patch = max(parse_version(version) for version in versions)
    if bump == "major":
        return f"{major + 1}.0.0"
    return f"{major}.{minor + 1}.0" if bump == "minor" else f"{major}.{minor}.{patch + 1}"


def suggest_bump(
    session: Session, before: DatasetQuery, after: DatasetQuery
) -> Literal["major", "minor", "patch"]:
    """The step that the module's rule asks for between two queries."""
    if after == before:
        return "patch"
    lost = set(before.batch_ids) - set(after.batch_ids)
    stricter = (after.min_score or 0) > (before.min_score or 0) or bool(
        set(before.verdicts) - set(after.verdicts)
    )
    if lost or stricter:
        return "major"
    fields = _output_fields(session, before)
    return "major" if fields != _output_fields(session, after) else "minor"


def _output_fields(session: Session, query: DatasetQuery) -> set[str]:
    definitions = session.scalars(
        select(TemplateVersion.definition).where(
            TemplateVersion.template_version_id.in_(
                select(Batch.template_version_id).where(Batch.batch_id.in_(query.batch_ids))
            )
        )
    )
    return {
        name
        for definition in definitions
        for name in definition.get("output", {}).get("properties", {})
    }
