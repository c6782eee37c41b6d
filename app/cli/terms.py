"""`seedbed sources extract` and `seedbed sources terms`."""

from decimal import Decimal
from typing import Annotated

import typer

from app.cli.opening import opened
from app.cli.output import AsJson, Limit, note, print_record, print_rows, progress_bar
from core.jobs.extracting import extract_here
from core.jobs.extracting_with_model import ModelExtraction, launch_extraction
from core.sources.browsing import get_source
from core.sources.terms.extracted import get_extraction, list_relations, list_terms

SourceId = Annotated[str, typer.Argument(help="Id of the source.")]


def extract(
    source_id: SourceId,
    connection: Annotated[
        str | None, typer.Option(help="Ask a model of this connection: a small batch.")
    ] = None,
    model: Annotated[str, typer.Option(help="The model; else the connection's default.")] = "",
    chunks: Annotated[int, typer.Option(min=1, help="Chunks a model reads at most.")] = 200,
    budget: Annotated[float | None, typer.Option(help="Cap of that batch, in US dollars.")] = None,
    as_json: AsJson = False,
) -> None:
    """Extract a source's key terms, entities and relations, in this process or with a model."""
    if connection is not None:
        cap = None if budget is None else Decimal(str(budget))
        with opened() as workspace:
            batch = launch_extraction(
                workspace, ModelExtraction(source_id, connection, chunks, model, cap)
            )
        print_record(batch, as_json)
        return
    with opened() as workspace, progress_bar() as bar:
        task = bar.add_task("Reading", total=None)
        found = extract_here(
            workspace, source_id, lambda done, total: bar.update(task, completed=done, total=total)
        )
    print_record(found, as_json, leave_out=["batch_id", "created_at", "created_by", "project_id"])


def terms(
    source_id: SourceId,
    kind: Annotated[str | None, typer.Option(help="Only of this kind: term, person …")] = None,
    relations: Annotated[bool, typer.Option(help="Relations instead of terms.")] = False,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List a source's extracted terms, the most outstanding first."""
    with opened() as workspace:
        get_source(workspace, source_id)
        if relations:
            found = list_relations(workspace, source_id, limit=limit)
            print_rows(found, ["subject", "predicate", "object", "weight", "count"], as_json)
            return
        rows = list_terms(workspace, source_id, kind=kind, limit=limit)
        is_extracted = get_extraction(workspace, source_id) is not None
    print_rows(rows, ["kind", "text", "score", "mention_count", "chunk_count"], as_json)
    if not is_extracted:
        note(f"Extract them with `seedbed sources extract {source_id}`.")
