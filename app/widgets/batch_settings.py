"""What a batch was launched with."""

from app import cache
from app.widgets.formats import ago
from app.widgets.launch import MODES
from app.widgets.layout import facts, section
from core.db.tables import Batch
from core.templates.versions import get_version, version_name


def settings_view(batch: Batch) -> None:
    """The launch's fields, the fingerprint among them."""
    section("Settings")
    version = get_version(cache.workspace(), batch.template_version_id)
    title = cache.template_title(version.template_id)
    values = {
        "Template": f"{title}, {version_name(version)}",
        "Model": f"{batch.model} on {batch.connection}",
        "Mode": MODES[batch.mode],
        "Failover": _failover(batch),
        "Seed": str(batch.seed),
        "Priority": str(batch.priority),
        "Calls in flight": str(batch.concurrency or "adapts by itself"),
        "Fingerprint": batch.fingerprint[:16],
        "Created": ago(batch.created_at),
        "Batch id": batch.batch_id,
    }
    if batch.mode == "batch_api":
        del values["Failover"], values["Calls in flight"]
    facts(values)


def _failover(batch: Batch) -> str:
    if batch.failover_connection is None:
        return "none"
    return f"{batch.failover_model or 'default model'} on {batch.failover_connection}"
