"""What the launch form starts from: nothing, or a batch that is launched again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app import cache
from app.widgets.formats import ago, plural
from core.db.tables import Batch
from core.generation.batches import get_batch
from core.generation.browsing import list_batches
from core.templates.planning.focus import EVERYTHING, Focus, read_focus
from core.templates.versions import get_template, get_version

MOST_SEEDS = 20
NEW_SEED = "new"
OWN_SEED = "own"


@dataclass(frozen=True)
class LaunchStart:
    """Values that the form shows first. `batch_id` keeps one start's widgets from another's."""

    batch_id: str = ""
    template_name: str | None = None
    connection: str | None = None
    model: str = ""
    n: int = 100
    source_ids: tuple[str, ...] = ()
    inputs: Mapping[str, Any] = field(default_factory=dict)
    focus: Focus = EVERYTHING
    parameters: Mapping[str, Any] = field(default_factory=dict)
    mode: str = "live"
    failover_connection: str = ""
    failover_model: str = ""
    concurrency: int | None = None
    priority: int = 10

    def key(self, name: str) -> str:
        """The key of one of the form's widgets."""
        return f"batches.{name}.{self.batch_id}" if self.batch_id else f"batches.{name}"


def start_again(batch: Batch) -> LaunchStart:
    """Everything as in that batch, its seed included, with the newest version of its template."""
    version = get_version(cache.workspace(), batch.template_version_id)
    return LaunchStart(
        batch_id=batch.batch_id,
        template_name=get_template(cache.workspace(), version.template_id).name,
        connection=batch.connection,
        model=batch.model,
        n=batch.n,
        source_ids=tuple(batch.source_ids),
        inputs=dict(batch.inputs),
        focus=read_focus(batch.focus),
        parameters=dict(batch.parameters),
        mode=batch.mode,
        failover_connection=batch.failover_connection or "",
        failover_model=batch.failover_model,
        concurrency=batch.concurrency,
        priority=batch.priority,
    )


def seed_choices(template_id: str, start: LaunchStart) -> dict[str, str]:
    """Where a seed may come from, with its label: new, an earlier batch's id, a number of one's
    own. The batch that is launched again stands first of the earlier ones, however old."""
    earlier = list_batches(cache.workspace(), template_id=template_id, limit=MOST_SEEDS)
    if start.batch_id:
        others = [batch for batch in earlier if batch.batch_id != start.batch_id]
        earlier = [get_batch(cache.workspace(), start.batch_id), *others]
    labels = {
        batch.batch_id: f"Seed of {batch.name} ({plural(batch.n, 'sample')}, "
        f"{ago(batch.created_at)})"
        for batch in earlier
    }
    return {NEW_SEED: "New seed", **labels, OWN_SEED: "A number"}
