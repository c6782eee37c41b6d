"""What a batch was launched with."""

from app import cache
from app.widgets.batches.focus import focus_text
from app.widgets.batches.launch import MODES
from app.widgets.formats import ago, plural, words
from app.widgets.layout import facts, section
from core.db.tables import Batch
from core.insight.coverage.fills import FILL_GAP
from core.templates.planning.focus import read_focus
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
    if batch.focus:
        values = {"Aimed at": focus_text(read_focus(batch.focus)), **values}
    if purpose := _purpose(batch):
        values = {"Purpose": purpose, **values}
    if batch.mode == "batch_api":
        del values["Failover"], values["Calls in flight"]
    facts(values)


def _purpose(batch: Batch) -> str:
    """What the program launched it for; "" where a person launched a template."""
    origin = batch.origin
    operation = words(str(origin.get("operation", "")))
    if batch.kind == "augmentation":
        return f"{operation} of {plural(len(batch.inputs['parent']['sample_ids']), 'sample')}"
    if origin.get("operation") == FILL_GAP:
        labels = [gap["label"] for gap in origin["gaps"]]
        more = f" and {len(labels) - 1} more" if len(labels) > 1 else ""
        return f"Fills a gap of {cache.name_of(origin['scope_id'])}: {labels[0]}{more}"
    if batch.kind != "expansion":
        return ""
    version = get_version(cache.workspace(), origin["template_version_id"])
    subject = f"{cache.template_title(version.template_id)}, {version_name(version)}"
    parts = [origin.get(name, "") for name in ("variable", "parent_value", "step", "direction")]
    return ": ".join(filter(None, (operation, ", ".join(filter(None, parts)), subject)))


def _failover(batch: Batch) -> str:
    if batch.failover_connection is None:
        return "none"
    return f"{batch.failover_model or 'default model'} on {batch.failover_connection}"
