"""Taking over a table as samples: the template that stands for it, the batch and its job."""

from typing import Any

from core.db.tables import DEFAULT_PROJECT_ID, LOCAL_ADMIN_ID, Batch
from core.db.workspace import Workspace
from core.errors import InvalidInput
from core.generation.batches import MAX_SAMPLES, LaunchRequest
from core.generation.imports import (
    ColumnMapping,
    ImportRows,
    check_mapping,
    import_definition,
    suggest_mapping,
)
from core.jobs.launching import launch_batch
from core.sources.browsing import get_source
from core.templates.versions import save_template

IMPORTED = "imported"  # stands where a model's name stands


def launch_import(
    workspace: Workspace,
    source_id: str,
    mapping: ColumnMapping | None = None,
    *,
    domain: str = "imported",
    name: str = "",
    idempotency_key: str | None = None,
    project_id: str = DEFAULT_PROJECT_ID,
    created_by: str = LOCAL_ADMIN_ID,
) -> Batch:
    """A queued batch of kind `import`, one sample for each row; None maps by the columns' names.

    Raises NotFound, InvalidInput for a mapping that does not fit the table.
    """
    source = get_source(workspace, source_id)
    mapping = mapping or suggest_mapping(source.columns)
    check_mapping(source, mapping)
    if not 1 <= source.chunk_count <= MAX_SAMPLES:
        raise InvalidInput(
            f"{source.name!r} has {source.chunk_count:,} rows.",
            remedy=f"Import 1 to {MAX_SAMPLES:,}.",
        )
    version = save_template(
        workspace,
        import_definition(source, mapping, domain),
        f"Columns of {source.name} mapped.",
        created_by=created_by,
        project_id=project_id,
        kind="import",
        is_trusted=True,
    )
    request = LaunchRequest(
        version.template_version_id,
        source.chunk_count,
        connection="offline",
        model=IMPORTED,
        seed=0,
        kind="import",
        name=name or f"Import of {source.name}",
        source_ids=(source_id,),
        origin=origin_of(mapping),
        idempotency_key=idempotency_key,
        project_id=project_id,
        created_by=created_by,
    )
    return launch_batch(workspace, request)


def origin_of(mapping: ColumnMapping) -> dict[str, Any]:
    """The mapping as the batch keeps it."""
    return {
        "operation": "import", "input": list(mapping.input), "response": list(mapping.response),
        "variables": list(mapping.variables),
    }  # fmt: skip


def import_rows(workspace: Workspace, batch: Batch) -> ImportRows:
    """What makes the samples of such a batch."""
    columns = {part: tuple(batch.origin[part]) for part in ("input", "response", "variables")}
    return ImportRows(workspace, batch.source_ids[0], ColumnMapping(**columns))
