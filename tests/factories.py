"""Rows for tests: a template, a batch and its samples, written straight into the tables."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.db.ids import new_id, sample_id_of
from core.db.tables import Batch, Finding, Sample, Template, TemplateVersion
from core.db.workspace import Workspace
from core.text.hashing import canonical_hash, pair_hash

TOPICS = ("cards", "loans", "savings", "transfers")

DEFINITION: dict[str, Any] = {
    "name": "bank-answers",
    "title": "Bank answers",
    "domain": "banking",
    "description": "A customer's question and an expert's answer.",
    "system": "You are a bank's expert.",
    "user": "Write a customer's question about {{ topic }} and answer it.",
    "variables": [
        {"name": "topic", "sampler": {"kind": "category", "values": list(TOPICS)}},
    ],
    "output": {
        "type": "object",
        "properties": {"question": {"type": "string"}, "answer": {"type": "string"}},
        "required": ["question", "answer"],
        "additionalProperties": False,
    },
    "mapping": {"input": "{{ output.question }}", "response": "{{ output.answer }}"},
}


def make_template(
    workspace: Workspace, name: str = "bank-answers", **changes: Any
) -> TemplateVersion:
    """A template with one version (or the next version of a template that exists)."""
    definition = {**DEFINITION, "name": name, **changes}
    with workspace.write() as session:
        template = session.query(Template).filter_by(name=name).one_or_none()
        if template is None:
            template = Template(
                template_id=new_id("tpl"),
                name=name,
                title=definition["title"],
                domain=definition["domain"],
                description=definition["description"],
            )
            session.add(template)
            session.flush()
        number = session.query(TemplateVersion).filter_by(template_id=template.template_id).count()
        version = TemplateVersion(
            template_version_id=new_id("tpv"),
            template_id=template.template_id,
            number=number + 1,
            content_hash=canonical_hash(definition),
            definition=definition,
        )
        session.add(version)
    return version


def make_batch(
    workspace: Workspace, version: TemplateVersion | None = None, **columns: Any
) -> Batch:
    """A completed batch of 10 on the offline provider; `columns` override any column."""
    version = version or make_template(workspace)
    values: dict[str, Any] = {
        "batch_id": new_id("bat"),
        "template_version_id": version.template_version_id,
        "name": "Test batch",
        "state": "completed",
        "n": 10,
        "seed": 7,
        "connection": "offline",
        "model": "offline-small",
        "fingerprint": "0" * 64,
    }
    batch = Batch(**{**values, **columns})
    with workspace.write() as session:
        session.add(batch)
    return batch


def sample_row(batch: Batch, index: int, **columns: Any) -> Sample:
    """One accepted, generated sample, not yet stored. Texts differ from index to index."""
    topic = TOPICS[index % len(TOPICS)]
    question = columns.get("input", f"How do I change my {topic} settings, case number {index}?")
    answer = columns.get(
        "response",
        f"Open {topic} in the app, choose option {index} and confirm with code {index * 37}.",
    )
    values: dict[str, Any] = {
        "sample_id": sample_id_of(batch.batch_id, index),
        "batch_id": batch.batch_id,
        "plan_index": index,
        "state": "generated",
        "verdict": "accepted",
        "is_reviewed": False,
        "quality_score": 1.0,
        "domain": "banking",
        "variables": {"topic": topic},
        "output": {"question": question, "answer": answer},
        "input": question,
        "response": answer,
        "text_hash": pair_hash(question, answer),
    }
    return Sample(**{**values, **columns})


def failed_row(batch: Batch, index: int, **columns: Any) -> Sample:
    """A sample whose answer never fitted the schema: raw text only."""
    values: dict[str, Any] = {
        "state": "failed",
        "verdict": "rejected",
        "quality_score": None,
        "output": None,
        "input": "",
        "response": "",
        "text_hash": "",
        "raw_text": '{"question": "What is',
        "failure": "garbage: the answer is not JSON",
    }
    return sample_row(batch, index, **{**values, **columns})


def make_samples(
    workspace: Workspace,
    batch: Batch,
    n: int | None = None,
    *,
    rows: Sequence[Mapping[str, Any]] = (),
    start: int = 0,
    **columns: Any,
) -> list[Sample]:
    """n stored samples (without n as many as `rows`, or 10); `columns` apply to all of them,
    `rows[i]` to the i-th.
    """
    count = (len(rows) or 10) if n is None else max(n, len(rows))
    samples = [
        sample_row(batch, start + i, **{**columns, **(rows[i] if i < len(rows) else {})})
        for i in range(count)
    ]
    with workspace.write() as session:
        session.add_all(samples)
    return samples


def make_finding(
    workspace: Workspace, sample: Sample, check: str, value: float = 1.0, **columns: Any
) -> Finding:
    """A stored finding with score 0, unless `score` says otherwise."""
    values: dict[str, Any] = {"score": 0.0, "evidence": {}}
    finding = Finding(sample_id=sample.sample_id, check=check, value=value, **{**values, **columns})
    with workspace.write() as session:
        session.add(finding)
    return finding
