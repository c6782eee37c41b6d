"""Queries that people kept, each under a name of its own in the project."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import delete, select

from core.db.ids import new_id
from core.db.tables import DEFAULT_PROJECT_ID, LOCAL_ADMIN_ID, SavedQuery
from core.db.workspace import Workspace
from core.errors import InvalidInput, NotFound
from core.querying.statement import MAX_SQL_CHARS

MAX_NAME_CHARS = 100


class ChartSettings(BaseModel):
    """How the answer is drawn. A name that the answer lacks draws nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["none", "bar", "line", "scatter"] = "none"
    x: str = Field("", max_length=200, description="Column along the horizontal axis.")
    y: str = Field("", max_length=200, description="Column of numbers.")
    colour: str = Field("", max_length=200, description="Column that tells series apart, or none.")


def list_queries(workspace: Workspace, *, project_id: str = DEFAULT_PROJECT_ID) -> list[SavedQuery]:
    """The project's saved queries by name."""
    statement = select(SavedQuery).where(SavedQuery.project_id == project_id)
    with workspace.read() as session:
        return list(session.scalars(statement.order_by(SavedQuery.name)))


def get_query(
    workspace: Workspace, name_or_id: str, *, project_id: str = DEFAULT_PROJECT_ID
) -> SavedQuery:
    """The saved query of that name or id. Raises NotFound."""
    for query in list_queries(workspace, project_id=project_id):
        if name_or_id in (query.query_id, query.name):
            return query
    raise NotFound("saved query", name_or_id)


def save_query(
    workspace: Workspace,
    name: str,
    sql: str,
    chart: ChartSettings | None = None,
    *,
    project_id: str = DEFAULT_PROJECT_ID,
    created_by: str = LOCAL_ADMIN_ID,
) -> SavedQuery:
    """Keep a query under a name; one of that name is replaced. Raises InvalidInput.

    The SQL is not judged here: it is judged whenever it runs.
    """
    name = name.strip()
    if not 0 < len(name) <= MAX_NAME_CHARS:
        raise InvalidInput(
            f"A query's name has 1 to {MAX_NAME_CHARS} characters.", remedy="Give it a short name."
        )
    if not 0 < len(sql.strip()) <= MAX_SQL_CHARS:
        raise InvalidInput("There is no query to save.", remedy="Write one first.")
    with workspace.write() as session:
        query = session.scalar(
            select(SavedQuery).where(SavedQuery.project_id == project_id, SavedQuery.name == name)
        )
        if query is None:
            query = SavedQuery(
                query_id=new_id("qry"), name=name, project_id=project_id, created_by=created_by
            )
            session.add(query)
        query.sql = sql
        query.chart = (chart or ChartSettings()).model_dump()
    return query


def delete_query(
    workspace: Workspace, query_id: str, *, project_id: str = DEFAULT_PROJECT_ID
) -> None:
    """Forget a saved query. Raises NotFound."""
    with workspace.write() as session:
        gone = session.execute(
            delete(SavedQuery).where(
                SavedQuery.query_id == query_id, SavedQuery.project_id == project_id
            )
        )
        if not gone.rowcount:  # type: ignore[attr-defined]
            raise NotFound("saved query", query_id)


def chart_of(stored: dict[str, Any]) -> ChartSettings:
    """A stored chart's settings; none where they no longer fit."""
    try:
        return ChartSettings.model_validate(stored)
    except ValidationError:
        return ChartSettings()
